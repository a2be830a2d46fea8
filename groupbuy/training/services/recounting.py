"""Counting all enrolments anew, many at once; in resumable steps, as every night.

The figures are those of services.counting, which counts one enrolment when something is done.
What is published changes, and with it what is asked: this is how enrolments hear of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from groupbuy.kernel.db import insert_missing, session
from groupbuy.kernel.ids import Id, any_id, new_id
from groupbuy.kernel.signals import announce
from groupbuy.training import signals
from groupbuy.training.models import Enrollment, LessonRecord
from groupbuy.training.models.progress import RUNNING, LearningPlace, TrainingRecount
from groupbuy.training.queries.path import path
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.rules.progress import RECOUNT_MOVES, RecountState
from groupbuy.training.services.funnels import refresh_funnel

BATCH = 500
"""Enrolments of a step: short enough that who learns meanwhile waits for a moment only."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How far a count has come."""

    recount_id: str
    counted: int
    total: int
    changed: int
    completed: int
    finished: bool


def begin_recount(*, now: datetime) -> Counted:
    """Start to count all enrolments, or return the count that is under way."""
    total = select(func.count()).select_from(Enrollment).scalar_subquery()
    new = insert_or_not(TrainingRecount).values(id=new_id("trc"), begun_at=now, expected=total)
    session().execute(
        new.on_conflict_do_nothing(index_elements=["state"], index_where=RUNNING),
    )
    running = select(TrainingRecount).where(TrainingRecount.state == RecountState.RUNNING)
    return _told(session().scalars(running).one())


def advance_recount(*, recount_id: str, now: datetime) -> Counted:
    """Count the next enrolments; after the last, write down the funnel of each lesson.

    Two at once wait for each other, and count different ones.
    """
    query = select(TrainingRecount).where(TrainingRecount.id == recount_id).with_for_update()
    run = session().scalars(query.execution_options(populate_existing=True)).one()
    if run.state != RecountState.RUNNING:
        return _told(run)
    batch = _next_batch(run.reached_id)
    if batch:
        figures = _figures([row.id for row in batch])
        run.changed += _write(batch, figures)
        run.completed += _complete(batch, figures, now)
        _place(batch, figures)
        run.counted += len(batch)
        run.reached_id = batch[-1].id
    else:
        refresh_funnel()
        run.state = RECOUNT_MOVES[RecountState.RUNNING, "finish"]
        run.finished_at = now
    session().flush()
    return _told(run)


def _told(run: TrainingRecount) -> Counted:
    finished = run.state == RecountState.FINISHED
    return Counted(run.id, run.counted, run.expected, run.changed, run.completed, finished)


@dataclass(frozen=True, slots=True)
class Found:
    """What an enrolment has done of what is asked, and the first lesson of it that is missing."""

    required: int
    done: int
    next_id: str | None

    @property
    def finished(self) -> bool:
        """Tell whether all that is asked is done; a program that asks for nothing has no end."""
        return 0 < self.required == self.done


def _next_batch(after: str | None) -> Sequence[Any]:
    """Lock the next enrolments; what is counted then holds until this step is over."""
    query = (
        select(
            Enrollment.id,
            Enrollment.state,
            Enrollment.required,
            Enrollment.done,
            LearningPlace.lesson_id,
        )
        .outerjoin(LearningPlace, LearningPlace.enrollment_id == Enrollment.id)
        .order_by(Enrollment.id)
        .limit(BATCH)
        .with_for_update(of=Enrollment)
    )
    if after is not None:
        query = query.where(Enrollment.id > after)
    return session().execute(query).all()


def _figures(batch: Sequence[str]) -> dict[str, Found]:
    """Return what is so now of each of these enrolments; what is asked is looked at once."""
    asked = path()
    query = (
        select(
            Enrollment.id,
            Enrollment.program_id,
            func.count(asked.c.lesson_id).label("required"),
            func.count(LessonRecord.lesson_id).label("done"),
            func.min(asked.c.place).filter(LessonRecord.lesson_id.is_(None)).label("place"),
        )
        .outerjoin(asked, (asked.c.program_id == Enrollment.program_id) & asked.c.asked)
        .outerjoin(
            LessonRecord,
            (LessonRecord.leader_id == Enrollment.leader_id)
            & (LessonRecord.lesson_id == asked.c.lesson_id)
            & LessonRecord.satisfied,
        )
        .where(Enrollment.id == any_id("batch", "enr"))
        .group_by(Enrollment.id)
    )
    rows = session().execute(query, {"batch": list(batch)}).all()
    lessons = path()
    ids = {
        (row.program_id, row.place): row.lesson_id
        for row in session().execute(
            select(lessons.c.program_id, lessons.c.place, lessons.c.lesson_id)
        )
    }
    return {
        row.id: Found(row.required, row.done, ids.get((row.program_id, row.place))) for row in rows
    }


def _write(batch: Sequence[Any], figures: dict[str, Found]) -> int:
    """Set the figures of those enrolments that say otherwise, and return how many these are."""
    wrong = [
        row.id
        for row in batch
        if (row.required, row.done) != (figures[row.id].required, figures[row.id].done)
    ]
    if wrong:
        values = {
            "ids": wrong,
            "required": [figures[enrollment_id].required for enrollment_id in wrong],
            "done": [figures[enrollment_id].done for enrollment_id in wrong],
        }
        session().execute(_SET, values)
    return len(wrong)


_SET = text(
    "update enrollments set required = given.required, done = given.done "
    "from unnest(:ids, cast(:required as bigint[]), cast(:done as bigint[])) "
    "as given (id, required, done) where enrollments.id = given.id"
).bindparams(bindparam("ids", type_=ARRAY(Id("enr"))))


def _complete(batch: Sequence[Any], figures: dict[str, Found], now: datetime) -> int:
    """Complete the active enrolments that have done all, and announce each."""
    active = [row.id for row in batch if row.state == EnrollmentState.ACTIVE]
    done = [enrollment_id for enrollment_id in active if figures[enrollment_id].finished]
    if not done:
        return 0
    query = select(Enrollment).where(Enrollment.id.in_(done)).order_by(Enrollment.id)
    ready = session().scalars(query.execution_options(populate_existing=True)).all()
    for enrollment in ready:
        enrollment.state = EnrollmentState.COMPLETED
        enrollment.completed_at = now
    session().flush()
    for enrollment in ready:
        announce(signals.program_completed, enrollment, now=now)
    return len(ready)


def _place(batch: Sequence[Any], figures: dict[str, Found]) -> None:
    """Write down at which lesson each active enrolment stands, where that has changed."""
    places = {
        row.id: figures[row.id].next_id if row.state == EnrollmentState.ACTIVE else None
        for row in batch
    }
    moved = [row.id for row in batch if row.lesson_id != places[row.id]]
    if not moved:
        return
    session().execute(
        delete(LearningPlace).where(LearningPlace.enrollment_id == any_id("moved", "enr")),
        {"moved": moved},
        execution_options={"synchronize_session": False},
    )
    new = [{"enrollment_id": row_id, "lesson_id": places[row_id]} for row_id in moved]
    insert_missing(
        LearningPlace, [row for row in new if row["lesson_id"]], returning=["enrollment_id"]
    )
