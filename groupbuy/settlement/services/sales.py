"""The sales of a month: leader by leader, as the bytes that the database keeps."""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import count
from typing import NamedTuple

from groupbuy.commissions.rules.calculation import Filled, cap_of, fill
from groupbuy.commissions.rules.terms import (
    Exclusion,
    PlanTerms,
)
from groupbuy.kernel.ids import derived_id, to_uuid
from groupbuy.settlement import queries
from groupbuy.settlement.models import SettlementPeriod
from groupbuy.settlement.queries.sales import SalesOfLeader

COLUMNS = (
    "statement_id",
    "position",
    "commission_line_id",
    "transfer_id",
    "reason",
    "base_fen",
    "quantity",
    "volume_from_fen",
    "parts",
    "amount_fen",
)
"""The columns of a statement's line, in the order in which its bytes are written."""


NULL = "\\N"
"""How PostgreSQL writes nothing in its text format."""


class LeaderResult(NamedTuple):
    """What a leader's sales come to: figures, digests of what was read and written, the lines."""

    leader_id: str
    lines: int
    volume_fen: int
    uncapped_fen: int
    cap_fen: int | None
    sales_fen: int
    input_digest: str
    digest: str
    written: bytes


def statement_id(*, month: str, leader_id: str) -> str:
    """Return the id of a leader's statement of a month, always the same."""
    return derived_id("sts", month, leader_id)


def results(
    period: SettlementPeriod,
    *,
    after: str,
    until: str,
    plans: Mapping[str, PlanTerms],
    forfeited: frozenset[str],
) -> Iterator[LeaderResult]:
    """Calculate the sales of the leaders with ids in (after, until]."""
    for own in queries.sales(period, after=after, until=until, plans=plans, forfeited=forfeited):
        yield _result(period.month, own, plans)


def _result(month: str, own: SalesOfLeader, plans: Mapping[str, PlanTerms]) -> LeaderResult:
    cap_fen = cap_of(own.version_ids, plans)
    filled = fill(own.lines, cap_fen)
    written = _written(statement_id(month=month, leader_id=own.leader_id), own, filled)
    return LeaderResult(
        leader_id=own.leader_id,
        lines=len(own.lines),
        volume_fen=filled.volume_fen,
        uncapped_fen=filled.uncapped_fen,
        cap_fen=cap_fen,
        sales_fen=filled.total_fen,
        input_digest=hashlib.sha256(own.read.encode()).hexdigest(),
        digest=hashlib.sha256(written).hexdigest(),
        written=written,
    )


def _written(statement: str, own: SalesOfLeader, filled: Filled) -> bytes:
    """Return the lines as `copy … from stdin` takes them, and `to stdout` gives them back."""
    head = str(to_uuid(statement, "sts"))
    columns = own.line_ids, own.transfer_ids, own.suspicious, own.lines
    figures = filled.positions_fen, filled.parts, filled.amounts_fen
    rows = zip(count(), *columns, *figures)  # count() has no end
    return "".join(
        f"{head}\t{position}\t{line_id}\t{transfer_id or NULL}\t"
        f"{Exclusion.SUSPICIOUS.value if improper else NULL}\t{line.base_fen}\t{line.quantity}\t"
        f"{from_fen}\t{parts}\t{amount_fen}\n"
        for position, line_id, transfer_id, improper, line, from_fen, parts, amount_fen in rows
    ).encode()
