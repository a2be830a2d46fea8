"""What is in parcels, for the people who pick, pack and hand over."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, select

from groupbuy.catalogue.models import Product, Sku
from groupbuy.catalogue.rules import Storage
from groupbuy.fulfilment.errors import TooManyForOnePaper
from groupbuy.fulfilment.models import Parcel, ParcelOrder
from groupbuy.fulfilment.rules.lists import MOST, PickLine, PickParcel
from groupbuy.fulfilment.rules.parcels import OPEN_PARCELS, ParcelState
from groupbuy.identity.models import Shopper
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.leaders import queries as leaders
from groupbuy.orders.models import Order, OrderLine

TOGETHER = 500
"""Parcels that are read at a time for a file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parcels are wanted: of a shipment, a campaign, a point; some numbers; which goods.

    `leader_id` keeps those at the points that a leader runs, `cold_chain` what is chilled or
    frozen, or what is not.
    """

    shipment_id: str | None = None
    campaign_id: str | None = None
    pickup_point_id: str | None = None
    leader_id: str | None = None
    cold_chain: bool | None = None
    first: int | None = None
    last: int | None = None


def pick_list(wanted: Wanted, *, limit: int, cursor: str | None) -> Page[PickParcel]:
    """Return parcels with what is in them, by point, shipment and number, in six statements."""
    by = [Parcel.pickup_point_id, Parcel.shipment_id, Parcel.number]
    page = paginate(_wanted(wanted), by=by, limit=limit, cursor=cursor)
    return Page(_shown(page.items, wanted.cold_chain), page.next_cursor)


def whole_pick_list(wanted: Wanted) -> Iterator[PickParcel]:
    """Yield all of them, in constant memory."""
    cursor: str | None = None
    while True:
        page = pick_list(wanted, limit=TOGETHER, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def pick_list_for_paper(wanted: Wanted) -> list[PickParcel]:
    """Return all of them, if a paper can hold them.

    Raises:
        TooManyForOnePaper: it cannot.
    """
    page = pick_list(wanted, limit=MOST, cursor=None)
    if page.next_cursor is not None:
        count = session().scalar(select(func.count()).select_from(_wanted(wanted).subquery()))
        raise TooManyForOnePaper(count=count, most=MOST)
    return list(page.items)


def _wanted(wanted: Wanted) -> Select[Parcel]:
    """Return the parcels; of a shipment all but cancelled ones, otherwise those still open."""
    query = select(Parcel)
    if wanted.shipment_id is not None:
        query = query.where(
            Parcel.shipment_id == wanted.shipment_id, Parcel.state != ParcelState.CANCELLED
        )
    else:
        query = query.where(Parcel.state.in_(OPEN_PARCELS))
    if wanted.campaign_id is not None:
        query = query.where(Parcel.campaign_id == wanted.campaign_id)
    if wanted.pickup_point_id is not None:
        query = query.where(Parcel.pickup_point_id == wanted.pickup_point_id)
    if wanted.leader_id is not None:
        query = query.where(Parcel.pickup_point_id.in_(leaders.point_ids_of(wanted.leader_id)))
    if wanted.first is not None:
        query = query.where(Parcel.number >= wanted.first)
    if wanted.last is not None:
        query = query.where(Parcel.number <= wanted.last)
    if wanted.cold_chain is not None:
        query = query.where(
            exists().where(
                ParcelOrder.parcel_id == Parcel.id,
                ParcelOrder.removed_at.is_(None),
                OrderLine.order_id == ParcelOrder.order_id,
                OrderLine.quantity > OrderLine.returned_quantity,
                Product.id == OrderLine.product_id,
                _kind(wanted.cold_chain),
            )
        )
    return query


def _kind(cold_chain: bool) -> ColumnElement[bool]:
    return Product.storage != Storage.AMBIENT if cold_chain else Product.storage == Storage.AMBIENT


def _shown(parcels: Sequence[Parcel], cold_chain: bool | None) -> list[PickParcel]:
    contents, sold_by = _contents([parcel.id for parcel in parcels], cold_chain)
    points = leaders.points_by_id(parcel.pickup_point_id for parcel in parcels)
    sellers = leaders.leaders_by_id(filter(None, sold_by.values()))
    shoppers = _names(parcel.shopper_id for parcel in parcels)
    shown = []
    for parcel in parcels:
        point, seller = points[parcel.pickup_point_id], sold_by.get(parcel.id)
        shown.append(
            PickParcel(
                id=parcel.id,
                shipment_id=parcel.shipment_id,
                number=parcel.number,
                state=parcel.state,
                point_id=point.id,
                point=point.name,
                address=point.address,
                leader_id=seller,
                leader=sellers[seller].name if seller else None,
                shopper_id=parcel.shopper_id,
                shopper=shoppers[parcel.shopper_id],
                lines=contents[parcel.id],
            )
        )
    return shown


def _contents(
    parcel_ids: Sequence[str], cold_chain: bool | None
) -> tuple[Mapping[str, list[PickLine]], dict[str, str | None]]:
    """Return what is in each parcel, a line for each SKU, and who sold it."""
    units = OrderLine.quantity - OrderLine.returned_quantity
    query = (
        select(
            ParcelOrder.parcel_id,
            Order.leader_id,
            OrderLine.sku_id,
            OrderLine.title,
            Sku.name,
            Product.storage,
            units,
        )
        .join(Order, Order.id == ParcelOrder.order_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(ParcelOrder.parcel_id.in_(parcel_ids), ParcelOrder.removed_at.is_(None), units > 0)
        .order_by(Order.id, OrderLine.position)
    )
    if cold_chain is not None:
        query = query.where(_kind(cold_chain))
    found: dict[str, dict[str, PickLine]] = defaultdict(dict)
    sold_by: dict[str, str | None] = {}
    for parcel_id, leader_id, sku_id, title, option, storage, quantity in session().execute(query):
        sold_by.setdefault(parcel_id, leader_id)
        before = found[parcel_id].get(sku_id)
        quantity += before.quantity if before else 0
        found[parcel_id][sku_id] = PickLine(sku_id, title, option, storage, quantity)
    lines: dict[str, list[PickLine]] = defaultdict(list)
    lines |= {parcel_id: list(by_sku.values()) for parcel_id, by_sku in found.items()}
    return lines, sold_by


def _names(shopper_ids: Iterable[str]) -> dict[str, str]:
    rows = session().execute(
        select(Shopper.id, Shopper.name).where(Shopper.id.in_(set(shopper_ids)))
    )
    return {shopper_id: name for shopper_id, name in rows}
