"""Reads of coaching: coaches with their load, templates, plans with tasks and notes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from groupbuy.identity.models import Staff
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.training.models import (
    Coach,
    CoachingNote,
    CoachingPlan,
    CoachingTask,
    CoachingTemplate,
    LeaderSegment,
)
from groupbuy.training.rules.coaching import COACH_ROLES, PlanState, Room


@dataclass(frozen=True, slots=True)
class CoachView:
    """A coach with the name and the number of open plans."""

    coach: Coach
    name: str
    load: int

    @property
    def version(self) -> int:
        """Return the version that an edit names."""
        return self.coach.version


def loads(coach_ids: Iterable[str]) -> dict[str, int]:
    """Return how many open plans these coaches have, in one statement."""
    plan = CoachingPlan
    query = select(plan.coach_id, func.count()).where(
        plan.coach_id.in_(set(coach_ids)), plan.state == PlanState.OPEN
    )
    return {coach: load for coach, load in session().execute(query.group_by(plan.coach_id))}


def locked_rooms() -> list[Room]:
    """Lock every coach who takes plans, in id order, and return them with their loads."""
    query = (
        select(Coach)
        .join(Staff, Staff.id == Coach.staff_id)
        .where(Coach.active, Staff.active, Staff.role.in_(COACH_ROLES))
        .order_by(Coach.staff_id)
        .with_for_update(of=Coach)
        .execution_options(populate_existing=True)
    )
    coaches = session().scalars(query).all()
    load = loads(coach.staff_id for coach in coaches)
    return [Room(c.staff_id, load.get(c.staff_id, 0), c.load_limit) for c in coaches]


def coach_view(staff_id: str) -> CoachView:
    """Return a coach, or raise NotFound."""
    found = session().get(Coach, staff_id, populate_existing=True)
    if found is None:
        raise NotFound
    return _coach_views([found])[0]


def coach_list(*, limit: int, cursor: str | None, active: bool | None = None) -> Page[CoachView]:
    """Return coaches, in three statements."""
    query = select(Coach)
    if active is not None:
        query = query.where(Coach.active.is_(active))
    page = paginate(query, by=[Coach.staff_id], limit=limit, cursor=cursor)
    return Page(_coach_views(page.items), page.next_cursor)


def _coach_views(coaches: Sequence[Coach]) -> list[CoachView]:
    ids = [coach.staff_id for coach in coaches]
    names, load = staff_names(ids), loads(ids)
    return [CoachView(c, names[c.staff_id], load.get(c.staff_id, 0)) for c in coaches]


def staff_names(ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these members of staff, in one statement."""
    query = select(Staff.id, Staff.name).where(Staff.id.in_(set(ids)))
    return {staff_id: name for staff_id, name in session().execute(query)}


