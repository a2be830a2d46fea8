"""A leader's cohorts and live sessions over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, caller_key, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.training import errors
from groupbuy.training.queries import cohorts as queries
from groupbuy.training.queries import live, sheets
from groupbuy.training.queries.cohorts import CohortView
from groupbuy.training.queries.live import OwnSession
from groupbuy.training.queries.sheets import LeaderWeeks
from groupbuy.training.schemas.cohorts import (
    DaysQuery,
    OwnCohortQuery,
    OwnCohortSchema,
    OwnWeeksSchema,
)
from groupbuy.training.schemas.live import (
    CheckInBody,
    OwnLiveSessionQuery,
    OwnLiveSessionSchema,
    ReplayProgressBody,
)
from groupbuy.training.services import attending, members

api = Api("training_own_cohorts", __name__, url_prefix="/api/v1", description="My training group")

COHORT = "/leader/cohorts/<id(cht):cohort_id>"
SESSION = "/leader/live-sessions/<id(lvs):session_id>"
THERE = [errors.SessionCancelled, errors.CheckInClosed]


@api.get(
    "/leader/cohorts",
    allow="training.own",
    query=OwnCohortQuery,
    returns=page_of(OwnCohortSchema),
)
def list_own_cohorts(actor: Actor, query: dict[str, Any]) -> Page[CohortView]:
    """List the cohorts that I am in or may join, the newest first."""
    return queries.own_cohorts(leader_id=actor.leader_id, **query)


@api.get(COHORT, allow="training.own", returns=OwnCohortSchema)
def show_own_cohort(actor: Actor, cohort_id: str) -> CohortView:
    """Show a cohort that I am in or may join."""
    return queries.own_cohort(cohort_id, leader_id=actor.leader_id)


@api.post(
    f"{COHORT}/membership",
    allow="training.own",
    returns=OwnCohortSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.CohortFull, errors.NotTaught],
)
def join_cohort(actor: Actor, cohort_id: str) -> CohortView:
    """Join a cohort that is open, which enrols me in its program."""
    who = {"cohort_id": cohort_id, "leader_id": actor.leader_id}
    with transaction():
        members.join(**who, actor=actor, now=clock.now())
        return queries.own_cohort(**who)


@api.delete(f"{COHORT}/membership", allow="training.own", problems=[NotInThisState])
def leave_cohort(actor: Actor, cohort_id: str) -> None:
    """Leave a cohort; what I attended and learned stays."""
    with transaction():
        members.leave(cohort_id=cohort_id, leader_id=actor.leader_id, actor=actor, now=clock.now())


@api.get(
    "/leader/live-sessions",
    allow="training.own",
    query=OwnLiveSessionQuery,
    returns=page_of(OwnLiveSessionSchema),
)
def list_own_live_sessions(actor: Actor, query: dict[str, Any]) -> Page[OwnSession]:
    """List my live sessions by their time, past ones with my attendance."""
    return live.own_sessions(leader_id=actor.leader_id, now=clock.now(), **query)


@api.get(SESSION, allow="training.own", returns=OwnLiveSessionSchema)
def show_own_live_session(actor: Actor, session_id: str) -> OwnSession:
    """Show one of my live sessions."""
    return live.own_session(session_id, leader_id=actor.leader_id, now=clock.now())


@api.post(
    f"{SESSION}/check-in",
    allow="training.own",
    body=CheckInBody,
    returns=OwnLiveSessionSchema,
    limits=["120/minute"],
    limit_by=caller_key,
    problems=[*THERE, errors.CheckInCodeWrong],
)
def check_in(actor: Actor, session_id: str, body: dict[str, Any]) -> OwnSession:
    """Say that I am there, with the code that the trainer shows."""
    now, who = clock.now(), {"session_id": session_id, "leader_id": actor.leader_id}
    with transaction():
        attending.check_in(**who, **body, secret=settings().training_key, now=now)
        return live.own_session(**who, now=now)


@api.post(
    f"{SESSION}/check-out",
    allow="training.own",
    returns=OwnLiveSessionSchema,
    problems=[*THERE, errors.NotCheckedIn],
)
def check_out(actor: Actor, session_id: str) -> OwnSession:
    """Say that I leave; who does not stayed to the end."""
    now, who = clock.now(), {"session_id": session_id, "leader_id": actor.leader_id}
    with transaction():
        attending.check_out(**who, now=now)
        return live.own_session(**who, now=now)


@api.post(
    f"{SESSION}/replay-progress",
    allow="training.own",
    body=ReplayProgressBody,
    returns=OwnLiveSessionSchema,
    problems=[errors.SessionCancelled, errors.ReplayClosed],
)
def watch_replay(actor: Actor, session_id: str, body: dict[str, Any]) -> OwnSession:
    """Say what of the replay I have watched; 90% of it make a missed session up."""
    now, who = clock.now(), {"session_id": session_id, "leader_id": actor.leader_id}
    with transaction():
        attending.watch_replay(**who, spans=body["spans"], now=now)
        return live.own_session(**who, now=now)


@api.get("/leader/attendance", allow="training.own", query=DaysQuery, returns=OwnWeeksSchema)
def show_own_attendance(actor: Actor, query: dict[str, Any]) -> LeaderWeeks:
    """Show my weeks, by default the last eight, and my streak."""
    return sheets.own_weeks(leader_id=actor.leader_id, now=clock.now(), **query)
