"""What the school does by the clock."""

from groupbuy.kernel import clock
from groupbuy.kernel.jobs import every, one_by_one
from groupbuy.training.queries.attempts import due_attempts
from groupbuy.training.services import attempts

EXPIRING = 200
"""Attempts that are ended before the next are looked for."""


@every("* * * * * */15", "training.expire_attempts")
def expire_attempts() -> None:
    """End and grade the attempts whose time is over, each on its own."""
    now = clock.now()
    found = EXPIRING
    while found == EXPIRING:
        due = due_attempts(now, limit=EXPIRING)
        found = len(due)
        one_by_one(due, lambda attempt_id: attempts.end_if_due(attempt_id=attempt_id, now=now))
