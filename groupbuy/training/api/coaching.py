"""Coaching plans over HTTP, for headquarters and for the leader."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.training import errors
from groupbuy.training.models import CoachingNote, CoachingTask
from groupbuy.training.queries import coaching as queries
from groupbuy.training.queries import outcomes, segments
from groupbuy.training.queries.coaching import PlanRow
from groupbuy.training.rules.effects import CAUTION
from groupbuy.training.schemas.coaching import (
    CoachChangeBody,
    CoachingAssignmentBody,
    CoachingAssignmentSchema,
    CoachingCancelBody,
    CoachingNoteBody,
    CoachingNoteQuery,
    CoachingNoteSchema,
    CoachingOutcomeQuery,
    CoachingOutcomesSchema,
    CoachingPlanBody,
    CoachingPlanQuery,
    CoachingPlanRowSchema,
    CoachingPlanSchema,
    CoachingTaskBody,
    CoachingTaskSchema,
)
from groupbuy.training.schemas.own_coaching import OwnCoachingSchema, OwnCoachingTaskSchema
from groupbuy.training.services import coaching as services
from groupbuy.training.services import coaching_tasks as tasks
from groupbuy.training.services.coaching import Assigned

api = Api("training_coaching", __name__, url_prefix="/api/v1", description="Coaching plans")

PLANS = "/hq/coaching/plans"
PLAN = f"{PLANS}/<id(cpl):plan_id>"
TASK = "/hq/coaching/tasks/<id(ctk):task_id>"
OWN_TASK = "/leader/coaching/tasks/<id(ctk):task_id>/completion"
FULL = (errors.CoachAway, errors.CoachFull)
TASK_EXAMPLE = {
    "kind": "other",
    "title_zh": "把群公告换成本周好物",
    "title_en": "Put this week's goods into the group's notice",
    "due_days": 2,
    "by_leader": True,
}


def _shown(plan_id: str) -> dict[str, Any]:
    calendar = settings().calendar
    plan = queries.plan(plan_id)
    row = queries.plan_rows([plan], calendar.day_of(clock.now()))[0]
    around = outcomes.plan_months([plan_id], calendar=calendar)
    return {
        "plan": row,
        "tasks": queries.tasks_of([plan_id]).get(plan_id, []),
        "months": around.get(plan_id, []),
        "caution": CAUTION,
        "version": plan.version,
    }


@api.get(
    PLANS,
    allow="coaching.read",
    query=CoachingPlanQuery,
    returns=page_of(CoachingPlanRowSchema),
)
def list_coaching_plans(actor: Actor, query: dict[str, Any]) -> Page[PlanRow]:
    """List plans, the newest first."""
    return queries.plan_list(today=settings().calendar.day_of(clock.now()), **query)


@api.post(
    PLANS,
    allow="coaching.edit",
    body=CoachingPlanBody,
    returns=CoachingPlanSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.NoSegment, errors.PlanOpen, *FULL],
)
def open_coaching_plan(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Open a plan for a leader."""
    with transaction():
        now = clock.now()
        today = settings().calendar.day_of(now)
        plan = services.open_plan(**body, today=today, actor=actor, now=now)
        return _shown(plan.id)


@api.post(
    "/hq/coaching/assignments",
    allow="coaching.edit",
    body=CoachingAssignmentBody,
    returns=CoachingAssignmentSchema,
    status=201,
    idempotent=True,
    problems=[errors.NoSegment],
    example={"segment": "tail"},
)
def assign_coaches(actor: Actor, body: dict[str, Any]) -> Assigned:
    """Open a plan for each leader of a segment without one, with whoever has the fewest."""
    with transaction():
        now = clock.now()
        today = settings().calendar.day_of(now)
        return services.assign(**body, today=today, actor=actor, now=now)


@api.get(PLAN, allow="coaching.read", returns=CoachingPlanSchema, versioned=True)
def show_coaching_plan(actor: Actor, plan_id: str) -> dict[str, Any]:
    """Show a plan with its tasks, and the leader's months around it."""
    return _shown(plan_id)


@api.put(
    f"{PLAN}/coach",
    allow="coaching.edit",
    body=CoachChangeBody,
    returns=CoachingPlanSchema,
    versioned=True,
    problems=[NotInThisState, *FULL],
)
def reassign_coaching_plan(
    actor: Actor, plan_id: str, if_match: int, body: dict[str, Any]
) -> dict[str, Any]:
    """Pass an open plan on to another coach."""
    with transaction():
        services.reassign(plan_id=plan_id, if_match=if_match, actor=actor, now=clock.now(), **body)
        return _shown(plan_id)


@api.post(
    f"{PLAN}/completion",
    allow="coaching.edit",
    returns=CoachingPlanSchema,
    problems=[NotInThisState],
)
def complete_coaching_plan(actor: Actor, plan_id: str) -> dict[str, Any]:
    """Complete a plan."""
    with transaction():
        services.close(plan_id=plan_id, action="complete", actor=actor, now=clock.now())
        return _shown(plan_id)


