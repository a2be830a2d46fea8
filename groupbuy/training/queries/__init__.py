"""Reads of the school."""

from groupbuy.training.queries import attendance, cohorts
from groupbuy.training.queries.teaching import lesson_taught, taught

INVARIANTS = (*attendance.INVARIANTS, *cohorts.INVARIANTS)

__all__ = ["INVARIANTS", "lesson_taught", "taught"]
