"""What the school does by the clock."""

from groupbuy.kernel import clock
from groupbuy.kernel.jobs import every, one_by_one
from groupbuy.kernel.settings import settings
from groupbuy.training.services import attending, cohorts


@every("*/5 * * * * 40", "training.close_sessions")
def close_sessions() -> None:
    """Let what was attended count for good once a session is over."""
    now = clock.now()
    one_by_one(
        attending.to_close(now=now),
        lambda session_id: attending.close(session_id=session_id, now=now),
    )


@every("3 * * * * 10", "training.turn_cohorts")
def turn_cohorts() -> None:
    """Start cohorts on their first day and finish them after their last."""
    now = clock.now()
    today = settings().calendar.day_of(now)
    one_by_one(
        cohorts.to_turn(today=today),
        lambda cohort_id: cohorts.turn(cohort_id=cohort_id, today=today, now=now),
    )
