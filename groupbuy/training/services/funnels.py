"""Writing down, lesson by lesson, how many leaders came how far."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Subquery,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
)

from groupbuy.kernel.db import session
from groupbuy.training.models import Enrollment, LessonRecord
from groupbuy.training.models.progress import FunnelStep, LearningPlace
from groupbuy.training.queries.path import path
from groupbuy.training.rules.content import EnrollmentState

DAY_SECONDS = 86_400
HALF: ColumnElement[Any] = literal_column("0.5")


def refresh_funnel() -> None:
    """Replace the funnel of every program by what is so now; nobody sees it half done."""
    session().execute(delete(FunnelStep), execution_options={"synchronize_session": False})
    lessons = path()
    enrolled = (
        select(Enrollment.program_id, func.count().label("enrolled"))
        .where(Enrollment.state != EnrollmentState.WITHDRAWN)
        .group_by(Enrollment.program_id)
        .subquery()
    )
    record = LessonRecord
    met_at = func.greatest(record.completed_at, record.passed_at)
    days = cast(func.floor(func.extract("epoch", met_at - record.begun_at) / DAY_SECONDS), Integer)
    met = record.satisfied & record.waived_at.is_(None) & met_at.is_not(None)
    figures = (
        select(
            lessons.c.lesson_id,
            func.count().label("begun"),
            func.count(record.completed_at).label("completed"),
            func.count(record.passed_at).label("passed"),
            func.count().filter(record.satisfied).label("satisfied"),
            func.percentile_disc(HALF).within_group(days).filter(met).label("median_days"),
        )
        .join(record, record.lesson_id == lessons.c.lesson_id)
        .join(
            Enrollment,
            (Enrollment.leader_id == record.leader_id)
            & (Enrollment.program_id == lessons.c.program_id),
        )
        .where(Enrollment.state != EnrollmentState.WITHDRAWN)
        .group_by(lessons.c.lesson_id)
        .subquery()
    )
    standing = _standing_unbegun()
    begun = func.coalesce(figures.c.begun, 0)
    everybody = func.coalesce(enrolled.c.enrolled, 0)
    steps = (
        select(
            lessons.c.lesson_id,
            lessons.c.program_id,
            lessons.c.place,
            lessons.c.asked,
            everybody,
            # Never more than there are, also when a lesson was moved to another program since.
            func.least(begun + func.coalesce(standing.c.standing, 0), everybody),
            begun,
            func.coalesce(figures.c.completed, 0),
            func.coalesce(figures.c.passed, 0),
            func.coalesce(figures.c.satisfied, 0),
            figures.c.median_days,
        )
        .outerjoin(enrolled, enrolled.c.program_id == lessons.c.program_id)
        .outerjoin(figures, figures.c.lesson_id == lessons.c.lesson_id)
        .outerjoin(standing, standing.c.lesson_id == lessons.c.lesson_id)
    )
    session().execute(insert(FunnelStep).from_select(COLUMNS, steps))


COLUMNS = [
    "lesson_id",
    "program_id",
    "place",
    "mandatory",
    "enrolled",
    "reached",
    "begun",
    "completed",
    "passed",
    "satisfied",
    "median_days",
]


def _standing_unbegun() -> Subquery:
    """Return how many stand at each lesson without having begun it."""
    record = LessonRecord
    return (
        select(LearningPlace.lesson_id, func.count().label("standing"))
        .join(Enrollment, Enrollment.id == LearningPlace.enrollment_id)
        .outerjoin(
            record,
            (record.leader_id == Enrollment.leader_id)
            & (record.lesson_id == LearningPlace.lesson_id),
        )
        .where(record.leader_id.is_(None), Enrollment.state != EnrollmentState.WITHDRAWN)
        .group_by(LearningPlace.lesson_id)
        .subquery()
    )
