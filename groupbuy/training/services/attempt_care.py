"""What headquarters does about attempts: it voids one, or gives a leader further ones."""

from datetime import datetime

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.leaders import queries as leaders
from groupbuy.training.models import Attempt, AttemptGrant
from groupbuy.training.queries import assessments, attempts
from groupbuy.training.rules.assessments import ATTEMPT_MOVES, AttemptState
from groupbuy.training.services.attempts import regrade, take_turn


def void(*, attempt_id: str, reason: str, actor: Actor, now: datetime) -> Attempt:
    """Let an attempt count for nothing: neither for the grade nor against the limit.

    The grade is that of the others that count. What was recorded as completed or passed stays, as
    every fact of a lesson does: a certificate got by it is revoked, not forgotten.

    Raises:
        NotFound: there is no such attempt.
        NotInThisState: it is voided already.
    """
    found = attempts.attempt(attempt_id)
    lesson_id = assessments.assessment(found.assessment_id).lesson_id
    take_turn(leader_id=found.leader_id, lesson_id=lesson_id)
    attempt = attempts.attempt(attempt_id, locked=True)
    after = ATTEMPT_MOVES.get((AttemptState(attempt.state), "void"))
    if after is None:
        raise NotInThisState(state=attempt.state, action="void")
    attempt.state = after
    attempt.voided_at, attempt.voided_by, attempt.reason = now, actor.label, reason
    session().flush()
    grade = regrade(attempt=attempt, lesson_id=lesson_id, now=now, active=False)
    audit.record(
        actor=actor,
        action="attempt.void",
        subject=attempt.id,
        now=now,
        leader=attempt.leader_id,
        score_bps=attempt.score_bps,
        grade_bps=grade,
        reason=reason,
    )
    return attempt


def grant(
    *,
    leader_id: str,
    assessment_id: str,
    attempts: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> AttemptGrant:
    """Give a leader further attempts beyond the limit, say to renew a certificate.

    The pause between attempts stays.

    Raises:
        NotFound: there is no such leader or assessment.
    """
    assessments.assessment(assessment_id)
    leaders.leader(leader_id)
    given = AttemptGrant(
        leader_id=leader_id,
        assessment_id=assessment_id,
        attempts=attempts,
        reason=reason,
        granted_by=actor.label,
        granted_at=now,
    )
    session().add(given)
    session().flush()
    audit.record(
        actor=actor,
        action="attempt.grant",
        subject=given.id,
        now=now,
        leader=leader_id,
        assessment=assessment_id,
        attempts=attempts,
        reason=reason,
    )
    return given
