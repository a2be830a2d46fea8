"""Reads of the school."""

from groupbuy.training.queries.coaching_invariants import COACHING_INVARIANTS
from groupbuy.training.queries.teaching import lesson_taught, taught

INVARIANTS = (*COACHING_INVARIANTS,)

__all__ = ["INVARIANTS", "lesson_taught", "taught"]
