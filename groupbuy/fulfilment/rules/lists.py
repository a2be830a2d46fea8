"""Pick lists and packing slips, pure: what is on them, in files and on paper."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from groupbuy.catalogue.rules import Storage
from groupbuy.kernel.papers import A4, A6, Heading, Line, Paper
from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text

MOST = 500
"""So many parcels are on one paper; a file has any number."""

STORAGES = {
    Storage.AMBIENT: Text("常温", "Ambient"),
    Storage.CHILLED: Text("冷藏", "Chilled"),
    Storage.FROZEN: Text("冷冻", "Frozen"),
}
AMBIENT, COLD_CHAIN = STORAGES[Storage.AMBIENT], Text("冷链", "Cold chain")
HOUSE = Text("总部直营", "The house")

PICK_COLUMNS = (
    Column("point", Text("自提点", "Pickup point")),
    Column("leader", Text("团长", "Leader")),
    Column("number", Text("包裹号", "Parcel no."), Kind.INT),
    Column("shopper", Text("顾客", "Shopper")),
    Column("title", Text("商品", "Goods")),
    Column("option", Text("规格", "Option")),
    Column("storage", Text("储存", "Storage")),
    Column("quantity", Text("数量", "Quantity"), Kind.INT),
    Column("sku_id", Text("SKU 编号", "SKU")),
    Column("parcel_id", Text("包裹编号", "Parcel")),
    Column("shipment_id", Text("发货单编号", "Shipment")),
)
SLIP_COLUMNS = (
    Column("number", Text("包裹号", "Parcel no."), Kind.INT),
    Column("point", Text("自提点", "Pickup point")),
    Column("leader", Text("团长", "Leader")),
    Column("shopper", Text("顾客", "Shopper")),
    Column("ambient", Text("常温件数", "Ambient units"), Kind.INT),
    Column("chilled", Text("冷藏件数", "Chilled units"), Kind.INT),
    Column("frozen", Text("冷冻件数", "Frozen units"), Kind.INT),
    Column("parcel_id", Text("包裹编号", "Parcel")),
)

_NUMBER = Heading(Text("号", "No."), 2)
_SHOPPER = Heading(Text("顾客", "Shopper"), 6)
_GOODS = Heading(Text("商品", "Goods"), 11)
_STORAGE = Heading(Text("储存", "Storage"), 3)
_QUANTITY = Heading(Text("数量", "Qty"), 2, right=True)
_TICK = Heading(Text("核对", "Done"), 2, right=True)
_BOX = "□"


@dataclass(frozen=True, slots=True)
class PickLine:
    """Units of a SKU in a parcel."""

    sku_id: str
    title: str
    option: str
    storage: str
    quantity: int

    @property
    def named(self) -> str:
        """Return the goods as they are called, with their option."""
        return f"{self.title} · {self.option}" if self.option else self.title

    @property
    def cold(self) -> bool:
        """Tell whether it needs the cold chain."""
        return self.storage != Storage.AMBIENT


@dataclass(frozen=True, slots=True)
class PickParcel:
    """A parcel with what is in it; `leader` sold it, None for the house."""

    id: str
    shipment_id: str
    number: int
    state: str
    point_id: str
    point: str
    address: str
    leader_id: str | None
    leader: str | None
    shopper_id: str
    shopper: str
    lines: Sequence[PickLine]

    def of(self, *, cold: bool) -> list[PickLine]:
        """Return the goods in it that need the cold chain, or those that do not."""
        return [line for line in self.lines if line.cold is cold]


def pick_rows(parcels: Iterable[PickParcel], *, language: str) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each line of each parcel."""
    for parcel in parcels:
        for line in parcel.lines:
            yield {
                "point": parcel.point,
                "leader": parcel.leader or HOUSE.to(language),
                "number": parcel.number,
                "shopper": parcel.shopper,
                "title": line.title,
                "option": line.option,
                "storage": STORAGES[Storage(line.storage)].to(language),
                "quantity": line.quantity,
                "sku_id": line.sku_id,
                "parcel_id": parcel.id,
                "shipment_id": parcel.shipment_id,
            }


