"""Counting all enrolments anew, many at once; in resumable steps, as every night.

The figures are those of services.counting, which counts one enrolment when something is done.
What is published changes, and with it what is asked: this is how enrolments hear of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CTE, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from groupbuy.kernel.db import session
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
        run.changed += _count(batch)
        run.completed += _complete(batch, now)
        _place(batch)
        run.counted += len(batch)
        run.reached_id = batch[-1]
    else:
        refresh_funnel()
        run.state = RECOUNT_MOVES[RecountState.RUNNING, "finish"]
        run.finished_at = now
    session().flush()
    return _told(run)


def _told(run: TrainingRecount) -> Counted:
    finished = run.state == RecountState.FINISHED
    return Counted(run.id, run.counted, run.expected, run.changed, run.completed, finished)


def _next_batch(after: str | None) -> Sequence[str]:
    """Lock the next enrolments; what is counted then holds until this step is over."""
    query = select(Enrollment.id).order_by(Enrollment.id).limit(BATCH).with_for_update()
    if after is not None:
        query = query.where(Enrollment.id > after)
    return session().scalars(query).all()


def _batch(batch: Sequence[str]) -> CTE:
    given = func.unnest(bindparam("batch", list(batch), type_=ARRAY(Id("enr"))))
    ids = select(given.column_valued("id").label("id")).cte("given")
    return (
        select(Enrollment.id, Enrollment.leader_id, Enrollment.program_id)
        .join(ids, ids.c.id == Enrollment.id)
        .cte("batch")
        .prefix_with("materialized", dialect="postgresql")
    )


def _count(batch: Sequence[str]) -> int:
    """Set what the batch has done of what is asked; return how many enrolments that changed."""
    some, asked = _batch(batch), path()
    required = (
        select(asked.c.program_id, func.count().label("required"))
        .where(asked.c.asked)
        .group_by(asked.c.program_id)
        .subquery()
    )
    done = (
        select(some.c.id, func.count().label("done"))
        .join(asked, (asked.c.program_id == some.c.program_id) & asked.c.asked)
        .join(LessonRecord, _record_of(some, asked))
        .group_by(some.c.id)
        .subquery()
    )
    counts = (
        select(
            some.c.id,
            func.coalesce(required.c.required, 0).label("required"),
            func.coalesce(done.c.done, 0).label("done"),
        )
        .outerjoin(required, required.c.program_id == some.c.program_id)
        .outerjoin(done, done.c.id == some.c.id)
        .subquery()
    )
    counting = (
        update(Enrollment)
        .where(
            Enrollment.id == counts.c.id,
            or_(
                Enrollment.required != counts.c.required,
                Enrollment.done != counts.c.done,
            ),
        )
        .values(required=counts.c.required, done=counts.c.done)
        .returning(Enrollment.id)
        .execution_options(synchronize_session=False)
    )
    return len(session().execute(counting).all())


def _record_of(some: CTE, asked: CTE) -> Any:
    """Return the condition that joins what a leader has done to a lesson on the way."""
    return (
        (LessonRecord.leader_id == some.c.leader_id)
        & (LessonRecord.lesson_id == asked.c.lesson_id)
        & LessonRecord.satisfied
    )


def _complete(batch: Sequence[str], now: datetime) -> int:
    """Complete the active enrolments of the batch that have done all, and announce each."""
    query = (
        select(Enrollment)
        .where(
            Enrollment.id == any_id("batch", "enr"),
            Enrollment.state == EnrollmentState.ACTIVE,
            Enrollment.required > 0,
            Enrollment.done == Enrollment.required,
        )
        .order_by(Enrollment.id)
        .execution_options(populate_existing=True)
    )
    ready = session().scalars(query, {"batch": list(batch)}).all()
    for enrollment in ready:
        enrollment.state = EnrollmentState.COMPLETED
        enrollment.completed_at = now
    session().flush()
    for enrollment in ready:
        announce(signals.program_completed, enrollment, now=now)
    return len(ready)


def _place(batch: Sequence[str]) -> None:
    """Write down at which lesson each active enrolment of the batch stands."""
    session().execute(
        delete(LearningPlace).where(LearningPlace.enrollment_id == any_id("batch", "enr")),
        {"batch": list(batch)},
        execution_options={"synchronize_session": False},
    )
    some, asked = _batch(batch), path()
    first = (
        select(some.c.id, some.c.program_id, func.min(asked.c.place).label("place"))
        .join(asked, (asked.c.program_id == some.c.program_id) & asked.c.asked)
        .join(Enrollment, Enrollment.id == some.c.id)
        .outerjoin(LessonRecord, _record_of(some, asked))
        .where(Enrollment.state == EnrollmentState.ACTIVE, LessonRecord.leader_id.is_(None))
        .group_by(some.c.id, some.c.program_id)
        .subquery()
    )
    places = select(first.c.id, asked.c.lesson_id).join(
        asked,
        (asked.c.program_id == first.c.program_id) & (asked.c.place == first.c.place),
    )
    session().execute(insert(LearningPlace).from_select(["enrollment_id", "lesson_id"], places))
