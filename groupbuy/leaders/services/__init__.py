"""What can be done with leaders."""

from groupbuy.leaders.services.people import (
    apply,
    approve,
    reinstate,
    reject,
    set_level,
    set_region,
    suspend,
    withdraw,
)
from groupbuy.leaders.services.places import (
    add_community,
    add_verifier,
    edit_community,
    edit_point,
    open_pickup_point,
    remove_verifier,
)

__all__ = [
    "add_community",
    "add_verifier",
    "apply",
    "approve",
    "edit_community",
    "edit_point",
    "open_pickup_point",
    "reinstate",
    "reject",
    "remove_verifier",
    "set_level",
    "set_region",
    "suspend",
    "withdraw",
]