def slip_rows(parcels: Iterable[PickParcel], *, language: str) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each parcel: how many units of each storage kind are in it."""
    for parcel in parcels:
        units = {
            storage.value: sum(line.quantity for line in parcel.lines if line.storage == storage)
            for storage in Storage
        }
        yield {
            "number": parcel.number,
            "point": parcel.point,
            "leader": parcel.leader or HOUSE.to(language),
            "shopper": parcel.shopper,
            "parcel_id": parcel.id,
            **units,
        }


def pick_paper(parcels: Sequence[PickParcel], language: str, *, created: datetime) -> bytes:
    """Return pick lists as a PDF: for each point, and for the cold chain apart, a part."""
    title = Text("拣货单", "Pick list")
    paper = Paper(title, language, created=created, form=A4, in_parts=True)
    ordered = sorted(parcels, key=lambda p: (p.point, p.point_id))
    for _, group in groupby(ordered, key=lambda p: p.point_id):
        here = list(group)
        for cold, kind in ((False, AMBIENT), (True, COLD_CHAIN)):
            if any(parcel.of(cold=cold) for parcel in here):
                name = Text("拣货单 · {kind} · {point}", "Pick list · {kind} · {point}")
                _begin(paper, name, kind, here[0].point)
                _pick_part(paper, here, cold, language)
    if not parcels:
        paper.part(title)
        paper.note(Text("没有包裹。", "There are no parcels."))
    return paper.content()


def slips_paper(parcels: Sequence[PickParcel], language: str, *, created: datetime) -> bytes:
    """Return packing slips as a PDF: a page for each parcel, one more for its cold chain."""
    title = Text("装箱单", "Packing slips")
    paper = Paper(title, language, created=created, form=A6, in_parts=True)
    for parcel in parcels:
        for cold, kind in ((False, AMBIENT), (True, COLD_CHAIN)):
            lines = parcel.of(cold=cold)
            if lines:
                _begin(
                    paper, Text("{point} 号 · {kind}", "No. {point} · {kind}"), kind, parcel.number
                )
                _slip(paper, parcel, lines, language)
    if not parcels:
        paper.part(title)
        paper.note(Text("没有包裹。", "There are no parcels."))
    return paper.content()


def _begin(paper: Paper, title: Text, kind: Text, point: object) -> None:
    paper.part(
        Text(title.zh.format(kind=kind.zh, point=point), title.en.format(kind=kind.en, point=point))
    )


def _pick_part(paper: Paper, parcels: Sequence[PickParcel], cold: bool, language: str) -> None:
    """Write what to take from the shelves in all, then parcel by parcel, by leader."""
    kept = [parcel for parcel in parcels if parcel.of(cold=cold)]
    paper.note(Text(kept[0].address, kept[0].address))
    paper.pairs([(Text("包裹", "Parcels"), str(len(kept)))])
    paper.heading(Text("合计", "In all"))
    totals = sorted(_totals(kept, cold), key=lambda line: (line.title, line.option, line.sku_id))
    paper.table(
        (_GOODS, _STORAGE, _QUANTITY, _TICK),
        [Line((*_cells(line, language), str(line.quantity), _BOX)) for line in totals],
    )
    ordered = sorted(kept, key=lambda p: (p.leader or "", p.leader_id or "", p.shopper, p.number))
    for _, group in groupby(ordered, key=lambda p: p.leader_id):
        of_leader = list(group)
        name = of_leader[0].leader
        paper.heading(Text(f"团长：{name}", f"Leader: {name}") if name else HOUSE)
        paper.table(
            (_NUMBER, _SHOPPER, _GOODS, _STORAGE, _QUANTITY, _TICK),
            [line for parcel in of_leader for line in _picked(parcel, cold, language)],
        )


def _picked(parcel: PickParcel, cold: bool, language: str) -> Iterator[Line]:
    """Yield a row for each line; the name stands at the first."""
    shopper, number = parcel.shopper, str(parcel.number)
    for line in parcel.of(cold=cold):
        yield Line((number, shopper, *_cells(line, language), str(line.quantity), _BOX))
        shopper = ""


def _slip(paper: Paper, parcel: PickParcel, lines: Sequence[PickLine], language: str) -> None:
    paper.pairs(
        [
            (Text("顾客", "Shopper"), parcel.shopper),
            (Text("团长", "Leader"), parcel.leader or HOUSE.to(language)),
            (Text("自提点", "Pickup point"), parcel.point),
        ]
    )
    paper.note(Text(parcel.address, parcel.address))
    total = sum(line.quantity for line in lines)
    paper.table(
        (_GOODS, _STORAGE, _QUANTITY),
        [Line((*_cells(line, language), str(line.quantity))) for line in lines],
        total=(Text("合计", "In all").to(language), "", str(total)),
    )


def _cells(line: PickLine, language: str) -> tuple[str, str]:
    return line.named, STORAGES[Storage(line.storage)].to(language)


def _totals(parcels: Iterable[PickParcel], cold: bool) -> Iterable[PickLine]:
    found: dict[str, PickLine] = {}
    for parcel in parcels:
        for line in parcel.of(cold=cold):
            before = found.get(line.sku_id)
            units = line.quantity + (before.quantity if before else 0)
            found[line.sku_id] = PickLine(line.sku_id, line.title, line.option, line.storage, units)
    return found.values()
