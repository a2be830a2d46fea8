"""What happens inside a plan: tasks added, ticked off, taken back; notes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.training.errors import NoteCorrected, TaskOfTheCoach
from groupbuy.training.models import CoachingNote, CoachingPlan, CoachingTask
from groupbuy.training.queries import coaching as queries
from groupbuy.training.rules.coaching import PlanState
from groupbuy.training.services.coaches import check_lessons
from groupbuy.training.services.coaching import task_row


def add_task(
    *, plan_id: str, task: Mapping[str, Any], today: date, actor: Actor, now: datetime
) -> CoachingTask:
    """Add a task to an open plan, after the others.

    Raises:
        NotFound, NotInThisState: there is no such plan, or it is closed.
        InvalidInput: its lesson is not there.
    """
    check_lessons(tasks=[dict(task)])
    _held(plan_id, "add_task")
    last = select(func.max(CoachingTask.position)).where(CoachingTask.plan_id == plan_id)
    position = (session().scalar(last) or 0) + 1
    added = CoachingTask(**task_row(task, plan_id=plan_id, position=position, today=today))
    session().add(added)
    session().flush()
    audit.record(actor=actor, action="coaching_task.add", subject=plan_id, now=now, kind=added.kind)
    return added


def remove_task(*, task_id: str, actor: Actor, now: datetime) -> None:
    """Take a task out of an open plan.

    Raises:
        NotFound: there is no such task.
        NotInThisState: the plan is closed, or the task is done.
    """
    task = queries.task(task_id)
    _held(task.plan_id, "remove_task")
    gone = delete(CoachingTask).where(CoachingTask.id == task_id, CoachingTask.done_at.is_(None))
    if session().scalar(gone.returning(CoachingTask.id)) is None:
        raise NotInThisState(state="done", action="remove_task")
    audit.record(
        actor=actor, action="coaching_task.remove", subject=task.plan_id, now=now, kind=task.kind
    )


def tick(
    *, task_id: str, done: bool, actor: Actor, now: datetime, leader_id: str | None = None
) -> CoachingTask:
    """Tick a task of an open plan off, or take that back; repeatable.

    A leader may do so only with own tasks that are meant for it.

    Raises:
        NotFound: there is no such task, or it is another leader's.
        NotInThisState: the plan is closed.
        TaskOfTheCoach: only the coach may tick it off.
    """
    task = queries.task(task_id, leader_id=leader_id)
    action = "complete" if done else "undo"
    _held(task.plan_id, action)
    if leader_id is not None and not task.by_leader:
        raise TaskOfTheCoach
    values = {"done_at": now if done else None, "done_by": actor.label if done else None}
    ticked = session().scalar(
        update(CoachingTask)
        .where(CoachingTask.id == task_id, CoachingTask.done_at.is_(None) == done)
        .values(**values)
        .returning(CoachingTask.id)
    )
    if ticked is not None:
        audit.record(actor=actor, action=f"coaching_task.{action}", subject=task_id, now=now)
    return queries.task(task_id)


def tick_lesson(*, leader_id: str, lesson_id: str, now: datetime) -> None:
    """Tick off the tasks of a leader's open plan that a lesson, now done, was set for."""
    open_plan = select(CoachingPlan.id).where(
        CoachingPlan.leader_id == leader_id, CoachingPlan.state == PlanState.OPEN
    )
    session().execute(
        update(CoachingTask)
        .where(
            CoachingTask.lesson_id == lesson_id,
            CoachingTask.done_at.is_(None),
            CoachingTask.plan_id.in_(open_plan),
        )
        .values(done_at=now, done_by=leader_id)
        .execution_options(synchronize_session=False)
    )


def add_note(
    *,
    plan_id: str,
    body: str,
    shared: bool,
    corrects_id: str | None = None,
    actor: Actor,
    now: datetime,
) -> CoachingNote:
    """Write a note about a plan, open or not; with `corrects_id` instead of an earlier one.

    Raises:
        NotFound: there is no such plan, or no such note of it.
        NoteCorrected: the note was corrected before.
    """
    queries.plan(plan_id)
    if corrects_id is not None:
        corrected = session().get(CoachingNote, corrects_id)
        if corrected is None or corrected.plan_id != plan_id:
            raise NotFound
    new = insert(CoachingNote).values(
        id=new_id("cno"),
        plan_id=plan_id,
        body=body,
        shared=shared,
        corrects_id=corrects_id,
        written_at=now,
        written_by=actor.label,
    )
    # The body stays out of the audit log: it is about a person.
    note: CoachingNote | None = session().scalar(
        new.on_conflict_do_nothing(index_elements=["corrects_id"]).returning(CoachingNote)
    )
    if note is None:
        raise NoteCorrected
    audit.record(actor=actor, action="coaching_note.add", subject=note.id, now=now, plan=plan_id)
    return note


def _held(plan_id: str, action: str) -> CoachingPlan:
    """Return an open plan, kept open until the transaction ends."""
    query = select(CoachingPlan).where(CoachingPlan.id == plan_id).with_for_update()
    plan = session().scalar(query.execution_options(populate_existing=True))
    if plan is None:
        raise NotFound
    if plan.state != PlanState.OPEN:
        raise NotInThisState(state=plan.state, action=action)
    return plan
