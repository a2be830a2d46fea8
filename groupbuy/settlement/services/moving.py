"""What every move of a period has in common."""

from datetime import datetime
from typing import Any

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.settlement import queries
from groupbuy.settlement.models import SettlementPeriod, SettlementTransition
from groupbuy.settlement.rules.periods import Action, PeriodState, move


def held(month: str, *, action: Action) -> SettlementPeriod:
    """Return a month's period, locked for an action that its state allows.

    Raises:
        NotInThisState: the table of moves has no such one; a month without a row is open.
    """
    period = queries.locked_period(month)
    move(PeriodState.OPEN if period is None else PeriodState(period.state), action)
    assert period is not None, "an open month only starts its closing"
    return period


def moved(
    period: SettlementPeriod,
    *,
    action: Action,
    actor: Actor,
    now: datetime,
    why: str = "",
    **changes: Any,
) -> SettlementPeriod:
    """Move a period, change its columns with it, and leave a row that says who, when, why."""
    before = PeriodState(period.state)
    after = move(before, action)
    period.state = after
    for column, value in changes.items():
        setattr(period, column, value)
    session().add(period)
    session().flush()
    session().add(
        SettlementTransition(
            month=period.month,
            action=action,
            from_state=before,
            to_state=after,
            actor=actor.label,
            at=now,
            why=why,
        )
    )
    session().flush()
    audit.record(
        actor=actor,
        action=f"settlement.{action}",
        subject=period.month,
        now=now,
        digest=period.digest,
        why=why,
    )
    return period
