"""Purchase lists and orders to suppliers, pure: what is on them, in files and on paper."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from groupbuy.catalogue.rules import Storage
from groupbuy.fulfilment.rules.lists import AMBIENT, COLD_CHAIN, STORAGES
from groupbuy.kernel.papers import A4, Heading, Line, Paper
from groupbuy.kernel.sheets import Column, Kind, yuan
from groupbuy.kernel.texts import Text


class PurchaseState(StrEnum):
    """Where an order to a supplier stands; it follows from what was recorded beside it."""

    FIXED = "fixed"
    SUPERSEDED = "superseded"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Need:
    """What orders need of a SKU: beside it, what the house has unsold and what is on its way."""

    sku_id: str
    title: str
    option: str
    storage: str
    supplier_id: str | None
    supplier: str | None
    cost_fen: int | None
    needed: int
    on_hand: int
    ordered: int

    @property
    def to_buy(self) -> int:
        """Return how many units are still to be bought."""
        return max(0, self.needed - self.on_hand - self.ordered)

    @property
    def named(self) -> str:
        """Return the goods as they are called, with their option."""
        return f"{self.title} · {self.option}" if self.option else self.title

    @property
    def cold(self) -> bool:
        """Tell whether it needs the cold chain."""
        return self.storage != Storage.AMBIENT


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """Units of a SKU that were ordered, and how many of them came."""

    sku_id: str
    title: str
    option: str
    storage: str
    cost_fen: int | None
    needed: int
    on_hand: int
    quantity: int
    received: int

    @property
    def named(self) -> str:
        """Return the goods as they are called, with their option."""
        return f"{self.title} · {self.option}" if self.option else self.title

    @property
    def amount_fen(self) -> int | None:
        """Return what the units cost, where a unit's cost is known."""
        return None if self.cost_fen is None else self.cost_fen * self.quantity

    @property
    def difference(self) -> int:
        """Return by how much what came differs from what was ordered."""
        return self.received - self.quantity


NEED_COLUMNS = (
    Column("supplier", Text("供应商", "Supplier")),
    Column("title", Text("商品", "Goods")),
    Column("option", Text("规格", "Option")),
    Column("storage", Text("储存", "Storage")),
    Column("needed", Text("需求", "Needed"), Kind.INT),
    Column("on_hand", Text("在库", "On hand"), Kind.INT),
    Column("ordered", Text("在途", "On order"), Kind.INT),
    Column("to_buy", Text("应采", "To buy"), Kind.INT),
    Column("cost_fen", Text("成本价", "Unit cost"), Kind.FEN),
    Column("sku_id", Text("SKU 编号", "SKU")),
)
ORDER_COLUMNS = (
    Column("title", Text("商品", "Goods")),
    Column("option", Text("规格", "Option")),
    Column("storage", Text("储存", "Storage")),
    Column("quantity", Text("订购", "Ordered"), Kind.INT),
    Column("received", Text("已收", "Received"), Kind.INT),
    Column("difference", Text("差异", "Difference"), Kind.INT),
    Column("cost_fen", Text("成本价", "Unit cost"), Kind.FEN),
    Column("amount_fen", Text("金额", "Amount"), Kind.FEN),
    Column("sku_id", Text("SKU 编号", "SKU")),
)

NO_SUPPLIER = Text("未指定供应商", "No supplier")

_GOODS = Heading(Text("商品", "Goods"), 14)
_STORAGE = Heading(Text("储存", "Storage"), 3)
_NEEDED = Heading(Text("需求", "Needed"), 3, right=True)
_ON_HAND = Heading(Text("在库", "On hand"), 3, right=True)
_ON_ORDER = Heading(Text("在途", "On order"), 3, right=True)
_TO_BUY = Heading(Text("应采", "To buy"), 3, right=True)
_ORDERED = Heading(Text("订购", "Ordered"), 3, right=True)
_COST = Heading(Text("单价", "Unit"), 3, right=True)
_AMOUNT = Heading(Text("金额", "Amount"), 4, right=True)
_RECEIVED = Heading(Text("已收", "Received"), 3, right=True)


def in_words(rows: Iterable[Any], *, language: str) -> Iterator[Mapping[str, Any]]:
    """Yield needs or ordered lines with their storage in words, for a file."""
    for row in rows:
        named = {
            column.key: getattr(row, column.key)
            for column in {c.key: c for c in (*NEED_COLUMNS, *ORDER_COLUMNS)}.values()
            if hasattr(row, column.key)
        }
        yield {**named, "storage": STORAGES[Storage(row.storage)].to(language)}


def purchase_paper(needs: Sequence[Need], language: str, *, created: datetime) -> bytes:
    """Return a purchase list as a PDF: what to buy by group, the cold chain on its own pages."""
    title = Text("采购清单", "Purchase list")
    paper = Paper(title, language, created=created, form=A4, in_parts=True)
    for cold, kind in ((False, AMBIENT), (True, COLD_CHAIN)):
        kept = sorted(
            (need for need in needs if need.cold is cold),
            key=lambda need: (
                need.supplier or "",
                need.supplier_id or "",
                need.title,
                need.option,
                need.sku_id,
            ),
        )
        if kept:
            paper.part(Text(f"{title.zh} · {kind.zh}", f"{title.en} · {kind.en}"))
        for _, group in groupby(kept, key=lambda need: need.supplier_id):
            of_supplier = list(group)
            name = of_supplier[0].supplier
            paper.heading(Text(name, name) if name else NO_SUPPLIER)
            paper.table(
                (_GOODS, _STORAGE, _NEEDED, _ON_HAND, _ON_ORDER, _TO_BUY),
                [
                    Line(
                        (
                            need.named,
                            STORAGES[Storage(need.storage)].to(language),
                            *map(str, (need.needed, need.on_hand, need.ordered, need.to_buy)),
                        )
                    )
                    for need in of_supplier
                ],
            )
    if not needs:
        paper.part(title)
        paper.note(Text("没有待发货的订单。", "No order waits to be shipped."))
    return paper.content()


def order_paper(
    *,
    number: int,
    supplier: str,
    note: str,
    lines: Sequence[OrderedLine],
    language: str,
    created: datetime,
) -> bytes:
    """Return an order to a supplier as a PDF."""
    title = Text(f"采购单 {number}", f"Purchase order {number}")
    paper = Paper(title, language, created=created, form=A4)
    paper.pairs([(Text("供应商", "Supplier"), supplier or NO_SUPPLIER.to(language))])
    if note:
        paper.note(Text(note, note))
    rows = [
        Line(
            (
                line.named,
                STORAGES[Storage(line.storage)].to(language),
                str(line.quantity),
                "" if line.cost_fen is None else yuan(line.cost_fen),
                "" if line.amount_fen is None else yuan(line.amount_fen),
                str(line.received or "____"),
            )
        )
        for line in lines
    ]
    units = sum(line.quantity for line in lines)
    amount = yuan(sum(line.amount_fen or 0 for line in lines))
    paper.table(
        (_GOODS, _STORAGE, _ORDERED, _COST, _AMOUNT, _RECEIVED),
        rows,
        total=(Text("合计", "In all").to(language), "", str(units), "", amount, ""),
    )
    paper.signatures((Text("供货人签字", "Delivered by"), Text("收货人签字", "Received by")))
    return paper.content()