@api.post(
    f"{PLAN}/cancellation",
    allow="coaching.edit",
    body=CoachingCancelBody,
    returns=CoachingPlanSchema,
    problems=[NotInThisState],
    example={"reason": "The leader moved away."},
)
def cancel_coaching_plan(actor: Actor, plan_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Cancel a plan and say why; the leader can get another one."""
    with transaction():
        services.close(plan_id=plan_id, action="cancel", actor=actor, now=clock.now(), **body)
        return _shown(plan_id)


@api.post(
    f"{PLAN}/tasks",
    allow="coaching.edit",
    body=CoachingTaskBody,
    returns=CoachingTaskSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState],
    example=TASK_EXAMPLE,
)
def add_coaching_task(actor: Actor, plan_id: str, body: dict[str, Any]) -> CoachingTask:
    """Add a task to an open plan."""
    with transaction():
        now = clock.now()
        today = settings().calendar.day_of(now)
        return tasks.add_task(plan_id=plan_id, task=body, today=today, actor=actor, now=now)


@api.delete(TASK, allow="coaching.edit", problems=[NotInThisState])
def remove_coaching_task(actor: Actor, task_id: str) -> None:
    """Take a task that is not done out of an open plan."""
    with transaction():
        tasks.remove_task(task_id=task_id, actor=actor, now=clock.now())


@api.post(
    f"{TASK}/completion",
    allow="coaching.edit",
    returns=CoachingTaskSchema,
    problems=[NotInThisState],
)
def complete_coaching_task(actor: Actor, task_id: str) -> CoachingTask:
    """Tick a task off; repeatable."""
    with transaction():
        return tasks.tick(task_id=task_id, done=True, actor=actor, now=clock.now())


@api.delete(
    f"{TASK}/completion",
    allow="coaching.edit",
    returns=CoachingTaskSchema,
    problems=[NotInThisState],
)
def undo_coaching_task(actor: Actor, task_id: str) -> CoachingTask:
    """Take back that a task is done; repeatable."""
    with transaction():
        return tasks.tick(task_id=task_id, done=False, actor=actor, now=clock.now())


@api.get(
    f"{PLAN}/notes",
    allow="coaching.read",
    query=CoachingNoteQuery,
    returns=page_of(CoachingNoteSchema),
)
def list_coaching_notes(actor: Actor, plan_id: str, query: dict[str, Any]) -> Page[CoachingNote]:
    """List a plan's notes, the newest first."""
    return queries.note_list(plan_id, **query)


@api.post(
    f"{PLAN}/notes",
    allow="coaching.edit",
    body=CoachingNoteBody,
    returns=CoachingNoteSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.NoteCorrected],
    example={"body": "We agreed on two group buys a week.", "shared": True},
)
def add_coaching_note(actor: Actor, plan_id: str, body: dict[str, Any]) -> CoachingNote:
    """Write a note about a plan, or correct one by another."""
    with transaction():
        return tasks.add_note(plan_id=plan_id, **body, actor=actor, now=clock.now())


@api.get(
    "/hq/coaching/outcomes",
    allow="coaching.read",
    query=CoachingOutcomeQuery,
    returns=CoachingOutcomesSchema,
)
def show_coaching_outcomes(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Show what plans were followed by, for each coach and segment."""
    wanted = settings()
    items = outcomes.coaching_outcomes(
        calendar=wanted.calendar, least=wanted.training_effect_min_group, **query
    )
    return {"items": items, "caution": CAUTION}


@api.get("/leader/coaching", allow="training.own", returns=OwnCoachingSchema)
def show_own_coaching(actor: Actor) -> dict[str, Any]:
    """Show where I stood in the last months, and what my coach and I do."""
    return {
        "segments": segments.own_segments(actor.leader_id),
        "plans": queries.own_plans(actor.leader_id),
    }


@api.post(
    OWN_TASK,
    allow="training.own",
    returns=OwnCoachingTaskSchema,
    problems=[NotInThisState, errors.TaskOfTheCoach],
)
def complete_own_coaching_task(actor: Actor, task_id: str) -> CoachingTask:
    """Tick off one of my tasks; repeatable."""
    with transaction():
        return tasks.tick(
            task_id=task_id, done=True, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )


@api.delete(
    OWN_TASK,
    allow="training.own",
    returns=OwnCoachingTaskSchema,
    problems=[NotInThisState, errors.TaskOfTheCoach],
)
def undo_own_coaching_task(actor: Actor, task_id: str) -> CoachingTask:
    """Take back that one of my tasks is done; repeatable."""
    with transaction():
        return tasks.tick(
            task_id=task_id, done=False, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )
