"""`prices`: what SKUs cost, each change with its row in the history."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from groupbuy.catalogue import services as catalogue
from groupbuy.catalogue.models import Sku
from groupbuy.catalogue.rules import PriceKind
from groupbuy.imports import queries
from groupbuy.imports.kinds.naming import sku_of, skus_named
from groupbuy.imports.rules import TWICE, Plan, Row
from groupbuy.kernel.access import Actor
from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text

PRICES: Sequence[Column] = (
    Column("price", Text("售价（元）", "Price (yuan)"), Kind.FEN),
    Column("list_price", Text("划线价（元）", "List price (yuan)"), Kind.FEN),
    Column("member_price", Text("会员价（元）", "Member price (yuan)"), Kind.FEN),
    Column("cost", Text("成本价（元）", "Cost (yuan)"), Kind.FEN),
)
COLUMNS: Sequence[Column] = (
    Column("sku_id", Text("SKU 编号", "SKU")),
    Column("barcode", Text("条码", "Barcode")),
    Column("title", Text("名称", "Title")),
    *PRICES,
)
NEEDED: Sequence[str] = ()

BELOW = Text("不能低于售价。", "It must not be below the price.")
ABOVE = Text("不能高于售价。", "It must not be above the price.")


def check(rows: Sequence[Row]) -> Plan:
    """See kinds.interface.Kind; an empty cell leaves a price as it is, “none” takes it away."""
    plan = Plan(work={})
    skus = skus_named(rows)
    wanted = [(row, sku_of(row, skus)) for row in rows]
    known = queries.locked_skus([sku_id for _, sku_id in wanted if sku_id])
    seen: set[str] = set()
    for row, sku_id in wanted:
        if sku_id is None:
            continue
        if sku_id in seen:
            row.wrong("sku_id", TWICE)
        seen.add(sku_id)
        changes = prices_of(row, known[sku_id])
        plan.unchanged += not changes
        plan.updates += bool(changes)
        if changes:
            plan.work[sku_id] = changes
    return plan


def apply(plan: Plan, *, actor: Actor, now: datetime) -> None:
    """See kinds.interface.Kind."""
    catalogue.edit_skus(changes=plan.work, actor=actor, now=now)


def export() -> Iterable[Sequence[Any]]:
    """See kinds.interface.Kind: every active SKU."""
    for sku, product in queries.skus_with_products():
        title = f"{product.title} {sku.name}".strip()
        prices = (sku.price_fen, sku.list_price_fen, sku.member_price_fen, sku.cost_fen)
        yield (sku.id, sku.barcode, title, *prices)


def prices_of(row: Row, sku: Sku | None) -> dict[str, int | None]:
    """Return the prices that a row changes, by column; note those that are out of order."""
    before = {kind.column: getattr(sku, kind.column, None) for kind in PriceKind}
    after = dict(before)
    for kind in PriceKind:
        after[kind.column] = _price(row, kind, before[kind.column], needed=sku is None)
    _in_order(row, after)
    return {column: fen for column, fen in after.items() if fen != before[column]}


def _price(row: Row, kind: PriceKind, before: int | None, *, needed: bool) -> int | None:
    if kind is not PriceKind.PRICE and row.is_cleared(kind.value):
        return None
    fen = row.fen(kind.value, needed=needed and kind is PriceKind.PRICE)
    return before if fen is None else fen


def _in_order(row: Row, fen: Mapping[str, int | None]) -> None:
    price = fen[PriceKind.PRICE.column]
    list_price, member_price = fen["list_price_fen"], fen["member_price_fen"]
    if price is not None and list_price is not None and list_price < price:
        row.wrong("list_price", BELOW)
    if price is not None and member_price is not None and member_price > price:
        row.wrong("member_price", ABOVE)
