"""What is to be done before what; never a circle.

Whatever could close one locks the program first, so that two changes which only together would
close a circle come one after the other.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import PrerequisiteCircle, PrerequisiteKnown
from groupbuy.training.models import Course, Prerequisite, Program
from groupbuy.training.queries import content as queries
from groupbuy.training.queries.outline import needs
from groupbuy.training.rules.unlocking import circle


def add_prerequisite(
    *,
    course_id: str | None = None,
    lesson_id: str | None = None,
    required_course_id: str | None = None,
    required_lesson_id: str | None = None,
    actor: Actor,
    now: datetime,
) -> Prerequisite:
    """Have a course or lesson open only when another one of its program is done.

    Raises:
        InvalidInput: one of them does not exist, or they are of different programs.
        PrerequisiteKnown: it is there already.
        PrerequisiteCircle: they would wait for each other.
    """
    program_id = _program_of(course_id, lesson_id, "")
    if _program_of(required_course_id, required_lesson_id, "required_") != program_id:
        raise InvalidInput.at("/required_course_id", _ELSEWHERE)
    lock_program(program_id=program_id)
    made = Prerequisite(
        program_id=program_id,
        course_id=course_id,
        lesson_id=lesson_id,
        required_course_id=required_course_id,
        required_lesson_id=required_lesson_id,
    )
    if (course_id, lesson_id) == (required_course_id, required_lesson_id):
        raise _circle_of([str(course_id or lesson_id)] * 2)
    _insert(made)
    refuse_circle(program_id=program_id)
    _record(made, "prerequisite.add", actor, now)
    return made


def remove_prerequisite(*, prerequisite_id: str, actor: Actor, now: datetime) -> None:
    """Let a course or lesson open without it.

    Raises:
        NotFound: there is no such prerequisite.
    """
    found = queries.row(Prerequisite, prerequisite_id)
    gone = delete(Prerequisite).where(Prerequisite.id == prerequisite_id)
    if session().scalar(gone.returning(Prerequisite.id)) is None:
        raise NotFound
    _record(found, "prerequisite.remove", actor, now)


def lock_program(*, program_id: str) -> None:
    """Let nobody else change the shape of a program until we commit.

    Raises:
        NotFound: there is no such program.
    """
    query = select(Program.id).where(Program.id == program_id)
    if session().scalar(query.with_for_update(key_share=True)) is None:
        raise NotFound


def refuse_circle(*, program_id: str) -> None:
    """Refuse a shape of a program, which is locked, in which things wait for each other.

    Raises:
        PrerequisiteCircle: with the courses and lessons.
    """
    found, ordered = queries.places(program_id)
    met = circle(found, needs([program_id]), ordered=ordered)
    if met:
        raise _circle_of(met)


def _circle_of(ids: list[str]) -> PrerequisiteCircle:
    titles = queries.titles(ids)
    return PrerequisiteCircle(
        circle=[{"id": one, "title": Text(*titles[one])} for one in ids],
        names=Text(*(" → ".join(titles[one][language] for one in ids) for language in (0, 1))),
    )


def _insert(made: Prerequisite) -> None:
    try:
        with session().begin_nested():
            session().add(made)
    except IntegrityError as error:
        raise PrerequisiteKnown from error


def _program_of(course_id: str | None, lesson_id: str | None, prefix: str) -> str:
    if lesson_id is not None:
        program_id = queries.program_of_lesson(lesson_id)
        pointer, unknown = f"/{prefix}lesson_id", _NO_LESSON
    else:
        program_id = session().scalar(select(Course.program_id).where(Course.id == course_id))
        pointer, unknown = f"/{prefix}course_id", _NO_COURSE
    if program_id is None:
        raise InvalidInput.at(pointer, unknown)
    return program_id


def _record(row: Prerequisite, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=str(row.course_id or row.lesson_id),
        now=now,
        needs=str(row.required_course_id or row.required_lesson_id),
    )


_NO_COURSE = Text("没有这个课程。", "There is no such course.")
_NO_LESSON = Text("没有这个课时。", "There is no such lesson.")
_ELSEWHERE = Text("前置条件须在同一学习计划内。", "Both must be of the same program.")
