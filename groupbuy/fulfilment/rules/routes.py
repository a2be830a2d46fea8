"""Delivery routes, pure: what is on a route's sheet, in a file and on paper."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from groupbuy.catalogue.rules import Storage
from groupbuy.fulfilment.rules.lists import AMBIENT, COLD_CHAIN, STORAGES
from groupbuy.kernel.papers import A4, Heading, Line, Paper
from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text


class RouteState(StrEnum):
    """Whether a route is driven."""

    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Load:
    """Goods of one storage kind: parcels that hold any, and units."""

    parcels: int
    units: int


@dataclass(frozen=True, slots=True)
class SheetShipment:
    """A shipment on a sheet; `crates` and `goods` by storage kind."""

    id: str
    state: str
    note: str
    crates: Mapping[str, int]
    goods: Mapping[str, Load]


@dataclass(frozen=True, slots=True)
class SheetStop:
    """A stop on a sheet."""

    position: int
    point_id: str
    point: str
    address: str
    opening_hours: str
    shipments: Sequence[SheetShipment]


@dataclass(frozen=True, slots=True)
class RouteSheet:
    """What a van brings where."""

    name: str
    note: str
    stops: Sequence[SheetStop]


SHEET_COLUMNS = (
    Column("position", Text("站序", "Stop"), Kind.INT),
    Column("point", Text("自提点", "Pickup point")),
    Column("address", Text("地址", "Address")),
    Column("opening_hours", Text("营业时间", "Opening hours")),
    Column("storage", Text("储存", "Storage")),
    Column("parcels", Text("包裹数", "Parcels"), Kind.INT),
    Column("units", Text("件数", "Units"), Kind.INT),
    Column("crates", Text("箱数", "Crates"), Kind.INT),
    Column("note", Text("备注", "Note")),
    Column("shipment_id", Text("发货单编号", "Shipment")),
)
KINDS = (((Storage.AMBIENT,), AMBIENT), ((Storage.CHILLED, Storage.FROZEN), COLD_CHAIN))
"""What travels together, and what it is called."""

_STORAGE = Heading(Text("储存", "Storage"), 4)
_PARCELS = Heading(Text("包裹数", "Parcels"), 3, right=True)
_UNITS = Heading(Text("件数", "Units"), 3, right=True)
_CRATES = Heading(Text("箱数", "Crates"), 3, right=True)
_SHIPMENT = Heading(Text("发货单", "Shipment"), 4)
_SIGNED = (Text("收货人签字", "Received by"), Text("时间", "Time"), Text("差异", "Differences"))


def only(sheet: RouteSheet, *, cold_chain: bool | None) -> RouteSheet:
    """Return a sheet with only the goods that need the cold chain, or only the others."""
    kinds = set(_storages(cold_chain))
    stops = []
    for stop in sheet.stops:
        shipments = [
            replace(
                shipment,
                crates={k: count for k, count in shipment.crates.items() if k in kinds},
                goods={k: load for k, load in shipment.goods.items() if k in kinds},
            )
            for shipment in stop.shipments
        ]
        stops.append(replace(stop, shipments=shipments))
    return replace(sheet, stops=stops)


def sheet_rows(
    sheet: RouteSheet, *, cold_chain: bool | None, language: str
) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each storage kind of each shipment at each stop."""
    for stop in sheet.stops:
        for shipment in stop.shipments:
            for storage in _storages(cold_chain):
                load = shipment.goods.get(storage)
                if load or shipment.crates.get(storage):
                    yield {
                        "position": stop.position,
                        "point": stop.point,
                        "address": stop.address,
                        "opening_hours": stop.opening_hours,
                        "storage": STORAGES[storage].to(language),
                        "parcels": load.parcels if load else 0,
                        "units": load.units if load else 0,
                        "crates": shipment.crates.get(storage),
                        "note": shipment.note,
                        "shipment_id": shipment.id,
                    }


def sheet_paper(
    sheet: RouteSheet, language: str, *, cold_chain: bool | None, created: datetime
) -> bytes:
    """Return a route's sheet as a PDF, the cold chain on pages of its own."""
    title = Text(f"送货单 · {sheet.name}", f"Delivery sheet · {sheet.name}")
    paper = Paper(title, language, created=created, form=A4, in_parts=True)
    written = False
    for storages, kind in KINDS:
        wanted = set(storages) & set(_storages(cold_chain))
        stops = [stop for stop in sheet.stops if _rows(stop, wanted, language)]
        if stops:
            written = True
            paper.part(Text(f"{title.zh} · {kind.zh}", f"{title.en} · {kind.en}"))
            if sheet.note:
                paper.note(Text(sheet.note, sheet.note))
            for stop in stops:
                _stop(paper, stop, wanted, language)
    if not written:
        paper.part(title)
        paper.note(Text("没有待送的货物。", "There is nothing to deliver."))
    return paper.content()


def _stop(paper: Paper, stop: SheetStop, storages: set[Storage], language: str) -> None:
    """Write a stop, on one page if a page can hold it."""
    rows = _rows(stop, storages, language)
    paper.keep(9 + sum(2 if row.note else 1 for row in rows))
    paper.heading(Text(f"{stop.position}. {stop.point}", f"{stop.position}. {stop.point}"))
    place = " · ".join(filter(None, (stop.address, stop.opening_hours)))
    paper.note(Text(place, place))
    paper.table((_SHIPMENT, _STORAGE, _PARCELS, _UNITS, _CRATES), rows)
    paper.signatures(_SIGNED)


def _rows(stop: SheetStop, storages: set[Storage], language: str) -> list[Line]:
    """Return the rows of a stop; crates that nobody counted are left for the pen."""
    rows = []
    for shipment in stop.shipments:
        note = shipment.note
        for storage in sorted(storages):
            load, crates = shipment.goods.get(storage), shipment.crates.get(storage)
            if load or crates:
                cells = (
                    f"…{shipment.id[-6:]}",
                    STORAGES[storage].to(language),
                    str(load.parcels if load else 0),
                    str(load.units if load else 0),
                    str(crates or "____"),
                )
                rows.append(Line(cells, note=note))
                note = ""
    return rows


def _storages(cold_chain: bool | None) -> list[Storage]:
    return [s for s in Storage if cold_chain is None or (s != Storage.AMBIENT) is cold_chain]
