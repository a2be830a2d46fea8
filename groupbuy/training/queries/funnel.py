"""Who is stuck where: each lesson's figures of the last count, and who stands at it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.training.models import (
    Enrollment,
    FunnelStep,
    LearningPlace,
    Lesson,
    LessonRecord,
    LessonVersion,
    Program,
    TrainingRecount,
)
from groupbuy.training.queries.progress import ProgressRow, progress_list, stuck
from groupbuy.training.queries.teaching import published_version
from groupbuy.training.rules.content import EnrollmentState


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """A lesson: how many of the program's leaders came how far, and how many stay at it.

    `standing` are those whose next lesson it was at the last count, and who still learn; `stuck`
    those of them who by now did nothing for a number of days, and so stand there still.
    """

    step: FunnelStep
    kind: str
    title: Text
    standing: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """A program, lesson by lesson, as it was counted last; None if it never was."""

    program_id: str
    as_of: datetime | None
    stuck_days: int
    items: list[FunnelRow]


def funnel(*, program_id: str, stuck_days: int, now: datetime) -> Funnel:
    """Return a program's funnel in three statements, or raise NotFound.

    What was done is as of the last count; who is stuck is looked at now.
    """
    if session().get(Program, program_id) is None:
        raise NotFound
    counted_at = select(func.max(TrainingRecount.finished_at))
    idle = func.count().filter(*stuck(stuck_days, now))
    places = (
        select(LearningPlace.lesson_id, func.count().label("standing"), idle.label("stuck"))
        .join(Enrollment, Enrollment.id == LearningPlace.enrollment_id)
        .where(Enrollment.program_id == program_id, Enrollment.state == EnrollmentState.ACTIVE)
        .group_by(LearningPlace.lesson_id)
        .subquery()
    )
    query = (
        select(
            FunnelStep,
            Lesson.kind,
            LessonVersion.title_zh,
            LessonVersion.title_en,
            func.coalesce(places.c.standing, 0).label("standing"),
            func.coalesce(places.c.stuck, 0).label("stuck"),
        )
        .join(Lesson, Lesson.id == FunnelStep.lesson_id)
        .join(LessonVersion, published_version())
        .outerjoin(places, places.c.lesson_id == FunnelStep.lesson_id)
        .where(FunnelStep.program_id == program_id)
        .order_by(FunnelStep.place)
    )
    items = [
        FunnelRow(step, kind, Text(zh, en), standing, idling)
        for step, kind, zh, en, standing, idling in session().execute(query)
    ]
    return Funnel(program_id, session().scalar(counted_at), stuck_days, items)


def standing_list(
    *,
    program_id: str,
    lesson_id: str,
    stuck_days: int | None,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> Page[ProgressRow]:
    """Return who stands at a lesson, the longest idle first, or raise NotFound.

    As of the last count, but for who has done it since. With `stuck_days` only those who did
    nothing for so many days.
    """
    step = session().get(FunnelStep, lesson_id)
    if step is None or step.program_id != program_id:
        raise NotFound
    here = select(LearningPlace.enrollment_id).where(
        LearningPlace.lesson_id == lesson_id, LearningPlace.enrollment_id == Enrollment.id
    )
    done = select(LessonRecord.lesson_id).where(
        LessonRecord.leader_id == Enrollment.leader_id,
        LessonRecord.lesson_id == lesson_id,
        LessonRecord.satisfied,
    )
    return progress_list(
        program_id=program_id,
        stuck_days=stuck_days,
        only=[
            Enrollment.state == EnrollmentState.ACTIVE,
            here.correlate(Enrollment).exists(),
            ~done.correlate(Enrollment).exists(),
        ],
        limit=limit,
        cursor=cursor,
        now=now,
    )


def funnel_file(funnel: Funnel, *, language: str) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each lesson of a funnel."""
    yes, no = Text("是", "yes"), Text("否", "no")
    for row in funnel.items:
        yield {
            **{name: getattr(row.step, name) for name in _FIGURES},
            "title": row.title.to(language),
            "mandatory": (yes if row.step.mandatory else no).to(language),
            "standing": row.standing,
            "stuck": row.stuck,
            "as_of": funnel.as_of,
        }


_FIGURES = (
    "place",
    "lesson_id",
    "enrolled",
    "reached",
    "begun",
    "completed",
    "passed",
    "satisfied",
    "median_days",
)
