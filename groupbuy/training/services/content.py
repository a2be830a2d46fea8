"""Building programs: what they are made of, in which order, and whether it is shown."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import ContentCodeTaken, ContentInUse
from groupbuy.training.models import Course, Lesson, LessonVersion, Module, Program
from groupbuy.training.queries import content as queries
from groupbuy.training.rules.content import CONTENT_MOVES, ContentState, VersionState
from groupbuy.training.services.prerequisites import lock_program, refuse_circle

Part = TypeVar("Part", Program, Course, Module, Lesson)
Shown = TypeVar("Shown", Program, Course)


def create_program(*, actor: Actor, now: datetime, **fields: Any) -> Program:
    """Add a program, as a draft.

    Raises:
        ContentCodeTaken: another program has its code.
    """
    return _create(Program(**fields), "program", actor, now)


def create_course(*, program_id: str, actor: Actor, now: datetime, **fields: Any) -> Course:
    """Add a course to a program, as a draft.

    Raises:
        InvalidInput: there is no such program.
        ContentCodeTaken: another course of the program has its code.
    """
    _refuse_unknown(Program, program_id, "/program_id", _NO_PROGRAM)
    return _create(Course(program_id=program_id, **fields), "course", actor, now)


def create_module(*, course_id: str, actor: Actor, now: datetime, **fields: Any) -> Module:
    """Add a module to a course.

    Raises:
        InvalidInput: there is no such course.
    """
    _refuse_unknown(Course, course_id, "/course_id", _NO_COURSE)
    return _create(Module(course_id=course_id, **fields), "module", actor, now)


def create_lesson(*, module_id: str, actor: Actor, now: datetime, **fields: Any) -> Lesson:
    """Add a lesson to a module; what it says comes with its first version.

    Raises:
        InvalidInput: there is no such module.
        ContentCodeTaken: another lesson of the module has its code.
    """
    _refuse_unknown(Module, module_id, "/module_id", _NO_MODULE)
    return _create(Lesson(module_id=module_id, **fields), "lesson", actor, now)


def edit_program(
    *, program_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Program:
    """Change what a program is called, and its place.

    Raises:
        StaleVersion: it changed since it was read.
        ContentCodeTaken: another program has the code.
    """
    return _edit(queries.row(Program, program_id), if_match, changes, actor, now)


def edit_course(
    *, course_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Course:
    """Change a course; `ordered` must not make lessons wait for each other.

    Raises: as edit_program, and PrerequisiteCircle.
    """
    course = queries.row(Course, course_id)
    return _reshape(course, course.program_id, if_match, changes, actor, now)


def edit_module(
    *, module_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Module:
    """Change a module, or move it, also into another course of its program.

    Raises: as edit_course, and InvalidInput for a course of another program.
    """
    module = queries.row(Module, module_id)
    program_id = queries.row(Course, module.course_id).program_id
    course_id = changes.get("course_id", module.course_id)
    if _program_of_course(course_id) != program_id:
        raise InvalidInput.at("/course_id", _ELSEWHERE)
    return _reshape(module, program_id, if_match, changes, actor, now)


def edit_lesson(
    *, lesson_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Lesson:
    """Change a lesson, or move it, also into another module of its program.

    Raises: as edit_course, and InvalidInput for a module of another program.
    """
    lesson = queries.row(Lesson, lesson_id)
    program_id = _program_of_module(lesson.module_id)
    if _program_of_module(changes.get("module_id", lesson.module_id)) != program_id:
        raise InvalidInput.at("/module_id", _ELSEWHERE)
    return _reshape(lesson, str(program_id), if_match, changes, actor, now)


def turn_program(*, program_id: str, action: str, actor: Actor, now: datetime) -> Program:
    """Publish or retire a program; whoever learns a retired one finishes what they began.

    Raises:
        NotInThisState: it is so already, or a draft is to be retired.
    """
    return _turn(queries.row(Program, program_id), action, actor, now)


def turn_course(*, course_id: str, action: str, actor: Actor, now: datetime) -> Course:
    """Publish or retire a course.

    Raises: as turn_program.
    """
    return _turn(queries.row(Course, course_id), action, actor, now)


def retire_lesson(*, lesson_id: str, actor: Actor, now: datetime) -> Lesson:
    """Teach a lesson no longer; whoever has begun it may finish it.

    Raises:
        NotInThisState: it is retired.
    """
    return _retire(lesson_id, now, "retire", actor, now)


def restore_lesson(*, lesson_id: str, actor: Actor, now: datetime) -> Lesson:
    """Teach a retired lesson again.

    Raises:
        NotInThisState: it is not retired.
    """
    return _retire(lesson_id, None, "restore", actor, now)


def remove(*, part: Part, if_match: int, actor: Actor, now: datetime) -> None:
    """Remove what nothing hangs on; a lesson's draft goes with it.

    Raises:
        ContentInUse: something hangs on it, or it was published once.
        StaleVersion: it changed since it was read.
    """
    if part.version != if_match:
        raise StaleVersion
    if getattr(part, "state", ContentState.DRAFT) != ContentState.DRAFT:
        raise ContentInUse
    draft = (LessonVersion.lesson_id == part.id, LessonVersion.state == VersionState.DRAFT)
    try:
        with session().begin_nested():
            if isinstance(part, Lesson):
                session().execute(delete(LessonVersion).where(*draft))
            session().delete(part)
    except IntegrityError as error:
        raise ContentInUse from error
    audit.record(actor=actor, action=f"{_name(part)}.remove", subject=part.id, now=now)


def _create(part: Part, name: str, actor: Actor, now: datetime) -> Part:
    _add(part)
    facts = {"code": getattr(part, "code", None), "title": getattr(part, "title_en", None)}
    audit.record(actor=actor, action=f"{name}.create", subject=part.id, now=now, **facts)
    return part


def _add(part: Part) -> None:
    try:
        with session().begin_nested():
            session().add(part)
    except IntegrityError as error:
        raise ContentCodeTaken from error


def _edit(part: Part, if_match: int, changes: dict[str, Any], actor: Actor, now: datetime) -> Part:
    if part.version != if_match:
        raise StaleVersion
    try:
        with session().begin_nested():
            for field, value in changes.items():
                setattr(part, field, value)
    except IntegrityError as error:
        raise ContentCodeTaken from error
    action = f"{_name(part)}.edit"
    audit.record(actor=actor, action=action, subject=part.id, now=now, changes=changes)
    return part


_SHAPE = {"ordered", "position", "course_id", "module_id"}
"""What can make lessons wait for each other."""


def _reshape(
    part: Part, program_id: str, if_match: int, changes: dict[str, Any], actor: Actor, now: datetime
) -> Part:
    shaped = bool(_SHAPE & changes.keys())
    if shaped:
        lock_program(program_id=program_id)
    edited = _edit(part, if_match, changes, actor, now)
    if shaped:
        refuse_circle(program_id=program_id)
    return edited


def _turn(part: Shown, action: str, actor: Actor, now: datetime) -> Shown:
    after = CONTENT_MOVES.get((ContentState(part.state), action))
    if after is None:
        raise NotInThisState(state=part.state, action=action)
    part.state = after
    session().flush()
    audit.record(actor=actor, action=f"{_name(part)}.{action}", subject=part.id, now=now)
    return part


def _retire(
    lesson_id: str, retired_at: datetime | None, action: str, actor: Actor, now: datetime
) -> Lesson:
    lesson = queries.row(Lesson, lesson_id)
    if (lesson.retired_at is None) == (retired_at is None):
        state = "taught" if retired_at is None else "retired"
        raise NotInThisState(state=state, action=action)
    lesson.retired_at = retired_at
    session().flush()
    audit.record(actor=actor, action=f"lesson.{action}", subject=lesson_id, now=now)
    return lesson


def _name(part: Program | Course | Module | Lesson) -> str:
    return type(part).__name__.lower()


def _refuse_unknown(kind: type[Any], row_id: str, pointer: str, unknown: Text) -> None:
    # Kept until we commit: nobody removes it under what is added to it.
    keep = {"read": True, "key_share": True}
    if session().get(kind, row_id, with_for_update=keep) is None:
        raise InvalidInput.at(pointer, unknown)


def _program_of_course(course_id: str) -> str | None:
    return session().scalar(select(Course.program_id).where(Course.id == course_id))


def _program_of_module(module_id: str) -> str | None:
    query = select(Course.program_id).join(Module, Module.course_id == Course.id)
    return session().scalar(query.where(Module.id == module_id))


_NO_PROGRAM = Text("没有这个学习计划。", "There is no such program.")
_NO_COURSE = Text("没有这个课程。", "There is no such course.")
_NO_MODULE = Text("没有这个章节。", "There is no such module.")
_ELSEWHERE = Text("只能移到同一学习计划之内。", "It can only be moved within its program.")
