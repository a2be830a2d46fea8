"""Learning over HTTP: what leaders read, and what they tell about it."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.training import errors
from groupbuy.training.queries import learning as queries
from groupbuy.training.queries.learning import Learnt, LearntLesson
from groupbuy.training.schemas.learning import (
    LearningSchema,
    LearntLessonSchema,
    LessonProgressSchema,
    ProgramOutlineSchema,
    ProgressBody,
    TaughtProgramQuery,
    TaughtProgramSchema,
)
from groupbuy.training.services import enrolling
from groupbuy.training.services.progress import Progress, record_progress

api = Api(
    "training_learning",
    __name__,
    url_prefix="/api/v1",
    description="The business school: what leaders learn",
)

PROGRAM = "/leader/programs/<id(prg):program_id>"
LESSON = "/leader/lessons/<id(lsn):lesson_id>"
SHUT = [errors.NotEnrolled, errors.NotTaught, errors.LessonLocked]


@api.get("/leader/training", allow="training.own", returns=LearningSchema)
def show_own_training(actor: Actor) -> dict[str, list[Learnt]]:
    """Show the programs that I learn, what comes next, and what is locked and why."""
    return {"programs": queries.learning(leader_id=actor.leader_id)}


@api.get(
    "/leader/programs",
    allow="training.own",
    query=TaughtProgramQuery,
    returns=page_of(TaughtProgramSchema),
)
def list_taught_programs(actor: Actor, query: dict[str, Any]) -> Page[Learnt]:
    """List the programs that are taught, and whether I learn them."""
    return queries.taught_programs(leader_id=actor.leader_id, **query)


@api.get(PROGRAM, allow="training.own", returns=ProgramOutlineSchema)
def show_taught_program(actor: Actor, program_id: str) -> Learnt:
    """Show a program's courses and lessons, and where I stand with each."""
    return queries.program_outline(leader_id=actor.leader_id, program_id=program_id)


@api.post(
    f"{PROGRAM}/enrollment",
    allow="training.own",
    returns=ProgramOutlineSchema,
    status=201,
    idempotent=True,
    problems=[errors.NotTaught],
)
def enroll_myself(actor: Actor, program_id: str) -> Learnt:
    """Enrol in a program; it is free, and who left comes back to what was done."""
    who = {"leader_id": actor.leader_id, "program_id": program_id}
    with transaction():
        enrolling.enroll(**who, actor=actor, now=clock.now())
        return queries.program_outline(**who)


@api.post(
    f"{PROGRAM}/withdrawal",
    allow="training.own",
    returns=ProgramOutlineSchema,
    problems=[NotInThisState],
)
def withdraw_myself(actor: Actor, program_id: str) -> Learnt:
    """Leave a program; what was done is kept."""
    who = {"leader_id": actor.leader_id, "program_id": program_id}
    with transaction():
        enrolling.withdraw(**who, actor=actor, now=clock.now())
        return queries.program_outline(**who)


@api.get(LESSON, allow="training.own", returns=LearntLessonSchema, problems=SHUT)
def show_taught_lesson(actor: Actor, lesson_id: str) -> LearntLesson:
    """Show a lesson in the version that I began, or the present one."""
    return queries.learnt_lesson(leader_id=actor.leader_id, lesson_id=lesson_id)


@api.post(
    f"{LESSON}/progress",
    allow="training.own",
    body=ProgressBody,
    returns=LessonProgressSchema,
    problems=SHUT,
    example={"watched": [[0, 30], [45, 60]]},
)
def tell_progress(actor: Actor, lesson_id: str, body: dict[str, Any]) -> Progress:
    """Tell what I watched or read; told again or out of order, it comes to the same."""
    with transaction():
        return record_progress(
            leader_id=actor.leader_id, lesson_id=lesson_id, **body, now=clock.now()
        )
