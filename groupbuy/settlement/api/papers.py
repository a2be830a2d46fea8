"""Statements as papers and files over HTTP."""

from typing import Any

from groupbuy.kernel.access import Actor
from groupbuy.kernel.downloads import PDF, SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, language
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import rows_of
from groupbuy.kernel.texts import Text
from groupbuy.settlement import queries
from groupbuy.settlement.models import Statement
from groupbuy.settlement.rules.figures import MONTH_COLUMNS, STATEMENT_COLUMNS
from groupbuy.settlement.rules.papers import statement_paper
from groupbuy.settlement.schemas.papers import StatementFileQuery

api = Api("papers", __name__, url_prefix="/api/v1", description="Statements as papers and files")

STATEMENT = "/hq/statements/<id(sts):statement_id>"
OWN_STATEMENT = "/leader/statements/<id(sts):statement_id>"
NAME = Text("佣金结算单-{month}", "statement-{month}")
MONTH_NAME = Text("结算-{month}", "settlement-{month}")


def _paper(statement: Statement) -> Download:
    zone = settings().calendar.zone
    content = queries.statement_content(statement, language=language(), zone=zone)
    name = NAME.format(month=statement.month).to(language())
    return Download(statement_paper(content, language()), PDF, f"{name}.pdf")


def _file(statement: Statement, format: str) -> Download:
    rows = queries.statement_rows(statement, language=language())
    return sheet_download(
        rows=rows_of(rows, STATEMENT_COLUMNS),
        columns=STATEMENT_COLUMNS,
        format=format,
        name=NAME.format(month=statement.month).to(language()),
        language=language(),
        zone=settings().calendar.zone,
    )


@api.get(f"{STATEMENT}/pdf", allow="settlement.read", files=[PDF])
def download_statement_paper(actor: Actor, statement_id: str) -> Download:
    """Download a statement as a PDF that a phone shows well."""
    return _paper(queries.statement(statement_id))


@api.get(f"{OWN_STATEMENT}/pdf", allow="leader.own", files=[PDF])
def download_own_statement_paper(actor: Actor, statement_id: str) -> Download:
    """Download one's own statement as a PDF that a phone shows well."""
    return _paper(queries.own_statement(statement_id, leader_id=actor.leader_id))


@api.get(f"{STATEMENT}/file", allow="settlement.read", query=StatementFileQuery, files=SHEETS)
def download_statement_file(actor: Actor, statement_id: str, query: dict[str, Any]) -> Download:
    """Download all rows of a statement; their amounts sum to what is payable."""
    return _file(queries.statement(statement_id), **query)


@api.get(f"{OWN_STATEMENT}/file", allow="leader.own", query=StatementFileQuery, files=SHEETS)
def download_own_statement_file(actor: Actor, statement_id: str, query: dict[str, Any]) -> Download:
    """Download all rows of one's own statement; their amounts sum to what is payable."""
    return _file(queries.own_statement(statement_id, leader_id=actor.leader_id), **query)


@api.get(
    "/hq/settlement-periods/<month:month>/file",
    allow="settlement.read",
    query=StatementFileQuery,
    files=SHEETS,
)
def download_settlement_file(actor: Actor, month: str, query: dict[str, Any]) -> Download:
    """Download a month, a row for each statement."""
    return sheet_download(
        rows=rows_of(queries.month_rows(month, language=language()), MONTH_COLUMNS),
        columns=MONTH_COLUMNS,
        name=MONTH_NAME.format(month=month).to(language()),
        language=language(),
        zone=settings().calendar.zone,
        **query,
    )
