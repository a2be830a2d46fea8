"""Reads of the school."""

from groupbuy.training.queries import assessment_invariants, attendance, cohorts
from groupbuy.training.queries.teaching import lesson_taught, taught

INVARIANTS = (
    *assessment_invariants.INVARIANTS,
    *attendance.INVARIANTS,
    *cohorts.INVARIANTS,
)

__all__ = ["INVARIANTS", "lesson_taught", "taught"]
