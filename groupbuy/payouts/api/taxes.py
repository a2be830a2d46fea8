"""Tax regimes and the report to the tax authority."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import SHEETS, sheet_download
from groupbuy.kernel.http import Download, Nothing, Page, PageQuery, language, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import Column, Kind, rows_of
from groupbuy.kernel.texts import Text
from groupbuy.payouts import errors, queries, services
from groupbuy.payouts.api.surface import api
from groupbuy.payouts.models import TaxRegime
from groupbuy.payouts.queries import TaxReportRow
from groupbuy.payouts.rules.quarters import months_of_quarter
from groupbuy.payouts.schemas.taxes import (
    TaxRegimeBody,
    TaxRegimeQuery,
    TaxRegimeSchema,
    TaxReportFileQuery,
    TaxReportRowSchema,
)

REGIME = "/hq/tax-regimes/<id(txr):regime_id>"
REPORT = "/hq/tax-reports/<string(length=7):quarter>"
NAME = Text("涉税信息-{quarter}", "tax-report-{quarter}")
TAX_REPORT_COLUMNS = (
    Column("leader_id", Text("团长编号", "Leader")),
    Column("name", Text("姓名", "Name")),
    Column("payouts", Text("打款笔数", "Payouts"), Kind.INT),
    Column("gross_fen", Text("收入总额（元）", "Gross (yuan)"), Kind.FEN),
    Column("reversals_fen", Text("冲回金额（元）", "Reversals (yuan)"), Kind.FEN),
    Column("net_fen", Text("收入净额（元）", "Net (yuan)"), Kind.FEN),
    Column("tax_fen", Text("预扣税额（元）", "Tax withheld (yuan)"), Kind.FEN),
    Column("paid_fen", Text("实付金额（元）", "Paid (yuan)"), Kind.FEN),
)


@api.get(
    "/hq/tax-regimes",
    allow="payouts.read",
    query=TaxRegimeQuery,
    returns=page_of(TaxRegimeSchema),
)
def list_tax_regimes(actor: Actor, query: dict[str, Any]) -> Page[TaxRegime]:
    """List tax regimes, the newest first."""
    return queries.regime_list(**query)


@api.post(
    "/hq/tax-regimes",
    allow="payouts.prepare",
    body=TaxRegimeBody,
    returns=TaxRegimeSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.NoTaxTable],
)
def create_tax_regime(actor: Actor, body: dict[str, Any]) -> TaxRegime:
    """Prepare a tax regime for one leader or for everyone."""
    with transaction():
        return services.create_regime(
            **body, calendar=settings().calendar, actor=actor, now=clock.now()
        )


@api.get(REGIME, allow="payouts.read", returns=TaxRegimeSchema)
def show_tax_regime(actor: Actor, regime_id: str) -> TaxRegime:
    """Show a tax regime."""
    return queries.regime(regime_id)


@api.post(
    f"{REGIME}/approval",
    allow="payouts.approve",
    body=Nothing,
    returns=TaxRegimeSchema,
    problems=[NotInThisState, errors.PayoutApproverIsPreparer, errors.TaxRegimeTaken],
)
def approve_tax_regime(actor: Actor, regime_id: str, body: dict[str, Any]) -> TaxRegime:
    """Let a tax regime hold; it never changes from then on."""
    with transaction():
        return services.approve_regime(regime_id=regime_id, actor=actor, now=clock.now())


@api.post(
    f"{REGIME}/withdrawal",
    allow="payouts.prepare",
    body=Nothing,
    returns=TaxRegimeSchema,
    problems=[NotInThisState],
)
def withdraw_tax_regime(actor: Actor, regime_id: str, body: dict[str, Any]) -> TaxRegime:
    """Take back a tax regime that is not approved."""
    with transaction():
        return services.withdraw_regime(regime_id=regime_id, actor=actor, now=clock.now())


@api.get(REPORT, allow="payouts.read", query=PageQuery, returns=page_of(TaxReportRowSchema))
def show_tax_report(actor: Actor, quarter: str, query: dict[str, Any]) -> Page[TaxReportRow]:
    """Report a quarter by leader."""
    return queries.tax_report(months=months_of_quarter(quarter), **query)


@api.get(f"{REPORT}/file", allow="payouts.read", query=TaxReportFileQuery, files=SHEETS)
def download_tax_report(actor: Actor, quarter: str, query: dict[str, Any]) -> Download:
    """Download the whole of a quarter, a row for each leader."""
    rows = queries.tax_report(months=months_of_quarter(quarter), limit=None).items
    return sheet_download(
        rows=rows_of(rows, TAX_REPORT_COLUMNS),
        columns=TAX_REPORT_COLUMNS,
        name=NAME.format(quarter=quarter).to(language()),
        language=language(),
        zone=settings().calendar.zone,
        **query,
    )
