"""What happens to parcels by the clock."""

from datetime import timedelta

from groupbuy.fulfilment import queries, services
from groupbuy.kernel import clock
from groupbuy.kernel.jobs import every, one_by_one
from groupbuy.kernel.settings import settings


@every("*/10 * * * *", "fulfilment.remind_unclaimed")
def remind_unclaimed() -> None:
    """Remind the shoppers of parcels that were not fetched in time, each in its transaction."""
    now = clock.now()
    after = timedelta(days=settings().unclaimed_after_days)
    grace = timedelta(hours=settings().unclaimed_grace_hours)
    one_by_one(
        queries.parcel_ids_due(after=after, now=now),
        lambda parcel_id: services.remind(parcel_id=parcel_id, after=after, grace=grace, now=now),
    )


@every("*/10 * * * *", "fulfilment.advance_unclaimed")
def advance_unclaimed() -> None:
    """Keep, refund, list or end unclaimed parcels, each in its transaction."""
    now = clock.now()
    one_by_one(
        queries.unclaimed_ids_due(now=now),
        lambda unclaimed_id: services.advance(unclaimed_id=unclaimed_id, now=now),
    )


@every("*/10 * * * *", "fulfilment.put_back_refunded")
def put_back_refunded() -> None:
    """End the orders that wait to be fetched although all their money went back."""
    now = clock.now()
    one_by_one(
        queries.parcel_ids_refunded(),
        lambda parcel_id: services.put_back(parcel_id=parcel_id, now=now),
    )
