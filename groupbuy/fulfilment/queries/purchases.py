"""What is to be bought for the orders that wait, and what was ordered from suppliers."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, cast, exists, func, select

from groupbuy.catalogue.models import Product, Sku, Supplier
from groupbuy.fulfilment.models import (
    PurchaseClosing,
    PurchaseLine,
    PurchaseOrder,
    PurchaseReceipt,
)
from groupbuy.fulfilment.rules.purchases import Need, OrderedLine, PurchaseState
from groupbuy.inventory.models import HOUSE, StockPool
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.orders.models import Order, OrderLine
from groupbuy.orders.rules import OrderState

TO_SHIP = (OrderState.PAID, OrderState.PREPARING)
TOGETHER = 500
"""SKUs that are read at a time for a file."""


@dataclass(frozen=True, slots=True)
class Bought:
    """Which orders count: of a campaign, paid in a span; which goods: of a kind, a supplier."""

    campaign_id: str | None = None
    paid_from: datetime | None = None
    paid_until: datetime | None = None
    storage: str | None = None
    supplier_id: str | None = None


@dataclass(frozen=True)
class PurchaseView:
    """An order to a supplier: where it stands, and its lines with what came."""

    order: PurchaseOrder
    state: str
    superseded_by: str | None
    closing: PurchaseClosing | None
    lines: Sequence[OrderedLine]


def needs(bought: Bought, *, limit: int, cursor: str | None) -> Page[Need]:
    """Return what the orders that wait need, by product and SKU, in five statements."""
    sums = _sums(bought)
    query = (
        select(Sku)
        .join(sums, sums.c.sku_id == Sku.id)
        .join(Product, Product.id == Sku.product_id)
        .where(sums.c.units > 0)
    )
    if bought.storage is not None:
        query = query.where(Product.storage == bought.storage)
    if bought.supplier_id is not None:
        query = query.where(Product.supplier_id == bought.supplier_id)
    page = paginate(query, by=[Sku.product_id, Sku.id], limit=limit, cursor=cursor)
    return Page(_needs(page.items, sums), page.next_cursor)


def all_needs(bought: Bought) -> Iterator[Need]:
    """Yield all of them."""
    cursor: str | None = None
    while True:
        page = needs(bought, limit=TOGETHER, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _sums(bought: Bought) -> Subquery:
    """Return units by SKU that are sold and not shipped, without those given back."""
    query = (
        select(
            OrderLine.sku_id,
            cast(func.sum(OrderLine.quantity - OrderLine.returned_quantity), BigInteger).label(
                "units"
            ),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.state.in_(TO_SHIP))
        .group_by(OrderLine.sku_id)
    )
    if bought.campaign_id is not None:
        query = query.where(Order.campaign_id == bought.campaign_id)
    if bought.paid_from is not None:
        query = query.where(Order.paid_at >= bought.paid_from)
    if bought.paid_until is not None:
        query = query.where(Order.paid_at < bought.paid_until)
    return query.subquery()


def _needs(skus: Sequence[Sku], sums: Subquery) -> list[Need]:
    ids = [sku.id for sku in skus]
    counted = session().execute(select(sums.c.sku_id, sums.c.units).where(sums.c.sku_id.in_(ids)))
    units = {sku_id: count for sku_id, count in counted}
    known = session().execute(
        select(Product, Supplier.name)
        .outerjoin(Supplier, Supplier.id == Product.supplier_id)
        .where(Product.id.in_({sku.product_id for sku in skus}))
    )
    products = {product.id: (product, supplier) for product, supplier in known}
    stock, ordered = on_hand(ids), on_order(ids)
    found = []
    for sku in skus:
        product, supplier = products[sku.product_id]
        found.append(
            Need(
                sku_id=sku.id,
                title=product.title,
                option=sku.name,
                storage=product.storage,
                supplier_id=product.supplier_id,
                supplier=supplier,
                cost_fen=sku.cost_fen,
                needed=units[sku.id],
                on_hand=stock.get(sku.id, 0),
                ordered=ordered.get(sku.id, 0),
            )
        )
    return found


def on_hand(sku_ids: Collection[str]) -> dict[str, int]:
    """Return how many units of each SKU the house has that nobody bought."""
    rows = session().execute(
        select(StockPool.sku_id, StockPool.on_hand - StockPool.reserved).where(
            StockPool.owner == HOUSE, StockPool.sku_id.in_(sku_ids)
        )
    )
    return {sku_id: units for sku_id, units in rows}


def on_order(sku_ids: Collection[str]) -> dict[str, int]:
    """Return how many units of each SKU are ordered from suppliers and did not come yet."""
    came = (
        select(func.coalesce(func.sum(PurchaseReceipt.quantity), 0))
        .where(
            PurchaseReceipt.purchase_order_id == PurchaseLine.purchase_order_id,
            PurchaseReceipt.sku_id == PurchaseLine.sku_id,
        )
        .scalar_subquery()
    )
    newer = PurchaseOrder.__table__.alias("newer")
    rows = session().execute(
        select(
            PurchaseLine.sku_id,
            cast(func.sum(func.greatest(PurchaseLine.quantity - came, 0)), BigInteger),
        )
        .where(
            PurchaseLine.sku_id.in_(sku_ids),
            ~exists().where(newer.c.supersedes_id == PurchaseLine.purchase_order_id),
            ~exists().where(PurchaseClosing.purchase_order_id == PurchaseLine.purchase_order_id),
        )
        .group_by(PurchaseLine.sku_id)
    )
    return {sku_id: units for sku_id, units in rows}


def purchase_order(order_id: str) -> PurchaseOrder:
    """Return an order to a supplier, or raise NotFound."""
    found = session().get(PurchaseOrder, order_id)
    if found is None:
        raise NotFound
    return found


def purchase_list(
    *,
    limit: int,
    cursor: str | None,
    campaign_id: str | None = None,
    supplier_id: str | None = None,
) -> Page[PurchaseView]:
    """Return orders to suppliers, newest first."""
    query: Select[Any] = select(PurchaseOrder)
    if campaign_id is not None:
        query = query.where(PurchaseOrder.campaign_id == campaign_id)
    if supplier_id is not None:
        query = query.where(PurchaseOrder.supplier_id == supplier_id)
    page = paginate(query, by=[PurchaseOrder.id], limit=limit, cursor=cursor, descending=True)
    return Page(show_purchases(page.items), page.next_cursor)


def show_purchases(orders: Sequence[PurchaseOrder]) -> list[PurchaseView]:
    """Return orders to suppliers with their lines and where they stand, in four statements."""
    ids = [order.id for order in orders]
    newer = {
        old: new
        for old, new in session().execute(
            select(PurchaseOrder.supersedes_id, PurchaseOrder.id).where(
                PurchaseOrder.supersedes_id.in_(ids)
            )
        )
    }
    closings = {
        row.purchase_order_id: row
        for row in session().scalars(
            select(PurchaseClosing).where(PurchaseClosing.purchase_order_id.in_(ids))
        )
    }
    lines = _ordered_lines(ids)
    return [
        PurchaseView(
            order=order,
            state=_state(order.id in newer, order.id in closings),
            superseded_by=newer.get(order.id),
            closing=closings.get(order.id),
            lines=lines[order.id],
        )
        for order in orders
    ]


def _state(superseded: bool, closed: bool) -> PurchaseState:
    if superseded:
        return PurchaseState.SUPERSEDED
    return PurchaseState.CLOSED if closed else PurchaseState.FIXED


def _ordered_lines(order_ids: Sequence[str]) -> dict[str, list[OrderedLine]]:
    receipt = PurchaseReceipt
    came = {
        (order_id, sku_id): units
        for order_id, sku_id, units in session().execute(
            select(
                receipt.purchase_order_id,
                receipt.sku_id,
                cast(func.sum(receipt.quantity), BigInteger),
            )
            .where(receipt.purchase_order_id.in_(order_ids))
            .group_by(receipt.purchase_order_id, receipt.sku_id)
        )
    }
    lines: dict[str, list[OrderedLine]] = defaultdict(list)
    for line in session().scalars(
        select(PurchaseLine)
        .where(PurchaseLine.purchase_order_id.in_(order_ids))
        .order_by(PurchaseLine.title, PurchaseLine.option, PurchaseLine.sku_id)
    ):
        lines[line.purchase_order_id].append(
            OrderedLine(
                sku_id=line.sku_id,
                title=line.title,
                option=line.option,
                storage=line.storage,
                cost_fen=line.cost_fen,
                needed=line.needed,
                on_hand=line.on_hand,
                quantity=line.quantity,
                received=came.get((line.purchase_order_id, line.sku_id), 0),
            )
        )
    return lines


def receipts(*, order_id: str, limit: int, cursor: str | None) -> Page[PurchaseReceipt]:
    """Return what came for an order to a supplier, as it came."""
    purchase_order(order_id)
    query = select(PurchaseReceipt).where(PurchaseReceipt.purchase_order_id == order_id)
    return paginate(query, by=[PurchaseReceipt.id], limit=limit, cursor=cursor)
