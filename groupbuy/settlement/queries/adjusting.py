"""Reads of adjustments, and what a month books of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Uuid, cast, func, select
from sqlalchemy.orm import undefer

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import (
    Adjustment,
    AdjustmentAttachment,
    Component,
    SettlementPeriod,
    Statement,
)
from groupbuy.settlement.queries.periods import last_period
from groupbuy.settlement.rules.adjustments import AdjustmentReason, AdjustmentState
from groupbuy.settlement.rules.periods import SETTLED
from groupbuy.settlement.rules.statements import ComponentKind

_KINDS = (ComponentKind.ADJUSTMENT, ComponentKind.WRITE_OFF)


class Booked(NamedTuple):
    """An approved adjustment as a statement books it."""

    id: str
    leader_id: str
    amount_fen: int
    write_off: bool
    inputs: dict[str, Any]


def adjustments_of(period: SettlementPeriod) -> list[Booked]:
    """Return the adjustments approved in a period's window, in order.

    The first month that was ever settled books all that came before its cutoff.
    """
    query = select(Adjustment).where(
        Adjustment.state == AdjustmentState.APPROVED, Adjustment.decided_at < period.cutoff_at
    )
    if last_period(before=period.month) is not None:
        query = query.where(Adjustment.decided_at >= period.window_from)
    return [
        Booked(
            row.id,
            row.leader_id,
            row.amount_fen,
            row.reason_code == AdjustmentReason.WRITE_OFF,
            {
                "reason": row.reason,
                "reason_code": row.reason_code,
                "proposed_by": row.proposed_by,
                "approved_by": row.decided_by,
                "reverses_id": row.reverses_id,
            },
        )
        for row in session().scalars(query.order_by(Adjustment.id))
    ]


class Booking(NamedTuple):
    """In which statement an adjustment stands; it is a draft until the month is approved."""

    statement_id: str
    month: str
    settled: bool


@dataclass(frozen=True, slots=True)
class AdjustmentView:
    """An adjustment with the files that show it, its undoing, and where it is booked."""

    row: Adjustment
    attachments: Sequence[AdjustmentAttachment]
    reversed_by: str | None
    booked: Booking | None

    @property
    def version(self) -> int:
        """Return the version that an edit must name."""
        return self.row.version


def adjustment(adjustment_id: str, *, locked: bool = False) -> Adjustment:
    """Return an adjustment, or raise NotFound."""
    query = select(Adjustment).where(Adjustment.id == adjustment_id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def adjustment_view(row: Adjustment) -> AdjustmentView:
    """Return an adjustment as it is shown."""
    return _views([row])[0]


def adjustment_list(
    *,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    leader: str | None = None,
    reason_code: str | None = None,
    month: str | None = None,
) -> Page[AdjustmentView]:
    """Return adjustments, the newest first, in four statements; `month` is where they stand."""
    query = select(Adjustment)
    if state is not None:
        query = query.where(Adjustment.state == state)
    if leader is not None:
        query = query.where(Adjustment.leader_id == leader)
    if reason_code is not None:
        query = query.where(Adjustment.reason_code == reason_code)
    if month is not None:
        booked = (
            select(cast(func.substr(Component.key, len("adj_") + 1), Uuid))
            .join(Statement, Statement.id == Component.statement_id)
            .where(Component.kind.in_(_KINDS), Statement.month == month)
        )
        query = query.where(Adjustment.id.in_(booked))
    page = paginate(query, by=[Adjustment.id], limit=limit, cursor=cursor, descending=True)
    return Page(_views(page.items), page.next_cursor)


def _views(rows: Sequence[Adjustment]) -> list[AdjustmentView]:
    ids = [row.id for row in rows]
    files: dict[str, list[AdjustmentAttachment]] = {}
    of_these = select(AdjustmentAttachment).where(AdjustmentAttachment.adjustment_id.in_(ids))
    for file in session().scalars(of_these.order_by(AdjustmentAttachment.id)):
        files.setdefault(file.adjustment_id, []).append(file)
    undone = dict(_reversals(ids))
    booked = {
        key: Booking(statement_id, month, state in SETTLED)
        for key, statement_id, month, state in session().execute(
            select(Component.key, Statement.id, Statement.month, SettlementPeriod.state)
            .join(Statement, Statement.id == Component.statement_id)
            .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
            .where(Component.kind.in_(_KINDS), Component.key.in_(ids))
        )
    }
    return [
        AdjustmentView(row, files.get(row.id, []), undone.get(row.id), booked.get(row.id))
        for row in rows
    ]


def reversal_of(adjustment_id: str) -> str | None:
    """Return the adjustment that takes this one back, or is proposed to."""
    return next((reversal for _, reversal in _reversals([adjustment_id])), None)


def _reversals(ids: Sequence[str]) -> list[tuple[str, str]]:
    """Return (undone, undoing) of the adjustments among these that are, or may be, undone."""
    rows = session().execute(
        select(Adjustment.reverses_id, Adjustment.id).where(
            Adjustment.reverses_id.in_(ids),
            Adjustment.state.in_([AdjustmentState.PROPOSED, AdjustmentState.APPROVED]),
        )
    )
    return [(undone, undoing) for undone, undoing in rows if undone]


def attachment(adjustment_id: str, attachment_id: str) -> AdjustmentAttachment:
    """Return a file of an adjustment with its content, or raise NotFound."""
    found = session().scalar(
        select(AdjustmentAttachment)
        .where(
            AdjustmentAttachment.id == attachment_id,
            AdjustmentAttachment.adjustment_id == adjustment_id,
        )
        .options(undefer(AdjustmentAttachment.content))
    )
    if found is None:
        raise NotFound
    return found


def attachment_count(adjustment_id: str) -> int:
    """Return how many files an adjustment has."""
    query = select(func.count()).where(AdjustmentAttachment.adjustment_id == adjustment_id)
    return session().scalar(query) or 0


def carried(leader_id: str) -> list[tuple[str, int]]:
    """Return (month, carry_out_fen) of a leader's settled statements, the newest first."""
    rows = session().execute(
        select(Statement.month, Statement.carry_out_fen)
        .join(SettlementPeriod, SettlementPeriod.month == Statement.month)
        .where(Statement.leader_id == leader_id, SettlementPeriod.state.in_(SETTLED))
        .order_by(Statement.month.desc())
    )
    return [(month, fen) for month, fen in rows]


def written_off_fen(leader_id: str, *, after: str) -> int:
    """Return what is approved to be written off and stands in no statement up to a month.

    The leader is locked, so that two approvals add up.
    """
    own = select(Leader.id).where(Leader.id == leader_id)
    session().execute(own.with_for_update(key_share=True))
    approved = {
        adjustment_id: fen
        for adjustment_id, fen in session().execute(
            select(Adjustment.id, Adjustment.amount_fen).where(
                Adjustment.leader_id == leader_id,
                Adjustment.reason_code == AdjustmentReason.WRITE_OFF,
                Adjustment.state == AdjustmentState.APPROVED,
            )
        )
    }
    booked = session().scalars(
        select(Component.key)
        .join(Statement, Statement.id == Component.statement_id)
        .where(
            Component.kind == ComponentKind.WRITE_OFF,
            Component.key.in_(approved),
            Statement.month <= after,
        )
    )
    return sum(approved.values()) - sum(approved[key] for key in booked)
