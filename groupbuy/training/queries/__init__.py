"""Reads of the school."""

from groupbuy.training.queries.learning_invariants import INVARIANTS as LEARNING_INVARIANTS
from groupbuy.training.queries.teaching import lesson_taught, taught

INVARIANTS = (*LEARNING_INVARIANTS,)

__all__ = ["INVARIANTS", "lesson_taught", "taught"]
