"""Weekly targets over HTTP."""

from dataclasses import asdict
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.settings import settings
from groupbuy.training.models import WeeklyTarget
from groupbuy.training.queries import targets as queries
from groupbuy.training.schemas.incentives import (
    OwnTargetsSchema,
    TargetLeadersQuery,
    TargetLeadersSchema,
    WeeklyTargetBody,
    WeeklyTargetEditBody,
    WeeklyTargetQuery,
    WeeklyTargetSchema,
)
from groupbuy.training.services import targets as services

api = Api("training_targets", __name__, url_prefix="/api/v1", description="Weekly targets")

TARGETS = "/hq/weekly-targets"
TARGET = f"{TARGETS}/<id(wtg):target_id>"


@api.get(
    TARGETS, allow="coaching.read", query=WeeklyTargetQuery, returns=page_of(WeeklyTargetSchema)
)
def list_weekly_targets(actor: Actor, query: dict[str, Any]) -> Page[WeeklyTarget]:
    """List targets, the newest first."""
    return queries.target_list(day=query.pop("on"), **query)


@api.post(
    TARGETS,
    allow="coaching.edit",
    body=WeeklyTargetBody,
    returns=WeeklyTargetSchema,
    status=201,
    idempotent=True,
    versioned=True,
    example={"from_on": "2026-11-23", "lessons": 3, "sessions": 3},
)
def set_weekly_target(actor: Actor, body: dict[str, Any]) -> WeeklyTarget:
    """Set a target for each week: for all, for a segment, or for who learns a program."""
    with transaction():
        return services.set_target(**body, actor=actor, now=clock.now())


@api.get(TARGET, allow="coaching.read", returns=WeeklyTargetSchema, versioned=True)
def show_weekly_target(actor: Actor, target_id: str) -> WeeklyTarget:
    """Show a target."""
    return queries.target(target_id)


@api.patch(
    TARGET,
    allow="coaching.edit",
    body=WeeklyTargetEditBody,
    returns=WeeklyTargetSchema,
    versioned=True,
    example={"until_on": "2026-12-28"},
)
def edit_weekly_target(
    actor: Actor, target_id: str, if_match: int, body: dict[str, Any]
) -> WeeklyTarget:
    """Change what a target asks for, or end it."""
    with transaction():
        return services.edit_target(
            target_id=target_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get(
    f"{TARGET}/leaders",
    allow="coaching.read",
    query=TargetLeadersQuery,
    returns=TargetLeadersSchema,
)
def list_target_leaders(actor: Actor, target_id: str, query: dict[str, Any]) -> dict[str, Any]:
    """List how far the leaders for whom a target holds came in a week."""
    calendar = settings().calendar
    day = query.pop("on") or calendar.day_of(clock.now())
    page = queries.target_rows(target_id, day=day, calendar=calendar, **query)
    total = queries.summary(target_id, day=day, calendar=calendar)
    return {**asdict(total), "items": page.items, "next_cursor": page.next_cursor}


@api.get("/leader/weekly-targets", allow="training.own", returns=OwnTargetsSchema)
def list_own_weekly_targets(actor: Actor) -> dict[str, Any]:
    """List my targets of this week, and how far I am."""
    calendar = settings().calendar
    day = calendar.day_of(clock.now())
    return {"items": queries.own_targets(actor.leader_id, day=day, calendar=calendar)}
