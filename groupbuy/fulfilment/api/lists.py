"""Pick lists and packing slips over HTTP: as JSON, as files, on paper."""

from collections.abc import Iterator
from typing import Any

from groupbuy.fulfilment import errors, queries
from groupbuy.fulfilment.queries import Wanted
from groupbuy.fulfilment.rules import lists
from groupbuy.fulfilment.rules.lists import PickParcel
from groupbuy.fulfilment.schemas.lists import (
    LeaderPickPaperQuery,
    LeaderPickQuery,
    PickFileQuery,
    PickPaperQuery,
    PickParcelSchema,
    PickQuery,
    SlipFileQuery,
    SlipPaperQuery,
    SlipQuery,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.downloads import PDF, SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, Page, language, page_of
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import rows_of
from groupbuy.kernel.texts import Text

api = Api("lists", __name__, url_prefix="/api/v1", description="Pick lists and packing slips")

SLIPS = "/hq/shipments/<id(shm):shipment_id>/slips"
PICK_LIST = Text("拣货单", "pick-list")
SLIP_NAME = Text("装箱单", "packing-slips")


def _pick_paper(wanted: Wanted) -> Download:
    parcels = queries.pick_list_for_paper(wanted)
    paper = lists.pick_paper(parcels, language(), created=clock.now())
    return Download(paper, PDF, f"{PICK_LIST.to(language())}.pdf")


def _whole_shipment(shipment_id: str, **numbers: Any) -> Iterator[PickParcel]:
    queries.shipment(shipment_id)
    return queries.whole_pick_list(Wanted(shipment_id=shipment_id, **numbers))


def _of_shipment(shipment_id: str, **numbers: Any) -> Wanted:
    queries.shipment(shipment_id)
    return Wanted(shipment_id=shipment_id, **numbers)


def _page(query: dict[str, Any]) -> dict[str, Any]:
    return {name: query.pop(name) for name in ("limit", "cursor")}


@api.get(
    "/hq/pick-lists",
    allow="shipments.read",
    query=PickQuery,
    returns=page_of(PickParcelSchema),
)
def list_parcels_to_pick(actor: Actor, query: dict[str, Any]) -> Page[PickParcel]:
    """List parcels with what is in them, by pickup point, leader and shopper."""
    page = _page(query)
    return queries.pick_list(Wanted(**query), **page)


@api.get("/hq/pick-lists/file", allow="shipments.read", query=PickFileQuery, files=SHEETS)
def download_pick_list(actor: Actor, query: dict[str, Any]) -> Download:
    """Download a pick list, a row for each line of each parcel."""
    format = query.pop("format")
    parcels = queries.whole_pick_list(Wanted(**query))
    return sheet_download(
        rows=rows_of(lists.pick_rows(parcels, language=language()), lists.PICK_COLUMNS),
        columns=lists.PICK_COLUMNS,
        format=format,
        name=PICK_LIST.to(language()),
        language=language(),
        zone=settings().calendar.zone,
    )


@api.get(
    "/hq/pick-lists/pdf",
    allow="shipments.read",
    query=PickPaperQuery,
    files=[PDF],
    problems=[errors.TooManyForOnePaper],
)
def print_pick_list(actor: Actor, query: dict[str, Any]) -> Download:
    """Print pick lists: a part for each point, the cold chain apart."""
    return _pick_paper(Wanted(**query))


@api.get(
    "/leader/pick-lists",
    allow="leader.own",
    query=LeaderPickQuery,
    returns=page_of(PickParcelSchema),
)
def list_own_parcels(actor: Actor, query: dict[str, Any]) -> Page[PickParcel]:
    """List the open parcels of one's own pickup points, with what is in them."""
    page = _page(query)
    return queries.pick_list(Wanted(leader_id=actor.leader_id, **query), **page)


@api.get(
    "/leader/pick-lists/pdf",
    allow="leader.own",
    query=LeaderPickPaperQuery,
    files=[PDF],
    problems=[errors.TooManyForOnePaper],
)
def print_own_parcels(actor: Actor, query: dict[str, Any]) -> Download:
    """Print the open parcels of one's own pickup points."""
    return _pick_paper(Wanted(leader_id=actor.leader_id, **query))


@api.get(SLIPS, allow="shipments.read", query=SlipQuery, returns=page_of(PickParcelSchema))
def list_slips(actor: Actor, shipment_id: str, query: dict[str, Any]) -> Page[PickParcel]:
    """List what stands on the packing slips of a shipment."""
    page = _page(query)
    return queries.pick_list(_of_shipment(shipment_id, **query), **page)


@api.get(f"{SLIPS}/file", allow="shipments.read", query=SlipFileQuery, files=SHEETS)
def download_slips(actor: Actor, shipment_id: str, query: dict[str, Any]) -> Download:
    """Download a row for each parcel of a shipment."""
    format = query.pop("format")
    parcels = _whole_shipment(shipment_id, **query)
    return sheet_download(
        rows=rows_of(lists.slip_rows(parcels, language=language()), lists.SLIP_COLUMNS),
        columns=lists.SLIP_COLUMNS,
        format=format,
        name=SLIP_NAME.to(language()),
        language=language(),
        zone=settings().calendar.zone,
    )


@api.get(
    f"{SLIPS}/pdf",
    allow="shipments.read",
    query=SlipPaperQuery,
    files=[PDF],
    problems=[errors.TooManyForOnePaper],
)
def print_slips(actor: Actor, shipment_id: str, query: dict[str, Any]) -> Download:
    """Print a slip for each parcel of a shipment, on a label's size; one more if it is cold."""
    parcels = queries.pick_list_for_paper(_of_shipment(shipment_id, **query))
    paper = lists.slips_paper(parcels, language(), created=clock.now())
    return Download(paper, PDF, f"{SLIP_NAME.to(language())}.pdf")
