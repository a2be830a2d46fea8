"""Whether a leader may learn a lesson now."""

from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import LessonLocked, NotEnrolled, NotTaught
from groupbuy.training.models import (
    Course,
    Enrollment,
    Lesson,
    LessonRecord,
    LessonVersion,
    Module,
    Program,
)
from groupbuy.training.queries.outline import Named, outlines
from groupbuy.training.queries.teaching import published_version, taught
from groupbuy.training.rules.content import EnrollmentState


@dataclass(frozen=True, slots=True)
class Opened:
    """A lesson that a leader may learn: in the version that was begun, else the published one."""

    lesson: Lesson
    version: LessonVersion
    program_id: str
    record: LessonRecord | None


def unlocked(*, leader_id: str, lesson_id: str) -> Opened:
    """Return a lesson if a leader may learn it now; what was begun stays open for good.

    Raises:
        NotFound: there is no such lesson.
        NotEnrolled: the leader does not learn its program, or has left.
        NotTaught: it is not published, or no longer, and the leader has not begun it.
        LessonLocked: what it needs is not done yet; `missing` names that.
    """
    opened, is_taught, state = _found(leader_id, lesson_id)
    if state is None or state == EnrollmentState.WITHDRAWN:
        raise NotEnrolled
    if opened.record is not None:
        return opened
    if not is_taught:
        raise NotTaught
    outline = outlines(leader_id=leader_id, program_ids=[opened.program_id])[opened.program_id]
    step = next((step for step in outline.steps if step.id == lesson_id), None)
    if step is None:  # it was retired this moment
        raise NotTaught
    if step.missing:
        raise locked(step.missing)
    return opened


def locked(missing: list[Named]) -> LessonLocked:
    """Return the Problem that names what is to be done first."""
    names = Text("、".join(one.title.zh for one in missing), ", ".join(t.title.en for t in missing))
    return LessonLocked(
        missing=[{"id": one.id, "title": one.title} for one in missing], names=names
    )


def _found(leader_id: str, lesson_id: str) -> tuple[Opened, bool, str | None]:
    learnt = aliased(LessonVersion)
    query = (
        select(
            Lesson,
            learnt,
            Program.id,
            LessonRecord,
            func.coalesce(taught(), False),
            Enrollment.state,
        )
        .join(Module, Module.id == Lesson.module_id)
        .join(Course, Course.id == Module.course_id)
        .join(Program, Program.id == Course.program_id)
        .outerjoin(LessonVersion, published_version())
        .outerjoin(
            LessonRecord,
            and_(LessonRecord.lesson_id == Lesson.id, LessonRecord.leader_id == leader_id),
        )
        .outerjoin(
            learnt, learnt.id == func.coalesce(LessonRecord.lesson_version_id, LessonVersion.id)
        )
        .outerjoin(
            Enrollment,
            and_(Enrollment.program_id == Program.id, Enrollment.leader_id == leader_id),
        )
        .where(Lesson.id == lesson_id)
        .execution_options(populate_existing=True)
    )
    found = session().execute(query).one_or_none()
    if found is None:
        raise NotFound
    lesson, version, program_id, record, is_taught, state = found
    return Opened(lesson, version, program_id, record), is_taught, state
