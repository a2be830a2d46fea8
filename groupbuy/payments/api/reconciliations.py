"""Comparisons with the providers' lists."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import SHEETS, sheet_download
from groupbuy.kernel.http import Download, Page, language, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import Column, Kind, rows_of
from groupbuy.kernel.texts import Text
from groupbuy.payments import errors, queries, services
from groupbuy.payments.api.surface import api
from groupbuy.payments.models import PaymentDifference, PaymentReconciliation
from groupbuy.payments.schemas.reconciliations import (
    PaymentDifferenceFileQuery,
    PaymentDifferenceQuery,
    PaymentDifferenceResolutionBody,
    PaymentDifferenceSchema,
    PaymentReconciliationBody,
    PaymentReconciliationQuery,
    PaymentReconciliationSchema,
)

DIFFERENCES = "/hq/payment-differences"
NAME = Text("收款差异", "payment-differences")
COLUMNS = (
    Column("day", Text("日期", "Day")),
    Column("provider", Text("渠道", "Provider")),
    Column("subject", Text("类型", "Subject")),
    Column("number", Text("编号", "Number")),
    Column("kind", Text("差异", "Difference")),
    Column("our_fen", Text("我方金额", "Our amount"), Kind.FEN),
    Column("their_fen", Text("对方金额", "Their amount"), Kind.FEN),
    Column("our_state", Text("我方状态", "Our state")),
    Column("their_state", Text("对方状态", "Their state")),
    Column("fee_fen", Text("手续费", "Fee"), Kind.FEN),
    Column("state", Text("处理状态", "State")),
    Column("note", Text("处理说明", "Note")),
    Column("resolved_by", Text("处理人", "Resolved by")),
    Column("resolved_at", Text("处理时间", "Resolved at"), Kind.INSTANT),
)


@api.get(
    "/hq/payment-reconciliations",
    allow="payments.read",
    query=PaymentReconciliationQuery,
    returns=page_of(PaymentReconciliationSchema),
)
def list_payment_reconciliations(
    actor: Actor, query: dict[str, Any]
) -> Page[PaymentReconciliation]:
    """List comparisons, the newest first."""
    return queries.reconciliation_list(**query)


@api.post(
    "/hq/payment-reconciliations",
    allow="payments.edit",
    body=PaymentReconciliationBody,
    returns=PaymentReconciliationSchema,
    status=201,
    idempotent=True,
    problems=[
        errors.PaymentMethodUnavailable,
        errors.DayNotOver,
        errors.PaymentListNeeded,
        errors.PaymentListUnreadable,
    ],
)
def create_payment_reconciliation(actor: Actor, body: dict[str, Any]) -> PaymentReconciliation:
    """Compare a day with a provider's list: an uploaded one at once, its own by a job."""
    with transaction():
        return services.request_reconciliation(**body, actor=actor, now=clock.now())


@api.get(
    "/hq/payment-reconciliations/<id(pyr):reconciliation_id>",
    allow="payments.read",
    returns=PaymentReconciliationSchema,
)
def show_payment_reconciliation(actor: Actor, reconciliation_id: str) -> PaymentReconciliation:
    """Show a comparison."""
    return queries.reconciliation(reconciliation_id)


@api.get(
    DIFFERENCES,
    allow="payments.read",
    query=PaymentDifferenceQuery,
    returns=page_of(PaymentDifferenceSchema),
)
def list_payment_differences(actor: Actor, query: dict[str, Any]) -> Page[PaymentDifference]:
    """List what providers and we do not agree on."""
    return queries.difference_list(**query)


@api.get(
    f"{DIFFERENCES}/file", allow="payments.read", query=PaymentDifferenceFileQuery, files=SHEETS
)
def download_payment_differences(actor: Actor, query: dict[str, Any]) -> Download:
    """Download what providers and we do not agree on."""
    form = query.pop("format")
    return sheet_download(
        rows=rows_of(queries.difference_rows(**query), COLUMNS),
        columns=COLUMNS,
        format=form,
        name=NAME.to(language()),
        language=language(),
        zone=settings().calendar.zone,
    )


@api.post(
    f"{DIFFERENCES}/<id(pyd):difference_id>/resolution",
    allow="payments.edit",
    body=PaymentDifferenceResolutionBody,
    returns=PaymentDifferenceSchema,
    problems=[NotInThisState],
    example={"note": "微信商户平台手工退款，已核对"},
)
def resolve_payment_difference(
    actor: Actor, difference_id: str, body: dict[str, Any]
) -> PaymentDifference:
    """Note how a difference was cleared up."""
    with transaction():
        return services.resolve_payment_difference(
            difference_id=difference_id, **body, actor=actor, now=clock.now()
        )
