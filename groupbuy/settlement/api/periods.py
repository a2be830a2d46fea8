"""Settlement over HTTP: headquarters moves the month, leaders read their statements."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.settlement import errors, jobs, queries, services
from groupbuy.settlement.models import SettlementPeriod, Statement
from groupbuy.settlement.queries.statements import ComponentView, CorrectionView, SaleView
from groupbuy.settlement.schemas.answers import OwnStatementQuery
from groupbuy.settlement.schemas.periods import (
    ApprovalBody,
    PeriodOverviewSchema,
    PeriodSchema,
    ReturnBody,
    StatementComponentSchema,
    StatementCorrectionSchema,
    StatementLineSchema,
    StatementQuery,
    StatementSchema,
)

api = Api("settlement", __name__, url_prefix="/api/v1", description="The month, statements")

PERIOD = "/hq/settlement-periods/<month:month>"
STATEMENT = "/hq/statements/<id(sts):statement_id>"
OWN_STATEMENT = "/leader/statements/<id(sts):statement_id>"


def _terms() -> dict[str, Any]:
    """Return the settings under which a month is closed now."""
    present = settings()
    return {
        "calendar": present.calendar,
        "hold_days": present.hold_days,
        "min_payout_fen": present.min_payout_fen,
    }


@api.get(
    "/hq/settlement-periods",
    allow="settlement.read",
    query=PageQuery,
    returns=page_of(PeriodSchema),
)
def list_settlement_periods(actor: Actor, query: dict[str, Any]) -> Page[SettlementPeriod]:
    """List the months whose closing has started, the newest first."""
    return queries.period_list(**query)


@api.get(PERIOD, allow="settlement.read", returns=PeriodOverviewSchema)
def show_settlement_period(actor: Actor, month: str) -> queries.Overview:
    """Show a month with its totals and history; an open one as it would be closed."""
    return queries.overview(month, **_terms())


@api.post(
    f"{PERIOD}/closing",
    allow="settlement.prepare",
    body=Nothing,
    returns=PeriodSchema,
    problems=[
        NotInThisState,
        errors.CutoffNotReached,
        errors.EarlierMonthUnsettled,
        errors.LaterMonthBegun,
    ],
)
def close_settlement_period(actor: Actor, month: str, body: dict[str, Any]) -> SettlementPeriod:
    """Close a month's books, from ten minutes after the cutoff on."""
    with transaction():
        return services.start_closing(month=month, **_terms(), actor=actor, now=clock.now())


@api.post(
    f"{PERIOD}/calculation",
    allow="settlement.prepare",
    body=Nothing,
    returns=PeriodSchema,
    problems=[NotInThisState],
)
def calculate_settlement_period(actor: Actor, month: str, body: dict[str, Any]) -> SettlementPeriod:
    """Calculate a month's statements, or go on with it; it may be repeated until the approval."""
    return jobs.calculate_month(month=month, actor=actor)


@api.post(
    f"{PERIOD}/submission",
    allow="settlement.prepare",
    body=Nothing,
    returns=PeriodSchema,
    problems=[NotInThisState],
)
def submit_settlement_period(actor: Actor, month: str, body: dict[str, Any]) -> SettlementPeriod:
    """Hand the figures over for review."""
    with transaction():
        return services.submit(month=month, actor=actor, now=clock.now())


@api.post(
    f"{PERIOD}/return",
    allow="settlement.approve",
    body=ReturnBody,
    returns=PeriodSchema,
    problems=[NotInThisState],
    example={"reason": "门店 7 的退款尚未录入"},
)
def return_settlement_period(actor: Actor, month: str, body: dict[str, Any]) -> SettlementPeriod:
    """Send the figures back to who prepared them."""
    with transaction():
        return services.send_back(month=month, **body, actor=actor, now=clock.now())


