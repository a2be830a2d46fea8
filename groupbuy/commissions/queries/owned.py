"""Whose a line is in the end, and what is left of it: transfers and refunds taken into account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    and_,
    cast,
    exists,
    func,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from groupbuy.commissions.models import CommissionLine, CommissionRefund, CommissionTransfer

COLUMNS = (
    *("id", "order_id", "order_line_id", "leader_id", "completed_at", "base_fen", "quantity"),
    *("plan_version_id", "kind", "reason", "rate_bps", "flat_fen_per_unit", "counts"),
    "multiplier_bps",
)
"""The columns of `CompletedLine`, but for what was given back, which stands after the quantity."""
OF_THE_LINE = ("id",)
"""Columns that a transfer has too, but that say something else there."""
GIVEN_BACK_AT = COLUMNS.index("quantity") + 1


def owned_lines(
    leader_ids: Sequence[str],
    when: ColumnElement[bool],
    *,
    before: datetime | None = None,
    also: Sequence[str] = (),
) -> CompoundSelect[Any]:
    """Select leaders' lines in one statement: the columns of `CompletedLine`, then those of `also`.

    Args:
        leader_ids: whose lines, after the latest transfer of each.
        when: which lines, such as those completed in a month.
        before: refunds and transfers recorded from this instant on are not known yet.
        also: further columns of the line, or of its transfer if that has them.

    What never moved and what was given to them are looked for apart, each by its own index.
    """
    line = CommissionLine
    kept = _shown(None, before, also).where(line.leader_id.in_(leader_ids), when, _never(before))
    latest = _latest_transfer(leader_ids, before)
    given = _shown(latest, before, also).where(latest.c.leader_id.in_(leader_ids), when)
    return union_all(kept, given)


def _shown(moved: Subquery | None, before: datetime | None, also: Sequence[str]) -> Select[Any]:
    """Select what is said of a line, by its transfer where that says it anew."""
    line, refund = CommissionLine, CommissionRefund

    def current(name: str) -> ColumnElement[Any]:
        told: ColumnElement[Any] = getattr(line, name)
        return told if moved is None or name in OF_THE_LINE else moved.c.get(name, told)

    back = [
        cast(func.coalesce(func.sum(refund.amount_fen), 0), BigInteger),
        cast(func.coalesce(func.sum(refund.quantity), 0), BigInteger),
    ]
    columns = [current(name) for name in (*COLUMNS, *also)]
    query = select(*columns[:GIVEN_BACK_AT], *back, *columns[GIVEN_BACK_AT:]).select_from(line)
    if moved is not None:
        query = query.join(moved, moved.c.commission_line_id == line.id)
    of_line = and_(refund.commission_line_id == line.id, *_known(refund.recorded_at, before))
    # The line's other columns depend on its key; those of the transfer must be named.
    keys = [line.id] if moved is None else [line.id, *moved.c]
    return query.outerjoin(refund, of_line).group_by(*keys)


def _never(before: datetime | None) -> ColumnElement[bool]:
    """Select the lines that no transfer is known of."""
    transfer = CommissionTransfer
    return ~exists().where(
        transfer.commission_line_id == CommissionLine.id, *_known(transfer.recorded_at, before)
    )


def _latest_transfer(leader_ids: Sequence[str], before: datetime | None) -> Subquery:
    """Select the latest transfer of every line that these leaders were ever given."""
    transfer = CommissionTransfer
    ever = select(transfer.commission_line_id).where(transfer.leader_id.in_(leader_ids))
    return (
        select(transfer)
        .where(transfer.commission_line_id.in_(ever), *_known(transfer.recorded_at, before))
        .ext(distinct_on(transfer.commission_line_id))
        .order_by(transfer.commission_line_id, transfer.revision.desc())
        .subquery("latest")
    )


def _known(recorded_at: Any, before: datetime | None) -> list[ColumnElement[bool]]:
    return [] if before is None else [recorded_at < before]


def completed_in(starts_at: datetime, ends_at: datetime) -> ColumnElement[bool]:
    """Select the lines completed in [starts_at, ends_at)."""
    completed = CommissionLine.completed_at
    return and_(completed >= starts_at, completed < ends_at)


def paid_and_open() -> ColumnElement[bool]:
    """Select the lines that are paid and not completed."""
    return CommissionLine.completed_at.is_(None)