def template(template_id: str) -> CoachingTemplate:
    """Return a template, or raise NotFound."""
    found = session().get(CoachingTemplate, template_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def template_list(
    *, limit: int, cursor: str | None, segment: str | None = None, active: bool | None = None
) -> Page[CoachingTemplate]:
    """Return templates in order of creation."""
    query = select(CoachingTemplate)
    if segment is not None:
        query = query.where(CoachingTemplate.segment == segment)
    if active is not None:
        query = query.where(CoachingTemplate.active.is_(active))
    return paginate(query, by=[CoachingTemplate.id], limit=limit, cursor=cursor)


def templates_in_use() -> dict[str, CoachingTemplate]:
    """Return the template in use of each segment that has one."""
    rows = session().scalars(select(CoachingTemplate).where(CoachingTemplate.active))
    return {row.segment: row for row in rows}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan in a list: who helps whom, and how many of its tasks are done or overdue."""

    plan: CoachingPlan
    leader_name: str
    coach_name: str
    tasks: int
    done: int
    overdue: int

    @property
    def version(self) -> int:
        """Return the version that an edit names."""
        return self.plan.version


def plan(plan_id: str) -> CoachingPlan:
    """Return a plan as it is now, or raise NotFound."""
    found = session().get(CoachingPlan, plan_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def plan_list(
    *,
    today: date,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    coach: str | None = None,
    leader: str | None = None,
    month: str | None = None,
    segment: str | None = None,
) -> Page[PlanRow]:
    """Return plans, the newest first, in four statements."""
    query = select(CoachingPlan)
    wanted = {"state": state, "coach_id": coach, "leader_id": leader, "month": month}
    for column, value in {**wanted, "segment": segment}.items():
        if value is not None:
            query = query.where(getattr(CoachingPlan, column) == value)
    page = paginate(query, by=[CoachingPlan.id], limit=limit, cursor=cursor, descending=True)
    return Page(plan_rows(page.items, today), page.next_cursor)


def plan_rows(plans: Sequence[CoachingPlan], today: date) -> list[PlanRow]:
    """Return plans with names and how far they have come, in three statements."""
    task = CoachingTask
    open_task = task.done_at.is_(None)
    counts = session().execute(
        select(
            task.plan_id,
            func.count(),
            func.count(task.done_at),
            func.count().filter(open_task, task.due_on < today),
        )
        .where(task.plan_id.in_([plan.id for plan in plans]))
        .group_by(task.plan_id)
    )
    known = {plan_id: tuple(numbers) for plan_id, *numbers in counts}
    coaches = staff_names(plan.coach_id for plan in plans)
    leaders = leader_names(plan.leader_id for plan in plans)
    return [
        PlanRow(p, leaders[p.leader_id], coaches[p.coach_id], *known.get(p.id, (0, 0, 0)))
        for p in plans
    ]


def leader_names(ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these leaders, in one statement."""
    query = select(Leader.id, Leader.name).where(Leader.id.in_(set(ids)))
    return {leader_id: name for leader_id, name in session().execute(query)}


def tasks_of(plan_ids: Iterable[str]) -> dict[str, list[CoachingTask]]:
    """Return the tasks of these plans in order, in one statement."""
    task = CoachingTask
    query = select(task).where(task.plan_id.in_(set(plan_ids)))
    found: dict[str, list[CoachingTask]] = {}
    for row in session().scalars(query.order_by(task.plan_id, task.position)):
        found.setdefault(row.plan_id, []).append(row)
    return found


def task(task_id: str, *, leader_id: str | None = None) -> CoachingTask:
    """Return a task, or raise NotFound; with a leader only one of the leader's own."""
    query = select(CoachingTask).where(CoachingTask.id == task_id)
    if leader_id is not None:
        own = CoachingPlan.leader_id == leader_id
        query = query.join(CoachingPlan, CoachingPlan.id == CoachingTask.plan_id).where(own)
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def note_list(
    plan_id: str, *, limit: int, cursor: str | None, shared: bool | None = None
) -> Page[CoachingNote]:
    """Return a plan's notes, the newest first."""
    plan(plan_id)
    query = select(CoachingNote).where(CoachingNote.plan_id == plan_id)
    if shared is not None:
        query = query.where(CoachingNote.shared.is_(shared))
    return paginate(query, by=[CoachingNote.id], limit=limit, cursor=cursor, descending=True)


OWN_PLANS = 12


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """A plan as its leader sees it: the tasks, and what the coach shared."""

    plan: CoachingPlan
    coach_name: str
    tasks: Sequence[CoachingTask]
    notes: Sequence[CoachingNote]


def own_plans(leader_id: str) -> list[OwnPlan]:
    """Return a leader's last plans, the newest first, in four statements.

    A shared note that was corrected is not shown; its correction is, if it is shared too.
    """
    query = select(CoachingPlan).where(CoachingPlan.leader_id == leader_id)
    plans = session().scalars(query.order_by(CoachingPlan.id.desc()).limit(OWN_PLANS)).all()
    ids = [plan.id for plan in plans]
    corrected = select(CoachingNote.corrects_id).where(CoachingNote.corrects_id.is_not(None))
    notes: dict[str, list[CoachingNote]] = {}
    shown = select(CoachingNote).where(
        CoachingNote.plan_id.in_(ids), CoachingNote.shared, CoachingNote.id.not_in(corrected)
    )
    for note in session().scalars(shown.order_by(CoachingNote.id.desc())):
        notes.setdefault(note.plan_id, []).append(note)
    tasks, names = tasks_of(ids), staff_names(plan.coach_id for plan in plans)
    return [OwnPlan(p, names[p.coach_id], tasks.get(p.id, []), notes.get(p.id, [])) for p in plans]


def uncoached(month: str, segment: str) -> list[str]:
    """Return the active leaders of a segment, the first rank first, who have no plan.

    None that is open, and none for this month but a cancelled one.
    """
    plan, place = CoachingPlan, LeaderSegment
    has_plan = (
        select(plan.id)
        .where(
            plan.leader_id == place.leader_id,
            (plan.state == PlanState.OPEN)
            | ((plan.month == month) & (plan.state == PlanState.DONE)),
        )
        .exists()
    )
    query = (
        select(place.leader_id)
        .join(Leader, Leader.id == place.leader_id)
        .where(
            place.month == month,
            place.segment == segment,
            Leader.state == LeaderState.ACTIVE,
            ~has_plan,
        )
    )
    return list(session().scalars(query.order_by(place.position)))
