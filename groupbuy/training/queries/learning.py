"""What a leader reads: my programs, what is taught, a program's outline, a lesson."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import and_, or_, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.training.models import Enrollment, Lesson, LessonVersion, Program
from groupbuy.training.queries.outline import Outline, Step, outlines
from groupbuy.training.queries.unlocking import unlocked
from groupbuy.training.rules.content import (
    ContentState,
    EnrollmentState,
    LessonState,
    lesson_state,
)
from groupbuy.training.rules.wording import in_words


@dataclass(frozen=True, slots=True)
class Learnt:
    """A program as one leader sees it."""

    program: Program
    mine: Enrollment | None
    outline: Outline

    @property
    def id(self) -> str:
        """Return the program's id."""
        return self.program.id

    @property
    def title(self) -> Text:
        """Return the program's title."""
        return self.program.title

    @property
    def summary(self) -> Text:
        """Return what the program is about."""
        return Text(self.program.summary_zh, self.program.summary_en)

    @property
    def enrollment(self) -> str | None:
        """Return how the leader stands in it, None if not enrolled."""
        return self.mine.state if self.mine else None

    @property
    def enrolled_at(self) -> datetime | None:
        """Return when the leader enrolled."""
        return self.mine.enrolled_at if self.mine else None

    @property
    def completed_at(self) -> datetime | None:
        """Return when all was done."""
        return self.mine.completed_at if self.mine else None

    @property
    def required(self) -> int:
        """Return how many lessons it asks for now."""
        return self.outline.required

    @property
    def done(self) -> int:
        """Return how many of them are done."""
        return self.outline.done

    @property
    def percent(self) -> int:
        """Return the part that is done."""
        return self.outline.percent

    @property
    def next(self) -> Step | None:
        """Return the lesson to learn now."""
        return self.outline.next

    @property
    def locked(self) -> list[Step]:
        """Return the lessons that are not open yet."""
        return self.outline.locked

    @property
    def courses(self) -> list[dict[str, Any]]:
        """Return its courses with their modules and lessons, in order."""
        return [
            {
                "id": course.id,
                "title": course.title,
                "summary": Text(course.summary_zh, course.summary_en),
                "mandatory": course.mandatory,
                "ordered": course.ordered,
                "modules": [
                    {"id": module.id, "title": module.title, "lessons": list(lessons)}
                    for module, lessons in groupby(steps, lambda step: step.module)
                ],
            }
            for course, steps in groupby(self.outline.steps, lambda step: step.course)
        ]


def learning(*, leader_id: str) -> list[Learnt]:
    """Return the programs that a leader learns or has learnt, those that are done last.

    In three statements.
    """
    query = (
        select(Program, Enrollment)
        .join(Enrollment, Enrollment.program_id == Program.id)
        .where(Enrollment.leader_id == leader_id, Enrollment.state != EnrollmentState.WITHDRAWN)
        .order_by(Enrollment.state != EnrollmentState.ACTIVE, Program.position, Program.id)
    )
    return _seen(leader_id, [(program, mine) for program, mine in session().execute(query)])


def taught_programs(*, leader_id: str, limit: int, cursor: str | None) -> Page[Learnt]:
    """Return the programs that are taught, with what the leader has done of them."""
    query = select(Program).where(Program.state == ContentState.PUBLISHED)
    page = paginate(query, by=[Program.position, Program.id], limit=limit, cursor=cursor)
    ids = [program.id for program in page.items]
    mine = {
        enrollment.program_id: enrollment
        for enrollment in session().scalars(
            select(Enrollment).where(
                Enrollment.leader_id == leader_id, Enrollment.program_id.in_(ids)
            )
        )
    }
    found = [(program, mine.get(program.id)) for program in page.items]
    return Page(_seen(leader_id, found), page.next_cursor)


def program_outline(*, leader_id: str, program_id: str) -> Learnt:
    """Return a program that is taught, or that the leader learns.

    Raises:
        NotFound: there is no such program for this leader.
    """
    query = (
        select(Program, Enrollment)
        .outerjoin(
            Enrollment,
            and_(Enrollment.program_id == Program.id, Enrollment.leader_id == leader_id),
        )
        .where(Program.id == program_id)
        .where(or_(Program.state == ContentState.PUBLISHED, Enrollment.id.is_not(None)))
    )
    found = session().execute(query).one_or_none()
    if found is None:
        raise NotFound
    (outline,) = _seen(leader_id, [(found[0], found[1])])
    return outline


@dataclass(frozen=True, slots=True)
class LearntLesson:
    """A lesson in the version that a leader learns, and what is done of it."""

    lesson: Lesson
    version: LessonVersion
    program_id: str
    state: LessonState
    watched: list[list[int]]
    watched_s: int = 0
    completed_at: datetime | None = None
    passed_at: datetime | None = None
    waived_at: datetime | None = None
    score_bps: int | None = None

    @property
    def id(self) -> str:
        """Return the lesson's id."""
        return self.lesson.id

    @property
    def kind(self) -> str:
        """Return what the lesson is."""
        return self.lesson.kind

    @property
    def number(self) -> int:
        """Return the version's number."""
        return self.version.number

    @property
    def title(self) -> Text:
        """Return the version's title."""
        return self.version.title

    @property
    def minutes(self) -> int:
        """Return how long it takes."""
        return self.version.minutes

    @property
    def move_on(self) -> str:
        """Return what it asks for."""
        return self.version.move_on

    @property
    def content(self) -> dict[str, Any]:
        """Return what it says, with its texts in both languages."""
        return in_words(self.version.content)


def learnt_lesson(*, leader_id: str, lesson_id: str) -> LearntLesson:
    """Return a lesson for who may learn it; reading it does not begin it.

    Raises:
        NotFound, NotEnrolled, NotTaught, LessonLocked: see `queries.unlocking`.
    """
    opened = unlocked(leader_id=leader_id, lesson_id=lesson_id)
    record, place = opened.record, (opened.lesson, opened.version, opened.program_id)
    if record is None:
        return LearntLesson(*place, LessonState.OPEN, [])
    state = lesson_state(
        locked=False,
        begun=True,
        completed=record.completed_at is not None,
        passed=record.passed_at is not None,
        satisfied=record.satisfied,
        waived=record.waived_at is not None,
    )
    return LearntLesson(
        *place,
        state,
        watched=[[span.lower, span.upper] for span in record.watched],
        watched_s=record.watched_s,
        completed_at=record.completed_at,
        passed_at=record.passed_at,
        waived_at=record.waived_at,
        score_bps=record.score_bps,
    )


def _seen(leader_id: str, found: Sequence[tuple[Program, Enrollment | None]]) -> list[Learnt]:
    seen = outlines(leader_id=leader_id, program_ids=[program.id for program, _ in found])
    return [Learnt(program, mine, seen[program.id]) for program, mine in found]
