"""Parcels that nobody fetched in time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import case, exists, select

from groupbuy.campaigns.models import Campaign
from groupbuy.fulfilment.models import Parcel, ParcelOrder, UnclaimedMove, UnclaimedParcel
from groupbuy.fulfilment.queries.shipments import orders_of
from groupbuy.fulfilment.rules.parcels import ParcelState
from groupbuy.fulfilment.rules.unclaimed import UnclaimedState
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.orders.models import Order, OrderRefund
from groupbuy.orders.rules import RefundState, RefundStatus


@dataclass(frozen=True)
class UnclaimedView:
    """An unclaimed parcel with its orders and, where one is shown, what was done about it."""

    unclaimed: UnclaimedParcel
    parcel: Parcel
    order_ids: Sequence[str]
    timeline: Sequence[UnclaimedMove] = field(default_factory=list)


def unclaimed(unclaimed_id: str, *, locked: bool = False) -> UnclaimedParcel:
    """Return an unclaimed parcel as it is now, or raise NotFound."""
    query = select(UnclaimedParcel).where(UnclaimedParcel.id == unclaimed_id)
    found = session().scalar(
        query.with_for_update() if locked else query,
        execution_options={"populate_existing": True},
    )
    if found is None:
        raise NotFound
    return found


def unclaimed_of(parcel_id: str, *, locked: bool = False) -> UnclaimedParcel | None:
    """Return what is done about a parcel, if it was not fetched in time."""
    query = select(UnclaimedParcel).where(UnclaimedParcel.parcel_id == parcel_id)
    return session().scalar(
        query.with_for_update() if locked else query,
        execution_options={"populate_existing": True},
    )


def campaign_terms(campaign_id: str | None) -> tuple[datetime | None, str, int] | None:
    """Return until when a campaign's goods are fetched, its rule for others, and the days."""
    if campaign_id is None:
        return None
    found = session().get_one(Campaign, campaign_id)
    return found.pickup_until, found.unclaimed_rule, found.keep_days


def parcel_ids_due(*, after: timedelta, now: datetime) -> list[str]:
    """Return the ready parcels that were not fetched in time and that nobody was reminded of."""
    in_time = Parcel.ready_at < Campaign.pickup_until
    due = case((in_time, Campaign.pickup_until <= now), else_=Parcel.ready_at <= now - after)
    known = exists().where(UnclaimedParcel.parcel_id == Parcel.id)
    return list(
        session().scalars(
            select(Parcel.id)
            .outerjoin(Campaign, Campaign.id == Parcel.campaign_id)
            .where(Parcel.state == ParcelState.READY, due, ~known)
            .order_by(Parcel.id)
        )
    )


def unclaimed_ids_due(*, now: datetime) -> list[str]:
    """Return the unclaimed parcels with which something is due, or whose refund may have ended."""
    due = UnclaimedParcel.next_at <= now
    refunding = UnclaimedParcel.state == UnclaimedState.REFUNDING
    query = select(UnclaimedParcel.id).where(due | refunding).order_by(UnclaimedParcel.id)
    return list(session().scalars(query))


def parcel_ids_refunded() -> list[str]:
    """Return the ready parcels in which there is an order of which everything was refunded."""
    under_way = exists().where(
        OrderRefund.order_id == Order.id, OrderRefund.state == RefundState.REQUESTED
    )
    query = (
        select(Parcel.id)
        .join(ParcelOrder, ParcelOrder.parcel_id == Parcel.id)
        .join(Order, Order.id == ParcelOrder.order_id)
        .where(
            Parcel.state == ParcelState.READY,
            ParcelOrder.removed_at.is_(None),
            Order.refund_status == RefundStatus.FULL,
            ~under_way,
        )
        .distinct()
        .order_by(Parcel.id)
    )
    return list(session().scalars(query))


def unclaimed_list(
    *,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    pickup_point_id: str | None = None,
) -> Page[UnclaimedView]:
    """Return unclaimed parcels, who waited longest first."""
    query = select(UnclaimedParcel)
    if state is not None:
        query = query.where(UnclaimedParcel.state == state)
    if pickup_point_id is not None:
        query = query.where(UnclaimedParcel.pickup_point_id == pickup_point_id)
    page = paginate(query, by=[UnclaimedParcel.id], limit=limit, cursor=cursor)
    return Page(shown_unclaimed(page.items), page.next_cursor)


def shown_unclaimed(rows: Sequence[UnclaimedParcel]) -> list[UnclaimedView]:
    """Return unclaimed parcels with their orders, in two statements."""
    ids = [row.parcel_id for row in rows]
    found = session().scalars(
        select(Parcel).where(Parcel.id.in_(ids)).execution_options(populate_existing=True)
    )
    parcels = {parcel.id: parcel for parcel in found}
    inside = orders_of(ids)
    return [UnclaimedView(row, parcels[row.parcel_id], inside[row.parcel_id]) for row in rows]


def show_unclaimed(unclaimed_id: str) -> UnclaimedView:
    """Return an unclaimed parcel with what was done about it."""
    (view,) = shown_unclaimed([unclaimed(unclaimed_id)])
    timeline = session().scalars(
        select(UnclaimedMove)
        .where(UnclaimedMove.unclaimed_id == unclaimed_id)
        .order_by(UnclaimedMove.id)
    )
    return UnclaimedView(view.unclaimed, view.parcel, view.order_ids, list(timeline))
