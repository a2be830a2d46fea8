"""Lines that an earlier month settled, with everything recorded of them until a cutoff."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import text

from groupbuy.commissions.rules.calculation import Line, calculate
from groupbuy.commissions.rules.terms import (
    Exclude,
    PlanTerms,
    RuleKind,
    earning,
)
from groupbuy.kernel.db import session
from groupbuy.settlement.models import SettlementPeriod
from groupbuy.settlement.queries.holding import Holding
from groupbuy.settlement.rules.corrections import Event, EventKind, SettledLine

TOGETHER = 5_000
"""Lines looked at in one go."""


def _id(prefix: str, column: str) -> str:
    """Return SQL for a public id; null stays null."""
    return f"'{prefix}_' || replace({column}::text, '-', '')"


_TOUCHED = f"""
select {_id("sts", "l.statement_id")}, {_id("cml", "l.commission_line_id")}
from settlement_lines l
join settlement_statements s on s.id = l.statement_id
join settlement_periods p on p.month = s.month
where p.month < :month and p.state in ('approved', 'locked') and l.commission_line_id in (
    select commission_line_id from commission_refunds
    where recorded_at >= :window_from and recorded_at < :cutoff_at
    union
    select commission_line_id from commission_transfers
    where recorded_at >= :window_from and recorded_at < :cutoff_at
    union
    select c.id from commission_lines c where c.order_id = any(:orders)
    union
    select h.commission_line_id
    from settlement_corrections h join settlement_statements b on b.id = h.statement_id
    where h.kind in ('HOLD', 'RELEASE') and b.month < :month
    group by h.commission_line_id having sum(h.amount_fen) <> 0
)
order by 1, 2
"""


def touched_lines(period: SettlementPeriod, *, orders: Collection[str]) -> list[tuple[str, str]]:
    """Return (statement, line) of the settled lines to which something happened in a window.

    `orders` are those that are held or were found improper: their lines are looked at, too.
    """
    rows = session().execute(
        text(_TOUCHED),
        {
            "month": period.month,
            "window_from": period.window_from,
            "cutoff_at": period.cutoff_at,
            "orders": [_uuid(order_id) for order_id in orders],
        },
    )
    return [(statement_id, line_id) for statement_id, line_id in rows]


class _Row(NamedTuple):
    """A line as it was settled."""

    line_id: str
    order_id: str
    statement_id: str
    leader_id: str
    month: str
    cutoff_at: datetime
    settled_fen: int
    base_fen: int
    quantity: int
    kind: str
    counts: bool
    retier: bool


_SETTLED = f"""
select {_id("cml", "l.commission_line_id")}, {_id("ord", "c.order_id")},
    {_id("sts", "l.statement_id")}, {_id("ldr", "s.leader_id")}, s.month, p.cutoff_at,
    l.amount_fen, l.base_fen, l.quantity, coalesce(t.kind, c.kind),
    l.reason is null and coalesce(t.kind, c.kind) <> 'exclude' and coalesce(t.counts, c.counts),
    coalesce(v.clawback_mode = 'retier', false)
from settlement_lines l
join settlement_statements s on s.id = l.statement_id
join settlement_periods p on p.month = s.month
join commission_lines c on c.id = l.commission_line_id
left join commission_transfers t on t.id = l.transfer_id
left join commission_plan_versions v on v.id = s.plan_version_id
where l.commission_line_id = any(:lines) and p.month < :month
order by 1
"""
_REFUNDS = f"""
select {_id("cml", "commission_line_id")}, recorded_at, refund_key, amount_fen, quantity
from commission_refunds where commission_line_id = any(:lines) and recorded_at < :cutoff_at
"""
_TRANSFERS = f"""
select {_id("cml", "commission_line_id")}, recorded_at, {_id("ctr", "id")},
    {_id("ldr", "leader_id")}
