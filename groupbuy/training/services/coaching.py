"""Coaching plans: opened by hand or for a whole segment, passed on, worked through, closed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import update

from groupbuy.identity.models import Staff
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import insert_missing, session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.training.errors import CoachAway, CoachFull, NoSegment, PlanOpen
from groupbuy.training.models import CoachingPlan, CoachingTask, CoachingTemplate
from groupbuy.training.queries import coaching as queries
from groupbuy.training.queries import segments
from groupbuy.training.rules.coaching import (
    COACH_ROLES,
    PLAN_MOVES,
    PlanState,
    deal,
)
from groupbuy.training.services.coaches import check_lessons, locked_coach, tasks_of


class Assigned(NamedTuple):
    """What an assignment came to: plans opened, and leaders for whom nobody had room."""

    month: str
    segment: str
    assigned: int
    left_over: int


def open_plan(
    *,
    leader_id: str,
    coach_id: str,
    today: date,
    month: str | None = None,
    tasks: Sequence[dict[str, Any]] | None = None,
    actor: Actor,
    now: datetime,
) -> CoachingPlan:
    """Open a plan because of the segment of a month, the last one that has segments if left out.

    Without tasks it begins with those of the segment's template.

    Raises:
        NoSegment: the leader has none in that month.
        CoachAway, CoachFull: as `reassign`.
        PlanOpen: the leader has an open plan.
        InvalidInput: a task names a lesson that is not there.
    """
    month = month or segments.last_month() or ""
    place = segments.segment_in(month, leader_id)
    if place is None:
        raise NoSegment
    _make_room(coach_id)
    template = None if tasks is not None else queries.templates_in_use().get(place.segment)
    check_lessons(tasks=tasks or ())
    plans = _opened([(leader_id, coach_id)], month, place.segment, template, actor, now)
    if not plans:
        raise PlanOpen
    _give(plans, tasks_of(template) if tasks is None else tasks, today)
    audit.record(
        actor=actor, action="coaching_plan.open", subject=plans[0], now=now, leader=leader_id
    )
    return queries.plan(plans[0])


def assign(
    *, month: str | None, segment: str, today: date, actor: Actor, now: datetime
) -> Assigned:
    """Open a plan for each active leader of a segment who has none, with the coach who has fewest.

    A constant number of statements. Nobody gets more than their limit, whoever assigns at the
    same time: every coach is locked meanwhile.

    Raises:
        NoSegment: the month has no segments.
    """
    month = month or segments.last_month() or ""
    if segments.run_of(month) is None:
        raise NoSegment
    rooms = queries.locked_rooms()
    leaders = queries.uncoached(month, segment)
    template = queries.templates_in_use().get(segment)
    plans = _opened(deal(leaders, rooms), month, segment, template, actor, now)
    _give(plans, tasks_of(template), today)
    result = Assigned(month, segment, len(plans), len(leaders) - len(plans))
    facts = {"segment": segment, "assigned": result.assigned, "left_over": result.left_over}
    audit.record(actor=actor, action="coaching.assign", subject=month, now=now, **facts)
    return result


def reassign(
    *, plan_id: str, coach_id: str, if_match: int, actor: Actor, now: datetime
) -> CoachingPlan:
    """Pass an open plan on to another coach.

    Raises:
        NotFound, StaleVersion: as for every edit.
        NotInThisState: it is closed.
        CoachAway: it is no active coach.
        CoachFull: the coach has as many open plans as allowed.
    """
    before = queries.plan(plan_id).coach_id
    if coach_id != before:
        _make_room(coach_id)
    plan = _locked(plan_id, "reassign")
    if plan.version != if_match:
        raise StaleVersion
    plan.coach_id = coach_id
    session().flush()
    audit.record(
        actor=actor,
        action="coaching_plan.reassign",
        subject=plan_id,
        now=now,
        coach=coach_id,
        before=before,
    )
    return plan


def close(
    *, plan_id: str, action: str, reason: str = "", actor: Actor, now: datetime
) -> CoachingPlan:
    """Complete or cancel a plan.

    Raises:
        NotFound, NotInThisState: there is none, or it is closed.
    """
    before = PlanState.OPEN
    closed: CoachingPlan | None = session().scalar(
        update(CoachingPlan)
        .where(CoachingPlan.id == plan_id, CoachingPlan.state == before)
        .values(
            state=PLAN_MOVES[before, action],
            closed_at=now,
            closed_by=actor.label,
            reason=reason,
            version=CoachingPlan.version + 1,
        )
        .returning(CoachingPlan),
        execution_options={"populate_existing": True},
    )
    if closed is None:
        raise NotInThisState(state=queries.plan(plan_id).state, action=action)
    audit.record(
        actor=actor, action=f"coaching_plan.{action}", subject=plan_id, now=now, reason=reason
    )
    return closed


def _make_room(coach_id: str) -> None:
    """Lock a coach who can take one more plan, or say why not."""
    coach, staff = locked_coach(staff_id=coach_id), session().get(Staff, coach_id)
    if coach is None or staff is None or not coach.active or not staff.active:
        raise CoachAway
    if staff.role not in COACH_ROLES:
        raise CoachAway
    load = queries.loads([coach_id]).get(coach_id, 0)
    if load >= coach.load_limit:
        raise CoachFull(load=load, load_limit=coach.load_limit)


def _locked(plan_id: str, action: str) -> CoachingPlan:
    """Return an open plan, locked."""
    plan = queries.plan(plan_id)
    session().refresh(plan, with_for_update=True)
    if plan.state != PlanState.OPEN:
        raise NotInThisState(state=plan.state, action=action)
    return plan


def _opened(
    pairs: Sequence[tuple[str, str]],
    month: str,
    segment: str,
    template: CoachingTemplate | None,
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Open plans for (leader, coach), but for leaders who have one; return their ids."""
    rows = [
        {
            "id": new_id("cpl"),
            "leader_id": leader_id,
            "coach_id": coach_id,
            "template_id": template.id if template else None,
            "month": month,
            "segment": segment,
            "state": PlanState.OPEN.value,
            "opened_at": now,
            "opened_by": actor.label,
            "reason": "",
            "version": 1,
        }
        for leader_id, coach_id in pairs
    ]
    return [row.id for row in insert_missing(CoachingPlan, rows, returning=["id"])]


def _give(plan_ids: Sequence[str], tasks: Sequence[Mapping[str, Any]], today: date) -> None:
    """Give plans the same tasks, due from today on."""
    rows = [
        task_row(task, plan_id=plan_id, position=position, today=today)
        for plan_id in plan_ids
        for position, task in enumerate(tasks, start=1)
    ]
    insert_missing(CoachingTask, rows, returning=["id"])


def task_row(
    task: Mapping[str, Any], /, *, plan_id: str, position: int, today: date
) -> dict[str, Any]:
    """Return a task's row: `task` as a template or a request has it."""
    return {
        "id": new_id("ctk"),
        "plan_id": plan_id,
        "position": position,
        "kind": task["kind"],
        "title_zh": task["title_zh"],
        "title_en": task["title_en"],
        "lesson_id": task.get("lesson_id"),
        "due_on": today + timedelta(days=task["due_days"]),
        "by_leader": task["by_leader"],
    }
