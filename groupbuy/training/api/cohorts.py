"""Cohorts at headquarters over HTTP: who is in them, their timetables, their weeks."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.training import errors
from groupbuy.training.queries import cohorts as queries
from groupbuy.training.queries import sheets
from groupbuy.training.queries.cohorts import CohortView, MemberView
from groupbuy.training.queries.sheets import LeaderWeeks
from groupbuy.training.schemas.cohorts import (
    CohortBody,
    CohortCancellationBody,
    CohortEditBody,
    CohortMemberQuery,
    CohortMembersBody,
    CohortMemberSchema,
    CohortMembersSchema,
    CohortQuery,
    CohortSchema,
    CohortWeeksQuery,
    LeaderWeeksSchema,
    TimetableSchema,
)
from groupbuy.training.services import cohorts as services
from groupbuy.training.services import members, timetable
from groupbuy.training.services.timetable import Timetable

api = Api("training_cohorts", __name__, url_prefix="/api/v1", description="Training groups")

COHORTS = "/hq/cohorts"
COHORT = f"{COHORTS}/<id(cht):cohort_id>"
PATTERN_EXAMPLE = [
    {"weekday": 1, "time": "19:30", "minutes": 60},
    {"weekday": 3, "time": "19:30", "minutes": 60},
    {"weekday": 5, "time": "19:30", "minutes": 60},
]


@api.get(COHORTS, allow="training.read", query=CohortQuery, returns=page_of(CohortSchema))
def list_cohorts(actor: Actor, query: dict[str, Any]) -> Page[CohortView]:
    """List cohorts, the newest first."""
    return queries.cohort_list(**query)


@api.post(
    COHORTS,
    allow="training.edit",
    body=CohortBody,
    returns=CohortSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[InvalidInput],
)
def create_cohort(actor: Actor, body: dict[str, Any]) -> CohortView:
    """Plan a cohort."""
    with transaction():
        made = services.create(**body, actor=actor, now=clock.now())
        return queries.show_cohorts([made])[0]


@api.get(COHORT, allow="training.read", returns=CohortSchema, versioned=True)
def show_cohort(actor: Actor, cohort_id: str) -> CohortView:
    """Show a cohort."""
    return queries.show_cohorts([queries.cohort(cohort_id)])[0]


@api.patch(
    COHORT,
    allow="training.edit",
    body=CohortEditBody,
    returns=CohortSchema,
    versioned=True,
    problems=[NotInThisState, errors.CohortFull, InvalidInput],
    example={"capacity": 40, "pattern": PATTERN_EXAMPLE},
)
def edit_cohort(actor: Actor, cohort_id: str, if_match: int, body: dict[str, Any]) -> CohortView:
    """Change a cohort; its sessions follow when the timetable is generated."""
    with transaction():
        edited = services.edit(
            cohort_id=cohort_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )
        return queries.show_cohorts([edited])[0]


@api.post(
    f"{COHORT}/cancellation",
    allow="training.edit",
    body=CohortCancellationBody,
    returns=CohortSchema,
    problems=[NotInThisState],
    example={"reason": "The trainer is ill; please join the next cohort."},
)
def cancel_cohort(actor: Actor, cohort_id: str, body: dict[str, Any]) -> CohortView:
    """Cancel a cohort with all its sessions to come."""
    with transaction():
        ended = services.cancel(cohort_id=cohort_id, **body, actor=actor, now=clock.now())
        return queries.show_cohorts([ended])[0]


@api.get(
    f"{COHORT}/members",
    allow="training.read",
    query=CohortMemberQuery,
    returns=page_of(CohortMemberSchema),
)
def list_cohort_members(actor: Actor, cohort_id: str, query: dict[str, Any]) -> Page[MemberView]:
    """List who is in a cohort, in order of joining."""
    return queries.member_list(cohort_id, **query)


@api.post(
    f"{COHORT}/members",
    allow="training.edit",
    body=CohortMembersBody,
    returns=CohortMembersSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.CohortFull, errors.NotTaught, InvalidInput],
)
def add_cohort_members(
    actor: Actor, cohort_id: str, body: dict[str, Any]
) -> dict[str, list[MemberView]]:
    """Put leaders into a cohort, which enrols them in its program; all of them or none."""
    with transaction():
        added = members.add(cohort_id=cohort_id, **body, actor=actor, now=clock.now())
        return {"items": queries.show_members(added)}


@api.delete(
    f"{COHORT}/members/<id(ldr):leader_id>", allow="training.edit", problems=[NotInThisState]
)
def remove_cohort_member(actor: Actor, cohort_id: str, leader_id: str) -> None:
    """Take a leader out of a cohort; what they attended and learned stays."""
    with transaction():
        members.remove(cohort_id=cohort_id, leader_id=leader_id, actor=actor, now=clock.now())


@api.get(f"{COHORT}/timetable", allow="training.read", returns=TimetableSchema)
def preview_timetable(actor: Actor, cohort_id: str) -> Timetable:
    """Show what generating the timetable would change."""
    return timetable.preview(cohort_id=cohort_id, zone=settings().calendar.zone, now=clock.now())


@api.post(
    f"{COHORT}/timetable",
    allow="training.edit",
    returns=TimetableSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState],
)
def generate_timetable(actor: Actor, cohort_id: str) -> Timetable:
    """Bring the sessions to come in line with the pattern, but for those changed by hand."""
    zone, now = settings().calendar.zone, clock.now()
    with transaction():
        return timetable.generate(cohort_id=cohort_id, zone=zone, actor=actor, now=now)


@api.get(
    f"{COHORT}/weeks",
    allow="training.read",
    query=CohortWeeksQuery,
    returns=page_of(LeaderWeeksSchema),
)
def list_cohort_weeks(actor: Actor, cohort_id: str, query: dict[str, Any]) -> Page[LeaderWeeks]:
    """List the members of a cohort with their weeks: what was asked, what they did, streaks."""
    return sheets.cohort_weeks(cohort_id, now=clock.now(), **query)
