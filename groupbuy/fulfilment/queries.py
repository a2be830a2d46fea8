"""Reads of fulfilment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.fulfilment.models import Parcel, Redemption, Shipment
from groupbuy.fulfilment.rules import OPEN_PARCELS, ParcelState
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound


@dataclass(frozen=True)
class ShipmentView:
    """A shipment and how many of its parcels stand where."""

    shipment: Shipment
    parcels: dict[str, int]


def shipment(shipment_id: str) -> Shipment:
    """Return a shipment, or raise NotFound."""
    found = session().get(Shipment, shipment_id)
    if found is None:
        raise NotFound
    return found


def show(shipments: Sequence[Shipment]) -> list[ShipmentView]:
    """Count the parcels of some shipments in one statement."""
    counts: dict[str, Counter[str]] = {found.id: Counter() for found in shipments}
    rows = session().execute(
        select(Parcel.shipment_id, Parcel.state).where(Parcel.shipment_id.in_(list(counts)))
    )
    for shipment_id, state in rows:
        counts[shipment_id][state] += 1
    return [ShipmentView(found, dict(counts[found.id])) for found in shipments]


def shipments(
    *,
    limit: int,
    cursor: str | None,
    pickup_point_id: str | None = None,
    campaign_id: str | None = None,
    state: str | None = None,
) -> Page[ShipmentView]:
    """Return shipments, newest first."""
    query = select(Shipment)
    if pickup_point_id is not None:
        query = query.where(Shipment.pickup_point_id == pickup_point_id)
    if campaign_id is not None:
        query = query.where(Shipment.campaign_id == campaign_id)
    if state is not None:
        query = query.where(Shipment.state == state)
    page = paginate(query, by=[Shipment.id], limit=limit, cursor=cursor, descending=True)
    return Page(show(page.items), page.next_cursor)


def parcels(
    *, shipment_id: str, limit: int, cursor: str | None, state: str | None = None
) -> Page[Parcel]:
    """Return the parcels of a shipment."""
    shipment(shipment_id)
    query = select(Parcel).where(Parcel.shipment_id == shipment_id)
    if state is not None:
        query = query.where(Parcel.state == state)
    return paginate(query, by=[Parcel.id], limit=limit, cursor=cursor)


def open_codes(pickup_point_id: str) -> set[str]:
    """Return the codes that are in use at a pickup point."""
    return set(
        session().scalars(
            select(Parcel.code).where(
                Parcel.pickup_point_id == pickup_point_id, Parcel.state.in_(OPEN_PARCELS)
            )
        )
    )


def waiting_parcel(*, pickup_point_id: str, code: str) -> Parcel | None:
    """Return the parcel that waits under a code."""
    return session().scalar(
        select(Parcel).where(
            Parcel.pickup_point_id == pickup_point_id,
            Parcel.code == code,
            Parcel.state == ParcelState.READY,
        )
    )


def last_handed_over(*, pickup_point_id: str, code: str) -> Redemption | None:
    """Return the newest standing redemption of a code at a pickup point."""
    return session().scalar(
        select(Redemption)
        .join(Parcel, Parcel.id == Redemption.parcel_id)
        .where(
            Parcel.pickup_point_id == pickup_point_id,
            Parcel.code == code,
            Redemption.undone_at.is_(None),
        )
        .order_by(Redemption.id.desc())
        .limit(1)
    )


def redemption(redemption_id: str) -> Redemption:
    """Return a redemption, locked, or raise NotFound."""
    found = session().scalar(
        select(Redemption).where(Redemption.id == redemption_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


INVARIANTS = (
    Invariant(
        "fulfilment.parcel_follows_order",
        "a parcel stands where its order stands",
        "select p.id, p.state parcel, o.state order_state from parcels p "
        "join orders o on o.id = p.order_id where not (case p.state "
        "when 'preparing' then o.state = 'preparing' when 'in_transit' then o.state = 'shipped' "
        "when 'ready' then o.state = 'ready_for_pickup' "
        "when 'handed_over' then o.state in ('picked_up', 'completed') "
        "else o.state = 'cancelled' end)",
    ),
    Invariant(
        "fulfilment.handed_over_once",
        "a handed-over parcel has exactly one standing redemption, any other has none",
        "select p.id, p.state, count(r.id) standing from parcels p left join redemptions r "
        "on r.parcel_id = p.id and r.undone_at is null group by p.id "
        "having count(r.id) <> (case p.state when 'handed_over' then 1 else 0 end)",
    ),
)