from commission_transfers where commission_line_id = any(:lines) and recorded_at < :cutoff_at
"""
_HELD = f"""
select {_id("cml", "h.commission_line_id")}, {_id("ldr", "s.leader_id")}, -sum(h.amount_fen)::bigint
from settlement_corrections h join settlement_statements s on s.id = h.statement_id
where h.commission_line_id = any(:lines) and h.kind in ('HOLD', 'RELEASE') and s.month < :month
group by 1, 2
"""


def settled_lines(
    period: SettlementPeriod,
    lines: Sequence[tuple[str, str]],
    *,
    holding: Holding,
    plans: Mapping[str, PlanTerms],
) -> Iterator[SettledLine]:
    """Yield lines of settled months with all that was recorded of them until the cutoff.

    `lines` are (statement, line), in order. A line of a month that is computed anew brings its
    neighbours with it.
    """
    for portion in _portions(lines):
        again = _Retiering(period, plans)
        rows = _rows(period, portion)
        rows += again.widened(rows)
        yield from _told(period, rows, holding, again)


def _portions(lines: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
    """Split lines into portions; those of one statement stay together."""
    portion: list[str] = []
    for _, own in groupby(lines, key=lambda pair: pair[0]):
        portion += [line_id for _, line_id in own]
        if len(portion) >= TOGETHER:
            yield portion
            portion = []
    if portion:
        yield portion


def _rows(period: SettlementPeriod, lines: Sequence[str]) -> list[_Row]:
    found = session().execute(
        text(_SETTLED), {"lines": [_uuid(line) for line in lines], "month": period.month}
    )
    return [_Row(*row) for row in found]


def _told(
    period: SettlementPeriod, rows: Sequence[_Row], holding: Holding, again: "_Retiering"
) -> Iterator[SettledLine]:
    parameters = {
        "lines": [_uuid(row.line_id) for row in rows],
        "cutoff_at": period.cutoff_at,
        "month": period.month,
    }
    events: dict[str, list[tuple[datetime, str, int, int, str | None, EventKind]]]
    events = defaultdict(list)
    for line_id, at, key, fen, units in session().execute(text(_REFUNDS), parameters):
        events[line_id].append((at, key, fen, units, None, EventKind.REFUND))
    for line_id, at, key, leader_id in session().execute(text(_TRANSFERS), parameters):
        events[line_id].append((at, key, 0, 0, leader_id, EventKind.TRANSFER))
    held: dict[str, dict[str, int]] = defaultdict(dict)
    for line_id, leader_id, fen in session().execute(text(_HELD), parameters):
        held[line_id][leader_id] = fen
    for row in sorted(rows):
        flat = row.kind == RuleKind.FLAT
        own = [
            Event(at, kind, key, units if flat else fen, fen, leader_id)
            for at, key, fen, units, leader_id, kind in events[row.line_id]
            if at >= row.cutoff_at
        ]
        forfeited_at = holding.forfeited.get(row.order_id)
        if forfeited_at is not None and forfeited_at >= row.cutoff_at:
            own.append(Event(forfeited_at, EventKind.FORFEIT, row.order_id))
        before_fen, now_fen = again.shares(row)
        yield SettledLine(
            commission_line_id=row.line_id,
            statement_id=row.statement_id,
            leader_id=row.leader_id,
            settled_fen=row.settled_fen,
            basis=row.quantity if flat else row.base_fen,
            volume_fen=row.base_fen if row.counts else 0,
            events=own,
            retiered_before_fen=before_fen,
            retiered_fen=now_fen,
            held=held[row.line_id],
            on_hold=row.order_id in holding.held,
        )


_MONTH_LINES = f"""
select {_id("cml", "l.commission_line_id")}, {_id("ord", "c.order_id")}, s.cutoff_at,
    l.amount_fen, l.base_fen, l.quantity, coalesce(t.kind, c.kind), l.reason,
    {_id("plv", "case when t.id is null then c.plan_version_id else t.plan_version_id end")},
    case when t.id is null then c.rate_bps else t.rate_bps end,
    case when t.id is null then c.flat_fen_per_unit else t.flat_fen_per_unit end,
    coalesce(t.counts, c.counts), coalesce(t.multiplier_bps, c.multiplier_bps),
    coalesce(b.fen_before, 0), coalesce(b.units_before, 0), coalesce(b.fen, 0),
    coalesce(b.units, 0), c.completed_at, {_id("orl", "c.order_line_id")}, s.cap_fen
