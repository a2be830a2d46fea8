"""`stock`: goods received, and what a count found, in the house's pools."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from groupbuy.imports import queries
from groupbuy.imports.kinds.naming import sku_of, skus_named
from groupbuy.imports.rules import TWICE, Plan, Row
from groupbuy.inventory import queries as inventory
from groupbuy.inventory import services as stock
from groupbuy.inventory.models import MovementKind
from groupbuy.inventory.services import HandMovement
from groupbuy.kernel.access import Actor
from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text

COLUMNS: Sequence[Column] = (
    Column("sku_id", Text("SKU 编号", "SKU")),
    Column("barcode", Text("条码", "Barcode")),
    Column("title", Text("名称", "Title")),
    Column("on_hand", Text("现有", "On hand"), Kind.INT),
    Column("reserved", Text("已预留", "Reserved"), Kind.INT),
    Column("received", Text("入库数量", "Received"), Kind.INT),
    Column("counted", Text("盘点数量", "Counted"), Kind.INT),
    Column("reason", Text("说明", "Reason")),
)
NEEDED: Sequence[str] = ()

TOO_FEW = Text("少于已预留数量。", "That is less than orders hold.")
ONE_OF_BOTH = Text(
    "“入库数量”与“盘点数量”只能填一个。", "Fill in either what was received or what was counted."
)


class Level(NamedTuple):
    """What the house has of a SKU."""

    on_hand: int
    reserved: int


def check(rows: Sequence[Row]) -> Plan:
    """See kinds.interface.Kind; a row without numbers changes nothing."""
    plan = Plan(work=[])
    skus = skus_named(rows)
    wanted = [(row, sku_of(row, skus)) for row in rows]
    levels = {
        sku_id: Level(on_hand, reserved)
        for sku_id, on_hand, reserved in inventory.house_levels(
            [sku_id for _, sku_id in wanted if sku_id], lock=True
        )
    }
    seen: set[str] = set()
    for row, sku_id in wanted:
        movement = _movement(row, sku_id, levels)
        if sku_id in seen:
            row.wrong("sku_id", TWICE)
        seen.add(sku_id or "")
        if movement is None:
            plan.unchanged += 1
        else:
            plan.updates += 1
            plan.work.append(movement)
    return plan


def apply(plan: Plan, *, actor: Actor, now: datetime) -> None:
    """See kinds.interface.Kind."""
    stock.record_many(movements=plan.work, actor=actor, now=now)


def export() -> Iterable[Sequence[Any]]:
    """See kinds.interface.Kind: every active SKU, with what the house has of it."""
    for sku_id, barcode, title, on_hand, reserved in queries.stock_rows():
        yield (sku_id, barcode, title, on_hand, reserved, None, None, None)


def _movement(row: Row, sku_id: str | None, levels: Mapping[str, Level]) -> HandMovement | None:
    received = row.count("received", minimum=1)
    counted = row.count("counted")
    reason = row.text("reason", maximum=200) or "import"
    if received is not None and counted is not None:
        row.wrong("counted", ONE_OF_BOTH)
    if sku_id is None:
        return None
    if received is not None:
        return HandMovement(sku_id, MovementKind.RECEIPT, received, reason)
    level = levels.get(sku_id, Level(0, 0))
    if counted is None or counted == level.on_hand:
        return None
    if counted < level.reserved:
        row.wrong("counted", TOO_FEW)
        return None
    return HandMovement(sku_id, MovementKind.CORRECTION, counted - level.on_hand, reason)
