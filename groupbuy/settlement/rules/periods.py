"""A period's moves, and the windows that put every event into exactly one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from groupbuy.kernel.clock import Calendar, previous_month
from groupbuy.kernel.problems import NotInThisState

CLOSING_DELAY = timedelta(minutes=10)
"""After the cutoff, so that what was recorded just before it has been committed.

Longer than any transaction that records something can last (`kernel.db.LONGEST`).
"""


class PeriodState(StrEnum):
    """Where a month's settlement stands; a month nobody touched yet is open."""

    OPEN = "open"
    CLOSING = "closing"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    LOCKED = "locked"


SETTLED = (PeriodState.APPROVED, PeriodState.LOCKED)
"""The states in which a month's statements never change again."""


class Action(StrEnum):
    """What a person does with a period."""

    START_CLOSING = "start_closing"
    CALCULATE = "calculate"
    FINISH = "finish"
    SUBMIT = "submit"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    LOCK = "lock"


MOVES: dict[tuple[PeriodState, Action], PeriodState] = {
    (PeriodState.OPEN, Action.START_CLOSING): PeriodState.CLOSING,
    (PeriodState.CLOSING, Action.CALCULATE): PeriodState.CLOSING,
    (PeriodState.DRAFT, Action.CALCULATE): PeriodState.CLOSING,
    (PeriodState.IN_REVIEW, Action.CALCULATE): PeriodState.CLOSING,
    (PeriodState.CLOSING, Action.FINISH): PeriodState.DRAFT,
    (PeriodState.DRAFT, Action.SUBMIT): PeriodState.IN_REVIEW,
    (PeriodState.IN_REVIEW, Action.SEND_BACK): PeriodState.DRAFT,
    (PeriodState.IN_REVIEW, Action.APPROVE): PeriodState.APPROVED,
    (PeriodState.APPROVED, Action.LOCK): PeriodState.LOCKED,
}


def move(state: PeriodState, action: Action) -> PeriodState:
    """Return the state after an action.

    Raises:
        NotInThisState: the table has no such move.
    """
    if (state, action) not in MOVES:
        raise NotInThisState(state=state.value, action=action.value)
    return MOVES[state, action]


class RefundEffect(StrEnum):
    """What a refund does: reduce its line before it is settled, or take back afterwards."""

    NETTED = "netted"
    CLAWBACK = "clawback"


def statement_of_refund(
    line_month: str, recorded_at: datetime, calendar: Calendar, hold_days: int
) -> tuple[str, RefundEffect]:
    """Return in which month's statement a refund stands, and as what."""
    if recorded_at < calendar.cutoff(line_month, hold_days):
        return line_month, RefundEffect.NETTED
    month = calendar.month_of(recorded_at)
    while calendar.cutoff(previous_month(month), hold_days) > recorded_at:
        month = previous_month(month)
    return month, RefundEffect.CLAWBACK


@dataclass(frozen=True, slots=True)
class Window:
    """What a month's statements hold.

    Lines completed in [starts_at, ends_at), net of their refunds before `cutoff_at`; and refunds
    recorded in [window_from, cutoff_at) of lines that an earlier month settled.
    """

    starts_at: datetime
    ends_at: datetime
    window_from: datetime
    cutoff_at: datetime


def window(
    month: str,
    calendar: Calendar,
    hold_days: int,
    *,
    last: tuple[str, datetime] | None = None,
) -> Window:
    """Return a month's window.

    Args:
        month: `YYYY-MM`.
        calendar: the business calendar.
        hold_days: local days from the month's end to its cutoff.
        last: the latest settled month and the cutoff it really had. Windows join without gap
            or overlap, also where the setting changed or months without anything were left out.
    """
    window_from = calendar.cutoff(previous_month(month), hold_days) if last is None else last[1]
    return Window(
        starts_at=calendar.month_start(month),
        ends_at=calendar.month_end(month),
        window_from=window_from,
        cutoff_at=max(calendar.cutoff(month, hold_days), window_from),
    )
