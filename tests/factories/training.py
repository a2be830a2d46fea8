"""The school: a program with lessons, taught at once, and who learns it."""

import itertools
from typing import Any, TypeVar

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import Base, session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Course, Enrollment, Lesson, LessonVersion, Module, Program
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import ContentState, LessonKind, VersionState
from groupbuy.training.services.enrolling import enroll
from tests.factories import leaders

_numbers = itertools.count(1)

ARTICLE = {"body_zh": "# 欢迎\n先做好一件事。", "body_en": "# Welcome\nDo one thing well first."}


def program(**fields: Any) -> Program:
    """Make a program that is published."""
    told = {"title_zh": "社群入门", "title_en": "First steps", **fields}
    return _add(Program(code=f"program{next(_numbers)}", state=ContentState.PUBLISHED, **told))


def course(program: Program, **fields: Any) -> Course:
    """Make a published course of a program."""
    told = {"title_zh": "建群", "title_en": "Building a group", **fields}
    made = Course(
        program_id=program.id,
        code=f"course{next(_numbers)}",
        state=ContentState.PUBLISHED,
        **told,
    )
    return _add(made)


def module(course: Course) -> Module:
    """Make a module of a course."""
    return _add(Module(course_id=course.id, title_zh="第一周", title_en="Week one"))


def lesson(
    module: Module,
    kind: LessonKind = LessonKind.ARTICLE,
    *,
    move_on: MoveOn = MoveOn.COMPLETED,
    content: dict[str, Any] | None = None,
    **fields: Any,
) -> Lesson:
    """Make a lesson of a module, with a published version."""
    made = _add(Lesson(module_id=module.id, code=f"lesson{next(_numbers)}", kind=kind, **fields))
    _add(
        LessonVersion(
            lesson_id=made.id,
            number=1,
            title_zh="欢迎",
            title_en="Welcome",
            move_on=move_on,
            content=ARTICLE if content is None else content,
            state=VersionState.PUBLISHED,
            created_at=clock.now(),
            created_by="hua",
            published_at=clock.now(),
            published_by="hua",
        )
    )
    return made


def enrolled(leader: Leader | None = None, *, program: Program) -> Enrollment:
    """Enrol a leader (a new one if left out)."""
    leader = leader or leaders.leader()
    with transaction():
        return enroll(leader_id=leader.id, program_id=program.id, actor=SYSTEM, now=clock.now())


Row = TypeVar("Row", bound=Base)


def _add(row: Row) -> Row:
    with transaction():
        session().add(row)
    return row
