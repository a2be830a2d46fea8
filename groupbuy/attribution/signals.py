"""Facts of attribution."""

from groupbuy.kernel.signals import fact

order_reassigned = fact(
    "attribution.order_reassigned",
    "Staff gave a paid order to another leader, or to the house. Sender: the new "
    "AttributionDecision; previous: the AttributionDecision before it; now: datetime. Announced "
    "by whoever keeps the order, once it shows the new leader.",
)
