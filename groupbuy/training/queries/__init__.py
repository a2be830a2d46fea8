"""Reads of the school."""

from groupbuy.training.queries import assessment_invariants
from groupbuy.training.queries.teaching import lesson_taught, taught

INVARIANTS = (*assessment_invariants.INVARIANTS,)

__all__ = ["INVARIANTS", "lesson_taught", "taught"]
