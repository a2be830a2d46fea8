"""Attempts over HTTP: what leaders do, and what headquarters sees and decides of it."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.training import errors
from groupbuy.training.models import AttemptGrant
from groupbuy.training.queries import attempts as queries
from groupbuy.training.queries import papers
from groupbuy.training.queries.papers import AnswerView, AttemptView, Examination
from groupbuy.training.schemas.assessments import (
    AttemptGrantBody,
    AttemptGrantQuery,
    AttemptGrantSchema,
    AttemptQuery,
    AttemptSheetSchema,
    AttemptSummarySchema,
    VoidanceBody,
)
from groupbuy.training.schemas.papers import (
    AnswerBody,
    ExaminationSchema,
    KeptAnswerSchema,
    OwnAttemptQuery,
    OwnAttemptSchema,
    OwnPaperSchema,
)
from groupbuy.training.services import attempt_care
from groupbuy.training.services import attempts as services

api = Api(
    "training_attempts", __name__, url_prefix="/api/v1", description="Attempts at assessments"
)

OWN = "/leader/attempts"
OWN_ONE = f"{OWN}/<id(atm):attempt_id>"
ATTEMPTS = "/hq/attempts"
ATTEMPT = f"{ATTEMPTS}/<id(atm):attempt_id>"
GRANTS = "/hq/attempt-grants"
ADMISSION = (NotFound, errors.NotTaught, errors.NotEnrolled, errors.LessonLocked)


@api.get(
    "/leader/lessons/<id(lsn):lesson_id>/assessment",
    allow="training.own",
    returns=ExaminationSchema,
    problems=ADMISSION,
)
def show_own_assessment(actor: Actor, lesson_id: str) -> Examination:
    """Show what a lesson's assessment asks, and what I have done of it."""
    return papers.examination(leader_id=actor.leader_id, lesson_id=lesson_id, now=clock.now())


@api.post(
    "/leader/assessments/<id(ast):assessment_id>/attempts",
    allow="training.own",
    returns=OwnPaperSchema,
    status=201,
    idempotent=True,
    problems=[*ADMISSION, errors.NoAttemptsLeft, errors.AttemptTooSoon],
)
def start_attempt(actor: Actor, assessment_id: str) -> AttemptView:
    """Begin an attempt, which counts from now on; or go on with the one that is open."""
    now = clock.now()
    with transaction():
        begun = services.start(leader_id=actor.leader_id, assessment_id=assessment_id, now=now)
        return papers.own_paper(begun, now=now)


@api.get(OWN, allow="training.own", query=OwnAttemptQuery, returns=page_of(OwnAttemptSchema))
def list_own_attempts(actor: Actor, query: dict[str, Any]) -> Page[AttemptView]:
    """List my attempts, the newest first."""
    return papers.attempt_page(leader=actor.leader_id, now=clock.now(), **query)


@api.get(OWN_ONE, allow="training.own", returns=OwnPaperSchema)
def show_own_attempt(actor: Actor, attempt_id: str) -> AttemptView:
    """Show my attempt: the paper, my answers, the time left; what was right, when it may be."""
    now = clock.now()
    with transaction():
        services.end_if_due(attempt_id=attempt_id, now=now)
        own = queries.own_attempt(actor.leader_id, attempt_id)
        return papers.own_paper(own, now=now)


@api.put(
    f"{OWN_ONE}/answers/<id(qst):question_id>",
    allow="training.own",
    body=AnswerBody,
    returns=KeptAnswerSchema,
    problems=[errors.AttemptOver],
    example={"answer": "b"},
)
def answer_question(
    actor: Actor, attempt_id: str, question_id: str, body: dict[str, Any]
) -> AnswerView:
    """Answer a question, in the letters of my paper; repeatable until the attempt is over."""
    now, given = clock.now(), {"question_id": question_id, "given": body["answer"]}
    with transaction():
        services.end_if_due(attempt_id=attempt_id, now=now)
    with transaction():
        kept = services.answer(leader_id=actor.leader_id, attempt_id=attempt_id, **given, now=now)
        return papers.answer_view(kept, now=now)


@api.post(
    f"{OWN_ONE}/submission",
    allow="training.own",
    returns=OwnPaperSchema,
    problems=[errors.AttemptOver],
)
def submit_attempt(actor: Actor, attempt_id: str) -> AttemptView:
    """Submit my attempt and see its score; repeatable."""
    now = clock.now()
    with transaction():
        ended = services.submit(leader_id=actor.leader_id, attempt_id=attempt_id, now=now)
        return papers.own_paper(ended, now=now)


@api.get(ATTEMPTS, allow="training.read", query=AttemptQuery, returns=page_of(AttemptSummarySchema))
def list_attempts(actor: Actor, query: dict[str, Any]) -> Page[AttemptView]:
    """List attempts, the newest first."""
    return papers.attempt_page(now=clock.now(), **query)


@api.get(ATTEMPT, allow="training.read", returns=AttemptSheetSchema)
def show_attempt(actor: Actor, attempt_id: str) -> AttemptView:
    """Show an attempt with its paper, its answers and what was right."""
    now = clock.now()
    with transaction():
        services.end_if_due(attempt_id=attempt_id, now=now)
        return papers.whole_paper(queries.attempt(attempt_id), now=now)


@api.post(
    f"{ATTEMPT}/voidance",
    allow="training.edit",
    body=VoidanceBody,
    returns=AttemptSheetSchema,
    problems=[NotInThisState],
    example={"reason": "考试当天系统中断"},
)
def void_attempt(actor: Actor, attempt_id: str, body: dict[str, Any]) -> AttemptView:
    """Let an attempt count for nothing."""
    now = clock.now()
    with transaction():
        voided = attempt_care.void(attempt_id=attempt_id, **body, actor=actor, now=now)
        return papers.whole_paper(voided, now=now)


@api.get(
    GRANTS, allow="training.read", query=AttemptGrantQuery, returns=page_of(AttemptGrantSchema)
)
def list_attempt_grants(actor: Actor, query: dict[str, Any]) -> Page[AttemptGrant]:
    """List which further attempts were given, the newest first."""
    return queries.grant_list(**query)


@api.post(
    GRANTS,
    allow="training.edit",
    body=AttemptGrantBody,
    returns=AttemptGrantSchema,
    status=201,
    idempotent=True,
    problems=[NotFound],
    example={
        "leader_id": f"ldr_{'0198f3c2a7b47d1e' * 2}",
        "assessment_id": f"ast_{'0198f3c2a7b47d1e' * 2}",
        "attempts": 1,
        "reason": "证书续期",
    },
)
def grant_attempts(actor: Actor, body: dict[str, Any]) -> AttemptGrant:
    """Give a leader further attempts beyond the limit."""
    with transaction():
        return attempt_care.grant(**body, actor=actor, now=clock.now())
