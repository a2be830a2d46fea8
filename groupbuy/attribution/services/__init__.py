"""Recording touches, keeping locks, deciding orders, and the policies behind it all."""

from groupbuy.attribution.services.deciding import OrderFacts, as_seen_by, decide, reassign
from groupbuy.attribution.services.policies import (
    create_policy,
    discard_policy,
    edit_policy,
    publish_policy,
)
from groupbuy.attribution.services.touches import close_lock, record_touch, renew_lock

__all__ = [
    "OrderFacts",
    "as_seen_by",
    "close_lock",
    "create_policy",
    "decide",
    "discard_policy",
    "edit_policy",
    "publish_policy",
    "reassign",
    "record_touch",
    "renew_lock",
]
