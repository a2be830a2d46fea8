"""A month told again from its events, and held against what was stored: byte for byte."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from groupbuy.settlement import queries
from groupbuy.settlement.models import SettlementPeriod
from groupbuy.settlement.rules.statements import CALCULATION_REVISION, canonical
from groupbuy.settlement.services import finishing, sales
from groupbuy.settlement.services.calculation import LEADERS_TOGETHER, Progress
from groupbuy.settlement.services.month import Finished


class Recomputed(NamedTuple):
    """What a month gives when it is told again.

    `differing` are the statements whose stored rows are not the ones that were told, at most a
    handful; `same` is whether everything, digests included, is what was stored.
    """

    month: str
    calc_rev: int | None
    digest: str
    stored_digest: str | None
    input_digest: str
    stored_input_digest: str | None
    statements: int
    differing: list[str]

    @property
    def same(self) -> bool:
        """Tell whether nothing differs."""
        return not self.differing and (self.digest, self.input_digest) == (
            self.stored_digest,
            self.stored_input_digest,
        )

    @property
    def comparable(self) -> bool:
        """Tell whether the month was calculated by this revision of the code."""
        return self.calc_rev == CALCULATION_REVISION


SHOWN = 10
"""Differing statements that are named."""


def recompute(
    *, period: SettlementPeriod, show: Callable[[Progress], None] | None = None
) -> Recomputed:
    """Compute a calculated month from its events as of its cutoff; nothing is written."""
    found: list[sales.LeaderResult] = []
    differing: list[str] = []
    for portion, progress in _portions(period):
        stored = _stored_lines(
            [sales.statement_id(month=period.month, leader_id=r.leader_id) for r in portion]
        )
        for result in portion:
            statement = sales.statement_id(month=period.month, leader_id=result.leader_id)
            if stored.pop(statement, b"") != result.written:
                differing.append(statement)
            found.append(result._replace(written=b""))
        if show is not None:
            show(progress)
    told = finishing.finished(period=period, sales=found, write=lambda rows: None)
    differing += _differing(period.month, told)
    return Recomputed(
        month=period.month,
        calc_rev=period.calc_rev,
        digest=told.digest,
        stored_digest=period.digest,
        input_digest=told.input_digest,
        stored_input_digest=period.input_digest,
        statements=len(told.statements),
        differing=sorted(set(differing))[:SHOWN],
    )


def _portions(
    period: SettlementPeriod,
) -> Iterator[tuple[list[sales.LeaderResult], Progress]]:
    """Yield the sales of the month, some leaders at a time, with how far it has come."""
    plans, forfeited = queries.plan_terms(), queries.forfeited_lines(period)
    after, done, lines, total = queries.FIRST_LEADER, 0, 0, queries.leader_count()
    while (portion := queries.next_leaders(after=after, limit=LEADERS_TOGETHER)) is not None:
        until, leaders = portion
        results = list(
            sales.results(period, after=after, until=until, plans=plans, forfeited=forfeited)
        )
        after, done = until, done + leaders
        lines += sum(result.lines for result in results)
        yield results, Progress("", done, total, lines, finished=False)


def _stored_lines(statements: list[str]) -> dict[str, bytes]:
    """Return the stored lines of statements, as the database writes them."""
    rows = queries.stored_lines(statements, sales.COLUMNS)
    by_statement = groupby(rows, key=lambda row: row.partition(b"\t")[0])
    return {f"sts_{own.decode().replace('-', '')}": b"".join(lines) for own, lines in by_statement}


def _differing(month: str, told: Finished) -> Iterator[str]:
    """Yield the statements whose head, corrections or components are stored otherwise."""
    mine = _gathered(told.statements, told.corrections, told.components)
    stored = queries.stored_parts(month)
    theirs = _gathered(stored.statements, stored.corrections, stored.components)
    for statement in sorted(mine.keys() | theirs.keys()):
        if mine.get(statement) != theirs.get(statement):
            yield statement


def _gathered(
    heads: list[dict[str, Any]], *parts: list[dict[str, Any]]
) -> dict[str, tuple[bytes, ...]]:
    """Return the canonical rows of each statement: its head, then its parts in order."""
    gathered: dict[str, list[bytes]] = {head["id"]: [canonical(head)] for head in heads}
    for rows in parts:
        for row in sorted(rows, key=lambda row: (row["statement_id"], row["position"])):
            gathered.setdefault(row["statement_id"], []).append(canonical(row))
    return {statement: tuple(rows) for statement, rows in gathered.items()}