from (
    select s.id, s.cap_fen, p.cutoff_at
    from settlement_statements s join settlement_periods p on p.month = s.month
    where s.id = :statement
) s
join settlement_lines l on l.statement_id = s.id
join commission_lines c on c.id = l.commission_line_id
left join commission_transfers t on t.id = l.transfer_id
left join lateral (
    select sum(r.amount_fen)::bigint as fen, sum(r.quantity)::bigint as units,
        coalesce(sum(r.amount_fen) filter (where r.recorded_at < :window_from), 0)::bigint
            as fen_before,
        coalesce(sum(r.quantity) filter (where r.recorded_at < :window_from), 0)::bigint
            as units_before
    from commission_refunds r
    where r.commission_line_id = l.commission_line_id
        and r.recorded_at >= s.cutoff_at and r.recorded_at < :cutoff_at
) b on true
order by l.position
"""


class _Retiering:
    """Closed months of leaders, computed anew with all refunds so far, one at a time."""

    def __init__(self, period: SettlementPeriod, plans: Mapping[str, PlanTerms]) -> None:
        self._period = period
        self._plans = plans
        self._shares: dict[str, tuple[int, int]] = {}

    def shares(self, row: _Row) -> tuple[int | None, int | None]:
        """Return a line's commission at the last cutoff and at this one, or neither."""
        if not row.retier:
            return None, None
        return self._shares.pop(row.line_id)

    def widened(self, rows: Sequence[_Row]) -> Iterator[_Row]:
        """Compute the months of these rows anew and yield the other lines that changed by it."""
        statements = {row.statement_id: row for row in rows if row.retier}
        known = {row.line_id for row in rows}
        for statement_id in sorted(statements):
            yield from self._computed(statements[statement_id], known)

    def _computed(self, settled: _Row, known: Collection[str]) -> Iterator[_Row]:
        found = session().execute(
            text(_MONTH_LINES),
            {
                "statement": _uuid(settled.statement_id),
                "window_from": self._period.window_from,
                "cutoff_at": self._period.cutoff_at,
            },
        )
        rows = [tuple(row) for row in found]
        cap_fen = rows[0][-1]
        before = self._amounts(rows, cap_fen, fen_at=13, units_at=14)
        now = self._amounts(rows, cap_fen, fen_at=15, units_at=16)
        for row in rows:
            line_id = row[0]
            if line_id in known or before[line_id] != now[line_id]:
                self._shares[line_id] = before[line_id], now[line_id]
            if line_id not in known and before[line_id] != now[line_id]:
                yield settled._replace(
                    line_id=line_id,
                    order_id=row[1],
                    settled_fen=row[3],
                    base_fen=row[4],
                    quantity=row[5],
                    kind=row[6],
                    counts=row[7] is None and row[6] != RuleKind.EXCLUDE and row[11],
                )

    def _amounts(
        self, rows: Sequence[tuple[Any, ...]], cap_fen: int | None, *, fen_at: int, units_at: int
    ) -> dict[str, int]:
        lines = [
            Line(
                line_id=row[18],
                completed_at=row[17],
                base_fen=row[4] - row[fen_at],
                quantity=row[5] - row[units_at],
                earning=self._earning(row),
                multiplier_bps=row[12],
                counts=row[11],
            )
            for row in rows
        ]
        by_order_line = {row[18]: row[0] for row in rows}
        return {
            by_order_line[earned.line.line_id]: earned.amount_fen
            for earned in calculate(lines, cap_fen).lines
        }

    def _earning(self, row: Sequence[Any]) -> Any:
        if row[7] is not None:
            return Exclude()
        plan = self._plans.get(row[8])
        return earning(
            row[6],
            table=plan.table if plan else None,
            rate_bps=row[9],
            flat_fen_per_unit=row[10],
        )


_OWN = f"""
select {_id("cml", "l.commission_line_id")}, {_id("sts", "l.statement_id")},
    {_id("ldr", "case when t.id is null then c.leader_id else t.leader_id end")}, l.amount_fen,
    case when coalesce(t.kind, c.kind) = 'flat' then l.quantity else l.base_fen end
from commission_lines c
join settlement_lines l on l.commission_line_id = c.id
left join commission_transfers t on t.id = l.transfer_id
where c.order_id = any(:orders) and c.completed_at >= :starts_at and c.completed_at < :ends_at
order by 1
"""


def own_held_lines(period: SettlementPeriod, *, holding: Holding) -> Iterator[SettledLine]:
    """Yield the month's own lines whose orders are held at the cutoff."""
    parameters = {
        "orders": [_uuid(order_id) for order_id in sorted(holding.held)],
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
    }
    for line_id, statement_id, leader_id, settled_fen, basis in session().execute(
        text(_OWN), parameters
    ):
        yield SettledLine(line_id, statement_id, leader_id, settled_fen, basis, on_hold=True)


def lines_of_orders(period: SettlementPeriod, orders: Collection[str]) -> frozenset[str]:
    """Return the ids of these orders' lines that were completed in a month."""
    query = f"""
        select {_id("cml", "id")} from commission_lines
        where order_id = any(:orders) and completed_at >= :starts_at and completed_at < :ends_at
    """
    parameters = {
        "orders": [_uuid(order_id) for order_id in orders],
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
    }
    return frozenset(session().scalars(text(query), parameters))


def _uuid(public_id: str) -> str:
    return public_id.partition("_")[2]
