"""What is taught at the moment: published, in a published course of a published program."""

from sqlalchemy import ColumnElement, and_, func, select

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.training.errors import NotTaught
from groupbuy.training.models import Course, Lesson, LessonVersion, Module, Program
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import ContentState, VersionState


def taught() -> ColumnElement[bool]:
    """Return the condition under which a lesson is taught, joined to its published version,
    course and program."""
    return and_(
        LessonVersion.state == VersionState.PUBLISHED,
        Lesson.retired_at.is_(None),
        Course.state == ContentState.PUBLISHED,
        Program.state == ContentState.PUBLISHED,
    )


def counted() -> ColumnElement[bool]:
    """Return the condition under which a lesson counts for its program: what is `taught`, is
    mandatory like its course, and asks for something."""
    return and_(
        Course.mandatory,
        Lesson.mandatory,
        LessonVersion.move_on != MoveOn.NOT_APPLICABLE,
        taught(),
    )


def published_version() -> ColumnElement[bool]:
    """Return the condition that joins a lesson's published version, if it has one."""
    return and_(LessonVersion.lesson_id == Lesson.id, LessonVersion.state == VersionState.PUBLISHED)


def lesson_taught(lesson_id: str) -> tuple[Lesson, LessonVersion, str]:
    """Return a lesson, the version that who begins now learns, and its program's id.

    Raises:
        NotFound: there is no such lesson.
        NotTaught: it is not published, or no longer.
    """
    query = (
        select(Lesson, LessonVersion, Program.id, func.coalesce(taught(), False).label("open"))
        .join(Module, Module.id == Lesson.module_id)
        .join(Course, Course.id == Module.course_id)
        .join(Program, Program.id == Course.program_id)
        .outerjoin(LessonVersion, published_version())
        .where(Lesson.id == lesson_id)
    )
    found = session().execute(query).one_or_none()
    if found is None:
        raise NotFound
    lesson, version, program_id, is_open = found
    if not is_open:
        raise NotTaught
    return lesson, version, program_id
