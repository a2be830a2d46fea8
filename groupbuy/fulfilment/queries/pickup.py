"""Parcels that wait, who may fetch them, and who did."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, cast, func, or_, select

from groupbuy.catalogue.models import Product
from groupbuy.catalogue.rules import Storage
from groupbuy.fulfilment.models import Parcel, ParcelOrder, PickupProxy, Redemption
from groupbuy.fulfilment.queries.shipments import orders_of
from groupbuy.fulfilment.rules.parcels import ParcelState
from groupbuy.fulfilment.rules.pickup import ProxyState, scannable
from groupbuy.identity.models import Shopper
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.leaders import queries as leaders
from groupbuy.orders import queries as orders
from groupbuy.orders.models import OrderLine


@dataclass(frozen=True)
class RedemptionView:
    """A redemption: the orders handed over, and the name of who fetched them."""

    redemption: Redemption
    order_ids: Sequence[str]
    picked_up_name: str


@dataclass(frozen=True)
class PickupView:
    """An order's parcel as its shopper sees it; `code` and `scannable` once it is ready."""

    parcel: Parcel
    order_ids: Sequence[str]
    code: str | None
    scannable: str | None
    redemption: RedemptionView | None


@dataclass(frozen=True)
class WaitingParcel:
    """A parcel as a verifier sees it, without its code."""

    parcel: Parcel
    shopper: str
    units: int
    cold_chain: bool
    order_ids: Sequence[str] = field(default_factory=list)


def waiting_parcel(*, pickup_point_id: str, code: str) -> tuple[Parcel, PickupProxy | None] | None:
    """Return the parcel that waits under a code, and the proxy if it is a proxy's code."""
    ready = (Parcel.pickup_point_id == pickup_point_id, Parcel.state == ParcelState.READY)
    parcel = session().scalar(select(Parcel).where(*ready, Parcel.code == code))
    if parcel is not None:
        return parcel, None
    row = (
        session()
        .execute(
            select(Parcel, PickupProxy)
            .join(PickupProxy, PickupProxy.parcel_id == Parcel.id)
            .where(*ready, PickupProxy.code == code, PickupProxy.state == ProxyState.OPEN)
        )
        .one_or_none()
    )
    return (row[0], row[1]) if row else None