@api.post(
    f"{PERIOD}/approval",
    allow="settlement.approve",
    body=ApprovalBody,
    returns=PeriodSchema,
    problems=[NotInThisState, errors.FiguresChanged, errors.ApproverIsPreparer],
    example={"digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
)
def approve_settlement_period(actor: Actor, month: str, body: dict[str, Any]) -> SettlementPeriod:
    """Approve the figures that were reviewed and post them to the ledger."""
    with transaction():
        return services.approve(
            month=month,
            **body,
            confirm_days=settings().statement_confirm_days,
            actor=actor,
            now=clock.now(),
        )


@api.post(
    f"{PERIOD}/lock",
    allow="settlement.approve",
    body=Nothing,
    returns=PeriodSchema,
    problems=[NotInThisState, errors.StatementsUnanswered],
)
def lock_settlement_period(actor: Actor, month: str, body: dict[str, Any]) -> SettlementPeriod:
    """Lock an approved month whose statements are all answered: the last word."""
    with transaction():
        return services.lock(month=month, actor=actor, now=clock.now())


@api.get(
    f"{PERIOD}/statements",
    allow="settlement.read",
    query=StatementQuery,
    returns=page_of(StatementSchema),
)
def list_statements(actor: Actor, month: str, query: dict[str, Any]) -> Page[Statement]:
    """List a month's statements, drafts too."""
    return queries.statement_list(month=month, **query)


@api.get(STATEMENT, allow="settlement.read", returns=StatementSchema)
def show_statement(actor: Actor, statement_id: str) -> Statement:
    """Show a statement."""
    return queries.statement(statement_id)


@api.get(
    f"{STATEMENT}/lines",
    allow="settlement.read",
    query=PageQuery,
    returns=page_of(StatementLineSchema),
)
def list_statement_lines(actor: Actor, statement_id: str, query: dict[str, Any]) -> Page[SaleView]:
    """List a statement's lines; each explains its amount."""
    return queries.line_list(statement=queries.statement(statement_id), **query)


@api.get(
    "/leader/statements",
    allow="leader.own",
    query=OwnStatementQuery,
    returns=page_of(StatementSchema),
)
def list_own_statements(actor: Actor, query: dict[str, Any]) -> Page[Statement]:
    """List one's own statements of approved months, the newest first."""
    return queries.own_statements(leader_id=actor.leader_id, **query)


@api.get(OWN_STATEMENT, allow="leader.own", returns=StatementSchema)
def show_own_statement(actor: Actor, statement_id: str) -> Statement:
    """Show one's own statement."""
    return queries.own_statement(statement_id, leader_id=actor.leader_id)


@api.get(
    f"{OWN_STATEMENT}/lines",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(StatementLineSchema),
)
def list_own_statement_lines(
    actor: Actor, statement_id: str, query: dict[str, Any]
) -> Page[SaleView]:
    """List one's own statement's lines; each explains its amount."""
    own = queries.own_statement(statement_id, leader_id=actor.leader_id)
    return queries.line_list(statement=own, **query)


@api.get(
    f"{STATEMENT}/corrections",
    allow="settlement.read",
    query=PageQuery,
    returns=page_of(StatementCorrectionSchema),
)
def list_statement_corrections(
    actor: Actor, statement_id: str, query: dict[str, Any]
) -> Page[CorrectionView]:
    """List a statement's corrections; each explains its amount."""
    found = queries.statement(statement_id)
    return queries.correction_list(statement=found, **query)


@api.get(
    f"{STATEMENT}/components",
    allow="settlement.read",
    query=PageQuery,
    returns=page_of(StatementComponentSchema),
)
def list_statement_components(
    actor: Actor, statement_id: str, query: dict[str, Any]
) -> Page[ComponentView]:
    """List a statement's components; each explains its amount."""
    found = queries.statement(statement_id)
    return queries.component_list(statement=found, **query)


@api.get(
    f"{OWN_STATEMENT}/corrections",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(StatementCorrectionSchema),
)
def list_own_statement_corrections(
    actor: Actor, statement_id: str, query: dict[str, Any]
) -> Page[CorrectionView]:
    """List one's own statement's corrections; each explains its amount."""
    found = queries.own_statement(statement_id, leader_id=actor.leader_id)
    return queries.correction_list(statement=found, **query)


@api.get(
    f"{OWN_STATEMENT}/components",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(StatementComponentSchema),
)
def list_own_statement_components(
    actor: Actor, statement_id: str, query: dict[str, Any]
) -> Page[ComponentView]:
    """List one's own statement's components; each explains its amount."""
    found = queries.own_statement(statement_id, leader_id=actor.leader_id)
    return queries.component_list(statement=found, **query)
