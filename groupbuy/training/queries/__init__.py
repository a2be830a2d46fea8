"""Reads of the school."""

from groupbuy.training.queries.certificate_invariants import INVARIANTS as CERTIFICATE_INVARIANTS
from groupbuy.training.queries.teaching import lesson_taught, taught

INVARIANTS = (*CERTIFICATE_INVARIANTS,)

__all__ = ["INVARIANTS", "lesson_taught", "taught"]
