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
from groupbuy.leaders.services.qualifications import (
    demand_for_level,
    drop_level_rule,
    end_achievements,
    offer_qualification,
    record_achievement,
)

__all__ = [
    "add_community",
    "add_verifier",
    "apply",
    "approve",
    "demand_for_level",
    "drop_level_rule",
    "edit_community",
    "edit_point",
    "end_achievements",
    "offer_qualification",
    "open_pickup_point",
    "record_achievement",
    "reinstate",
    "reject",
    "remove_verifier",
    "set_level",
    "set_region",
    "suspend",
    "withdraw",
]
