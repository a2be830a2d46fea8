"""Cases of months, cutoffs, statements and what is carried."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from groupbuy.kernel.clock import Calendar
from groupbuy.settlement.rules import periods
from groupbuy.settlement.rules import statements as balances
from scripts.cases import Operation


def month(*, tz: str, at: str) -> dict[str, Any]:
    """The month of an instant."""
    return {"month": _calendar(tz).month_of(datetime.fromisoformat(at))}


def cutoff(*, tz: str, month: str, hold_days: int) -> dict[str, Any]:
    """When a month's books close."""
    at = periods.window(month, _calendar(tz), hold_days).cutoff_at
    return {"cutoff_utc": at.astimezone(UTC).isoformat()}


def refund_period(*, tz: str, hold_days: int, line_month: str, refunded_at: str) -> dict[str, Any]:
    """The statement that a refund falls into."""
    recorded_at = datetime.fromisoformat(refunded_at)
    statement, effect = periods.statement_of_refund(
        line_month, recorded_at, _calendar(tz), hold_days
    )
    return {"statement": statement, "kind": effect.value}


def statements(*, min_payout_fen: int, opening_fen: int, months: list[list[int]]) -> dict[str, Any]:
    """Months in a row, each a list of signed components."""
    carried, ends = opening_fen, []
    for components in months:
        ends.append(balances.carry(carried, components, min_payout_fen=min_payout_fen))
        carried = ends[-1].carry_out_fen
    return {
        "payable": [balance.payable_fen for balance in ends],
        "payout": [balance.payout_fen for balance in ends],
        "carry": [balance.carry_out_fen for balance in ends],
    }


def reattribute(*, settled_fen: int, clawed_fen: int = 0) -> dict[str, Any]:
    """A settled order that turns out to be another leader's."""
    old, new = balances.reattribute(settled_fen, clawed_fen)
    return {"old_leader_fen": old, "new_leader_fen": new, "sum_fen": old + new}


def _calendar(zone: str) -> Calendar:
    return Calendar(ZoneInfo(zone))


OPERATIONS: dict[str, Operation] = {
    "month": month,
    "cutoff": cutoff,
    "refund_period": refund_period,
    "statements": statements,
    "reattribute": reattribute,
}
