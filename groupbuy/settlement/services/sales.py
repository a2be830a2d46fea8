"""The sales of a month: leader by leader, as the bytes that the database keeps."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from groupbuy.commissions.rules.calculation import Calculation, cap_of, fill
from groupbuy.commissions.rules.terms import Exclude, PlanTerms
from groupbuy.kernel.ids import derived_id
from groupbuy.settlement import queries
from groupbuy.settlement.models import SettlementPeriod
from groupbuy.settlement.queries.sales import Sale, SalesOfLeader

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
    versions = {sale.plan_version_id for sale in own.sales if not _excluded(sale)}
    cap_fen = cap_of((f"plv_{v.decode().replace('-', '')}" for v in versions), plans)
    earned = fill([sale.line for sale in own.sales], cap_fen)
    written = _written(statement_id(month=month, leader_id=own.leader_id), own.sales, earned)
    return LeaderResult(
        leader_id=own.leader_id,
        lines=len(own.sales),
        volume_fen=earned.volume_fen,
        uncapped_fen=earned.uncapped_fen,
        cap_fen=cap_fen,
        sales_fen=earned.total_fen,
        input_digest=hashlib.sha256(own.read).hexdigest(),
        digest=hashlib.sha256(written).hexdigest(),
        written=written,
    )


def _excluded(sale: Sale) -> bool:
    return isinstance(sale.line.earning, Exclude)


def _written(statement: str, sales: list[Sale], earned: Calculation) -> bytes:
    """Return the lines as `copy … from stdin` takes them, and `to stdout` gives them back."""
    head = statement[4:]
    own = f"{head[:8]}-{head[8:12]}-{head[12:16]}-{head[16:20]}-{head[20:]}".encode()
    return b"".join(
        b"%b\t%d\t%b\t%b\t%b\t%d\t%d\t%d\t%d\t%d\n"
        % (
            own,
            position,
            sale.line_id,
            sale.transfer_id,
            b"suspicious" if sale.suspicious else b"\\N",
            result.line.base_fen,
            result.line.quantity,
            result.position_from_fen,
            result.parts,
            result.amount_fen,
        )
        for position, (sale, result) in enumerate(zip(sales, earned.lines, strict=True))
    )