def last_handed_over(*, pickup_point_id: str, code: str) -> Redemption | None:
    """Return the newest standing redemption of a code at a pickup point."""
    return session().scalar(
        select(Redemption)
        .join(Parcel, Parcel.id == Redemption.parcel_id)
        .outerjoin(PickupProxy, PickupProxy.id == Redemption.proxy_id)
        .where(
            Parcel.pickup_point_id == pickup_point_id,
            or_(Parcel.code == code, PickupProxy.code == code),
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


def shown_redemption(found: Redemption) -> RedemptionView:
    """Return a redemption with the orders and the name of who fetched them."""
    if found.proxy_id is not None:
        name = session().get_one(PickupProxy, found.proxy_id).name
    else:
        name = (
            session()
            .scalars(
                select(Shopper.name)
                .join(Parcel, Parcel.shopper_id == Shopper.id)
                .where(Parcel.id == found.parcel_id)
            )
            .one()
        )
    return RedemptionView(found, orders_of([found.parcel_id])[found.parcel_id], name)


def own_parcel(order_id: str, *, shopper_id: str) -> Parcel:
    """Return the parcel of a shopper's own order.

    Raises:
        NotFound: it is not the shopper's order.
        NotInThisState: it is not packed yet, or no longer.
    """
    order = orders.order(order_id, shopper_id=shopper_id)
    found = session().scalar(
        select(Parcel)
        .join(ParcelOrder, ParcelOrder.parcel_id == Parcel.id)
        .where(ParcelOrder.order_id == order_id, ParcelOrder.removed_at.is_(None)),
        execution_options={"populate_existing": True},
    )
    if found is None:
        raise NotInThisState(state=order.state, action="pick_up")
    return found


def own_pickup(order_id: str, *, shopper_id: str) -> PickupView:
    """Return how the goods of an own order can be fetched, or who did (see `own_parcel`)."""
    parcel = own_parcel(order_id, shopper_id=shopper_id)
    ready = parcel.state == ParcelState.READY
    done = session().scalar(
        select(Redemption).where(Redemption.parcel_id == parcel.id, Redemption.undone_at.is_(None))
    )
    return PickupView(
        parcel=parcel,
        order_ids=orders_of([parcel.id])[parcel.id],
        code=parcel.code if ready else None,
        scannable=scannable(pickup_point_id=parcel.pickup_point_id, code=parcel.code)
        if ready
        else None,
        redemption=shown_redemption(done) if done else None,
    )


def own_scannable(order_id: str, *, shopper_id: str) -> str:
    """Return what the QR code of an own order's parcel says.

    Raises:
        NotFound: it is not the shopper's order.
        NotInThisState: the parcel is not ready.
    """
    parcel = own_parcel(order_id, shopper_id=shopper_id)
    if parcel.state != ParcelState.READY:
        raise NotInThisState(state=parcel.state, action="show_code")
    return scannable(pickup_point_id=parcel.pickup_point_id, code=parcel.code)


def own_proxies(
    order_id: str, *, shopper_id: str, limit: int, cursor: str | None
) -> Page[PickupProxy]:
    """Return who may fetch, or might have fetched, an own order's parcel, newest first."""
    parcel = own_parcel(order_id, shopper_id=shopper_id)
    query = select(PickupProxy).where(PickupProxy.parcel_id == parcel.id)
    return paginate(query, by=[PickupProxy.id], limit=limit, cursor=cursor, descending=True)


def own_proxy(order_id: str, proxy_id: str, *, shopper_id: str) -> PickupProxy:
    """Return a proxy of an own order's parcel, or raise NotFound."""
    parcel = own_parcel(order_id, shopper_id=shopper_id)
    found = session().get(PickupProxy, proxy_id, populate_existing=True)
    if found is None or found.parcel_id != parcel.id:
        raise NotFound
    return found


def proxys_scannable(order_id: str, proxy_id: str, *, shopper_id: str) -> str:
    """Return what the QR code for a proxy says.

    Raises:
        NotFound: it is not the shopper's.
        NotInThisState: it was used or revoked.
    """
    proxy = own_proxy(order_id, proxy_id, shopper_id=shopper_id)
    if proxy.state != ProxyState.OPEN:
        raise NotInThisState(state=proxy.state, action="show_code")
    return scannable(pickup_point_id=proxy.pickup_point_id, code=proxy.code)


def open_proxy(parcel_id: str) -> PickupProxy | None:
    """Return who may fetch a parcel for its shopper, if anybody."""
    return session().scalar(
        select(PickupProxy).where(
            PickupProxy.parcel_id == parcel_id, PickupProxy.state == ProxyState.OPEN
        )
    )


def points_parcels(
    *, pickup_point_id: str, shopper_id: str, state: str, limit: int, cursor: str | None
) -> Page[WaitingParcel]:
    """Return a point's parcels in a state for one of its verifiers, in three statements.

    Raises:
        NotFound: the caller may not hand over there.
    """
    if not leaders.is_verifier(point_id=pickup_point_id, shopper_id=shopper_id):
        raise NotFound
    query = select(Parcel).where(Parcel.pickup_point_id == pickup_point_id, Parcel.state == state)
    page = paginate(query, by=[Parcel.id], limit=limit, cursor=cursor)
    ids = [parcel.id for parcel in page.items]
    known = session().execute(
        select(Shopper.id, Shopper.name).where(
            Shopper.id.in_({parcel.shopper_id for parcel in page.items})
        )
    )
    names = {shopper: name for shopper, name in known}
    contents, inside = _contents(ids), orders_of(ids)
    return Page(
        [
            WaitingParcel(p, names[p.shopper_id], *contents.get(p.id, (0, False)), inside[p.id])
            for p in page.items
        ],
        page.next_cursor,
    )


def _contents(parcel_ids: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """Return of each parcel how many units are in it, and whether any needs the cold chain."""
    units = cast(func.sum(OrderLine.quantity - OrderLine.returned_quantity), BigInteger)
    rows = session().execute(
        select(ParcelOrder.parcel_id, units, func.bool_or(Product.storage != Storage.AMBIENT))
        .join(OrderLine, OrderLine.order_id == ParcelOrder.order_id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(ParcelOrder.parcel_id.in_(parcel_ids), ParcelOrder.removed_at.is_(None))
        .group_by(ParcelOrder.parcel_id)
    )
    return {parcel_id: (count, bool(cold)) for parcel_id, count, cold in rows}
