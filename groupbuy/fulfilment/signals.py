"""Facts that fulfilment announces."""

from groupbuy.kernel.signals import fact

goods_missing = fact(
    "fulfilment.goods_missing",
    "sender: Shipment; shortages: list[Shortage], as recorded now; now: datetime.",
)
parcel_unclaimed = fact(
    "fulfilment.parcel_unclaimed",
    "sender: UnclaimedParcel, whose `reminders` counts how often this was said; now: datetime. "
    "The shopper is to be reminded.",
)
