"""Tax regimes and the report to the tax authority."""

from collections.abc import Callable
from dataclasses import astuple, fields
from typing import Any

from flask import Response

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Nothing, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.payouts import errors, queries, services
from groupbuy.payouts.api.surface import api, download
from groupbuy.payouts.models import TaxRegime
from groupbuy.payouts.queries import TaxReportRow
from groupbuy.payouts.rules.files import write_csv
from groupbuy.payouts.rules.quarters import months_of_quarter
from groupbuy.payouts.schemas.taxes import (
    TaxRegimeBody,
    TaxRegimeQuery,
    TaxRegimeSchema,
    TaxReportQuery,
    TaxReportRowSchema,
)

REGIME = "/hq/tax-regimes/<id(txr):regime_id>"


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
    problems=[errors.NoTaxTable],
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


@api.get(
    "/hq/tax-reports/<string(length=7):quarter>",
    allow="payouts.read",
    query=TaxReportQuery,
    returns=page_of(TaxReportRowSchema),
)
def show_tax_report(
    actor: Actor, quarter: str, query: dict[str, Any]
) -> Page[TaxReportRow] | Response:
    """Report a quarter by leader; `format=csv` gives the whole of it as a file."""
    months = months_of_quarter(quarter)
    return REPORTS[query.pop("format")](quarter, months, query)


def _page(quarter: str, months: tuple[str, str], query: dict[str, Any]) -> Page[TaxReportRow]:
    return queries.tax_report(months=months, **query)


def _csv(quarter: str, months: tuple[str, str], query: dict[str, Any]) -> Response:
    rows = queries.tax_report(months=months, limit=None).items
    header = [field.name for field in fields(TaxReportRow)]
    content = write_csv(header, map(astuple, rows))
    return download(content, "text/csv; charset=utf-8", f"tax-report-{quarter}.csv")


REPORTS: dict[str, Callable[..., Page[TaxReportRow] | Response]] = {"json": _page, "csv": _csv}
