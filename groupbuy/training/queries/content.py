"""What headquarters reads of programs, courses, modules, lessons and their versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.training.models import Course, Lesson, LessonVersion, Module, Prerequisite, Program
from groupbuy.training.queries.outline import in_order
from groupbuy.training.rules.content import VersionState
from groupbuy.training.rules.unlocking import Place

Row = TypeVar("Row", Program, Course, Module, Lesson, Prerequisite)


def row(kind: type[Row], row_id: str) -> Row:
    """Return a program, course, module, lesson or prerequisite as it is now, or raise NotFound."""
    found = session().get(kind, row_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def program_list(*, limit: int, cursor: str | None, state: str | None = None) -> Page[Program]:
    """Return programs by position."""
    query = select(Program)
    if state is not None:
        query = query.where(Program.state == state)
    return paginate(query, by=[Program.position, Program.id], limit=limit, cursor=cursor)


def course_list(
    *, limit: int, cursor: str | None, program: str | None = None, state: str | None = None
) -> Page[Course]:
    """Return courses by position."""
    query = select(Course)
    if program is not None:
        query = query.where(Course.program_id == program)
    if state is not None:
        query = query.where(Course.state == state)
    return paginate(query, by=[Course.position, Course.id], limit=limit, cursor=cursor)


def module_list(*, limit: int, cursor: str | None, course: str | None = None) -> Page[Module]:
    """Return modules by position."""
    query = select(Module)
    if course is not None:
        query = query.where(Module.course_id == course)
    return paginate(query, by=[Module.position, Module.id], limit=limit, cursor=cursor)


@dataclass(frozen=True, slots=True)
class LessonView:
    """A lesson with its published version and its draft, where it has them."""

    lesson: Lesson
    published: LessonVersion | None
    draft: LessonVersion | None

    @property
    def version(self) -> int:
        """Return the version of the lesson's row, for its ETag."""
        return self.lesson.version


def lesson_list(
    *,
    limit: int,
    cursor: str | None,
    program: str | None = None,
    course: str | None = None,
    module: str | None = None,
    kind: str | None = None,
    retired: bool | None = None,
) -> Page[LessonView]:
    """Return lessons by position, in two statements."""
    query = select(Lesson).join(Module, Module.id == Lesson.module_id)
    query = query.join(Course, Course.id == Module.course_id)
    wanted: dict[Any, str | None] = {
        Course.program_id: program,
        Course.id: course,
        Module.id: module,
        Lesson.kind: kind,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if retired is not None:
        query = query.where(Lesson.retired_at.is_not(None) == retired)
    page = paginate(query, by=[Lesson.position, Lesson.id], limit=limit, cursor=cursor)
    return Page(_with_versions(page.items), page.next_cursor)


def lesson_view(lesson_id: str) -> LessonView:
    """Return a lesson with its versions, or raise NotFound."""
    (view,) = _with_versions([row(Lesson, lesson_id)])
    return view


def version_list(
    *, lesson_id: str, limit: int, cursor: str | None, state: str | None = None
) -> Page[LessonVersion]:
    """Return a lesson's versions, the newest first, or raise NotFound."""
    row(Lesson, lesson_id)
    query = select(LessonVersion).where(LessonVersion.lesson_id == lesson_id)
    if state is not None:
        query = query.where(LessonVersion.state == state)
    by = [LessonVersion.number]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def version(lesson_id: str, number: int) -> LessonVersion:
    """Return a version of a lesson, or raise NotFound."""
    query = select(LessonVersion).where(
        LessonVersion.lesson_id == lesson_id, LessonVersion.number == number
    )
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def prerequisite_list(
    *,
    limit: int,
    cursor: str | None,
    program: str | None = None,
    course: str | None = None,
    lesson: str | None = None,
) -> Page[Prerequisite]:
    """Return prerequisites; `course` and `lesson` are what needs, not what is needed."""
    wanted = {
        Prerequisite.program_id: program,
        Prerequisite.course_id: course,
        Prerequisite.lesson_id: lesson,
    }
    query = select(Prerequisite)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return paginate(query, by=[Prerequisite.id], limit=limit, cursor=cursor)


def program_of_lesson(lesson_id: str) -> str | None:
    """Return the id of a lesson's program, None if there is no such lesson."""
    query = (
        select(Course.program_id)
        .join(Module, Module.course_id == Course.id)
        .join(Lesson, Lesson.module_id == Module.id)
    )
    return session().scalar(query.where(Lesson.id == lesson_id))


def places(program_id: str) -> tuple[list[Place], set[str]]:
    """Return all lessons of a program in order, taught or not, and its ordered courses."""
    query = (
        select(Lesson.id, Course.id, Course.ordered)
        .join(Module, Module.id == Lesson.module_id)
        .join(Course, Course.id == Module.course_id)
        .where(Course.program_id == program_id)
        .order_by(*in_order())
    )
    rows = session().execute(query).all()
    found = [Place(lesson_id, course_id) for lesson_id, course_id, _ in rows]
    return found, {course_id for _, course_id, ordered in rows if ordered}


def titles(ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the Chinese and English titles of courses and lessons; of a lesson without any
    version its code."""
    courses = [one for one in ids if one.startswith("crs_")]
    lessons = [one for one in ids if one.startswith("lsn_")]
    named = select(Course.id, Course.title_zh, Course.title_en).where(Course.id.in_(courses))
    found = {key: (zh, en) for key, zh, en in session().execute(named)}
    shown = (
        select(Lesson.id, Lesson.code, LessonVersion.title_zh, LessonVersion.title_en)
        .outerjoin(LessonVersion, LessonVersion.lesson_id == Lesson.id)
        .where(Lesson.id.in_(lessons))
        .order_by(Lesson.id, LessonVersion.number)
    )
    for key, code, zh, en in session().execute(shown):
        found[key] = (zh or code, en or code)
    return found


def _with_versions(lessons: Sequence[Lesson]) -> list[LessonView]:
    query = select(LessonVersion).where(
        LessonVersion.lesson_id.in_([lesson.id for lesson in lessons]),
        LessonVersion.state.in_([VersionState.PUBLISHED, VersionState.DRAFT]),
    )
    found = {(version.lesson_id, version.state): version for version in session().scalars(query)}
    return [
        LessonView(
            lesson,
            found.get((lesson.id, VersionState.PUBLISHED)),
            found.get((lesson.id, VersionState.DRAFT)),
        )
        for lesson in lessons
    ]
