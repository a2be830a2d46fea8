"""Purchase lists and orders to suppliers over HTTP."""

from typing import Any

from groupbuy.fulfilment import errors, queries, services
from groupbuy.fulfilment.models import PurchaseReceipt
from groupbuy.fulfilment.queries import Bought, PurchaseView
from groupbuy.fulfilment.rules import purchases
from groupbuy.fulfilment.rules.purchases import Need
from groupbuy.fulfilment.schemas.purchases import (
    NeedFileQuery,
    NeedPaperQuery,
    NeedQuery,
    NeedSchema,
    PurchaseBody,
    PurchaseClosingBody,
    PurchaseFileQuery,
    PurchaseQuery,
    PurchaseReceiptBody,
    PurchaseReceiptSchema,
    PurchaseSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import PDF, SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, Page, PageQuery, language, page_of
from groupbuy.kernel.problems import InvalidInput, NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import rows_of
from groupbuy.kernel.texts import Text

api = Api("purchases", __name__, url_prefix="/api/v1", description="What is to be bought")

ORDER = "/hq/purchase-orders/<id(pur):purchase_order_id>"
LIST_NAME = Text("采购清单", "purchase-list")
ORDER_NAME = Text("采购单-{number}", "purchase-order-{number}")


def _bought(given: dict[str, Any]) -> Bought:
    names = ("campaign_id", "paid_from", "paid_until", "storage", "supplier_id")
    return Bought(**{name: given.pop(name) for name in names})


@api.get("/hq/purchase-lists", allow="shipments.read", query=NeedQuery, returns=page_of(NeedSchema))
def list_needs(actor: Actor, query: dict[str, Any]) -> Page[Need]:
    """List what the paid orders that are not shipped need, beside what is there."""
    return queries.needs(_bought(query), **query)


@api.get("/hq/purchase-lists/file", allow="shipments.read", query=NeedFileQuery, files=SHEETS)
def download_needs(actor: Actor, query: dict[str, Any]) -> Download:
    """Download the purchase list, a row for each SKU."""
    rows = purchases.in_words(queries.all_needs(_bought(query)), language=language())
    return sheet_download(
        rows=rows_of(rows, purchases.NEED_COLUMNS),
        columns=purchases.NEED_COLUMNS,
        name=LIST_NAME.to(language()),
        language=language(),
        zone=settings().calendar.zone,
        **query,
    )


@api.get("/hq/purchase-lists/pdf", allow="shipments.read", query=NeedPaperQuery, files=[PDF])
def print_needs(actor: Actor, query: dict[str, Any]) -> Download:
    """Print the purchase list, the cold chain apart."""
    needs = list(queries.all_needs(_bought(query)))
    paper = purchases.purchase_paper(needs, language(), created=clock.now())
    return Download(paper, PDF, f"{LIST_NAME.to(language())}.pdf")


@api.get(
    "/hq/purchase-orders",
    allow="shipments.read",
    query=PurchaseQuery,
    returns=page_of(PurchaseSchema),
)
def list_purchase_orders(actor: Actor, query: dict[str, Any]) -> Page[PurchaseView]:
    """List what was ordered from suppliers, newest first."""
    return queries.purchase_list(**query)


@api.post(
    "/hq/purchase-orders",
    allow="shipments.edit",
    body=PurchaseBody,
    returns=PurchaseSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, NotInThisState, InvalidInput, errors.NothingToBuy],
)
def fix_purchase_order(actor: Actor, body: dict[str, Any]) -> PurchaseView:
    """Fix what is ordered from a supplier: the lines given, else whatever is to be bought."""
    bought = _bought(body)
    with transaction():
        return services.fix_purchase(bought=bought, **body, actor=actor, now=clock.now())


@api.get(ORDER, allow="shipments.read", returns=PurchaseSchema)
def show_purchase_order(actor: Actor, purchase_order_id: str) -> PurchaseView:
    """Show what was ordered from a supplier, and what came."""
    return queries.show_purchases([queries.purchase_order(purchase_order_id)])[0]


@api.get(f"{ORDER}/file", allow="shipments.read", query=PurchaseFileQuery, files=SHEETS)
def download_purchase_order(
    actor: Actor, purchase_order_id: str, query: dict[str, Any]
) -> Download:
    """Download an order to a supplier, a row for each SKU."""
    (view,) = queries.show_purchases([queries.purchase_order(purchase_order_id)])
    rows = purchases.in_words(view.lines, language=language())
    return sheet_download(
        rows=rows_of(rows, purchases.ORDER_COLUMNS),
        columns=purchases.ORDER_COLUMNS,
        name=ORDER_NAME.format(number=view.order.number).to(language()),
        language=language(),
        zone=settings().calendar.zone,
        **query,
    )


@api.get(f"{ORDER}/pdf", allow="shipments.read", files=[PDF])
def print_purchase_order(actor: Actor, purchase_order_id: str) -> Download:
    """Print an order to a supplier, with lines to sign on."""
    (view,) = queries.show_purchases([queries.purchase_order(purchase_order_id)])
    paper = purchases.order_paper(
        number=view.order.number,
        supplier=view.order.supplier,
        note=view.order.note,
        lines=view.lines,
        language=language(),
        created=view.order.fixed_at,
    )
    return Download(paper, PDF, f"{ORDER_NAME.format(number=view.order.number).to(language())}.pdf")


@api.get(
    f"{ORDER}/receipts",
    allow="shipments.read",
    query=PageQuery,
    returns=page_of(PurchaseReceiptSchema),
)
def list_purchase_receipts(
    actor: Actor, purchase_order_id: str, query: dict[str, Any]
) -> Page[PurchaseReceipt]:
    """List what came for an order to a supplier, as it came."""
    return queries.receipts(order_id=purchase_order_id, **query)


@api.post(
    f"{ORDER}/receipts",
    allow="stock.edit",
    body=PurchaseReceiptBody,
    returns=PurchaseSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, InvalidInput],
)
def receive_purchase(actor: Actor, purchase_order_id: str, body: dict[str, Any]) -> PurchaseView:
    """Put goods that came for an order to a supplier into the house."""
    with transaction():
        return services.receive_purchase(
            order_id=purchase_order_id, **body, actor=actor, now=clock.now()
        )


@api.post(
    f"{ORDER}/closing",
    allow="shipments.edit",
    body=PurchaseClosingBody,
    returns=PurchaseSchema,
    problems=[NotInThisState],
)
def close_purchase_order(
    actor: Actor, purchase_order_id: str, body: dict[str, Any]
) -> PurchaseView:
    """Say that nothing more is to come for an order to a supplier."""
    with transaction():
        return services.close_purchase(
            order_id=purchase_order_id, **body, actor=actor, now=clock.now()
        )
