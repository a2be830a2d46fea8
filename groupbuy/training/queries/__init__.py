"""Reads of the school."""

from groupbuy.training.queries import assessment_invariants, attendance, cohorts
from groupbuy.training.queries.certificate_invariants import INVARIANTS as CERTIFICATE_INVARIANTS
from groupbuy.training.queries.coaching_invariants import COACHING_INVARIANTS
from groupbuy.training.queries.learning_invariants import INVARIANTS as LEARNING_INVARIANTS
from groupbuy.training.queries.teaching import lesson_taught, taught

INVARIANTS = (
    *attendance.INVARIANTS,
    *cohorts.INVARIANTS,
    *LEARNING_INVARIANTS,
    *assessment_invariants.INVARIANTS,
    *CERTIFICATE_INVARIANTS,
    *COACHING_INVARIANTS,
)

__all__ = ["INVARIANTS", "lesson_taught", "taught"]
