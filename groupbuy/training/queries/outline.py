"""Programs as leaders see them: every lesson in its place, what is done of it, what it waits for.

A constant number of statements, however many programs and lessons there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from groupbuy.kernel.db import session
from groupbuy.kernel.texts import Text
from groupbuy.training.models import (
    Course,
    Lesson,
    LessonRecord,
    LessonVersion,
    Module,
    Prerequisite,
    Program,
)
from groupbuy.training.queries.teaching import published_version, taught
from groupbuy.training.rules.completion import MoveOn, percent
from groupbuy.training.rules.content import LessonState, lesson_state
from groupbuy.training.rules.unlocking import Need, Place, missing


@dataclass(frozen=True, slots=True)
class Named:
    """A course or lesson that something waits for."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class Step:
    """A lesson in its place; title and minutes are of the version that the leader learns."""

    course: Course
    module: Module
    lesson: Lesson
    title_zh: str
    title_en: str
    minutes: int
    move_on: str
    taught: bool
    asks: bool
    begun_at: datetime | None
    completed_at: datetime | None
    passed_at: datetime | None
    waived_at: datetime | None
    score_bps: int | None
    satisfied: bool
    missing: list[Named] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Return the lesson's id."""
        return self.lesson.id

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)

    @property
    def counts(self) -> bool:
        """Tell whether the program asks for it."""
        return self.course.mandatory and self.lesson.mandatory and self.asks

    @property
    def place(self) -> Place:
        """Return what the rule of unlocking looks at."""
        return Place(
            lesson_id=self.lesson.id,
            course_id=self.course.id,
            mandatory=self.lesson.mandatory,
            asks=self.asks,
            satisfied=self.satisfied,
        )

    @property
    def state(self) -> LessonState:
        """Return where the leader stands with it; what was begun stays open."""
        return lesson_state(
            locked=bool(self.missing) and self.begun_at is None,
            begun=self.begun_at is not None,
            completed=self.completed_at is not None,
            passed=self.passed_at is not None,
            satisfied=self.satisfied,
            waived=self.waived_at is not None,
        )


@dataclass(frozen=True, slots=True)
class Outline:
    """A program with its lessons in order, for one leader."""

    steps: list[Step]

    @property
    def required(self) -> int:
        """Return how many lessons the program asks for."""
        return sum(step.counts for step in self.steps)

    @property
    def done(self) -> int:
        """Return how many of them are done."""
        return sum(step.counts and step.satisfied for step in self.steps)

    @property
    def percent(self) -> int:
        """Return the part that is done: 100 only when all is."""
        return percent(done=self.done, required=self.required)

    @property
    def next(self) -> Step | None:
        """Return what to learn now: the first open lesson that counts, else the first open one."""
        learnable = (LessonState.OPEN, LessonState.BEGUN, LessonState.COMPLETED, LessonState.PASSED)
        opened = [step for step in self.steps if step.asks and step.state in learnable]
        return next((step for step in opened if step.counts), next(iter(opened), None))

    @property
    def locked(self) -> list[Step]:
        """Return what is not open yet."""
        return [step for step in self.steps if step.state == LessonState.LOCKED]


def outlines(*, leader_id: str, program_ids: Sequence[str]) -> dict[str, Outline]:
    """Return programs by id as a leader sees them, in two statements.

    Shown is what is taught, and what the leader has begun.
    """
    steps: defaultdict[str, list[Step]] = defaultdict(list)
    for step in _steps(leader_id, program_ids):
        steps[step.course.program_id].append(step)
    needed = needs(program_ids)
    for lessons in steps.values():
        _tell_missing(lessons, needed)
    return {program_id: Outline(steps[program_id]) for program_id in program_ids}


def needs(program_ids: Sequence[str]) -> list[Need]:
    """Return the prerequisites of programs: who needs what."""
    query = select(
        Prerequisite.course_id,
        Prerequisite.lesson_id,
        Prerequisite.required_course_id,
        Prerequisite.required_lesson_id,
    ).where(Prerequisite.program_id.in_(program_ids))
    rows = session().execute(query.order_by(Prerequisite.id))
    return [
        (str(course or lesson), str(needed_course or needed_lesson))
        for course, lesson, needed_course, needed_lesson in rows
    ]


def _tell_missing(steps: list[Step], needed: Iterable[Need]) -> None:
    titles = {step.lesson.id: step.title for step in steps}
    titles |= {step.course.id: step.course.title for step in steps}
    ordered = {step.course.id for step in steps if step.course.ordered}
    waits = missing([step.place for step in steps], needed, ordered=ordered)
    for step in steps:
        step.missing.extend(Named(one, titles[one]) for one in waits[step.lesson.id])


def _steps(leader_id: str, program_ids: Sequence[str]) -> list[Step]:
    learnt = aliased(LessonVersion)
    query = (
        select(
            Course,
            Module,
            Lesson,
            learnt.title_zh,
            learnt.title_en,
            learnt.minutes,
            learnt.move_on,
            func.coalesce(taught(), False),
            func.coalesce(taught() & (LessonVersion.move_on != MoveOn.NOT_APPLICABLE), False),
            LessonRecord.begun_at,
            LessonRecord.completed_at,
            LessonRecord.passed_at,
            LessonRecord.waived_at,
            LessonRecord.score_bps,
            func.coalesce(LessonRecord.satisfied, False),
        )
        .select_from(Program)
        .join(Course, Course.program_id == Program.id)
        .join(Module, Module.course_id == Course.id)
        .join(Lesson, Lesson.module_id == Module.id)
        .outerjoin(LessonVersion, published_version())
        .outerjoin(
            LessonRecord,
            (LessonRecord.lesson_id == Lesson.id) & (LessonRecord.leader_id == leader_id),
        )
        .join(learnt, learnt.id == func.coalesce(LessonRecord.lesson_version_id, LessonVersion.id))
        .where(Program.id.in_(program_ids))
        .where(or_(taught(), LessonRecord.begun_at.is_not(None)))
        .order_by(*in_order())
    )
    return [Step(*tuple(row)) for row in session().execute(query)]


def in_order() -> Sequence[InstrumentedAttribute[Any]]:
    """Return what lessons are sorted by."""
    return (
        Course.position,
        Course.id,
        Module.position,
        Module.id,
        Lesson.position,
        Lesson.id,
    )
