"""Live sessions at headquarters over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.training import errors
from groupbuy.training.queries import live as queries
from groupbuy.training.queries.live import SessionView
from groupbuy.training.schemas.cohorts import CohortCancellationBody
from groupbuy.training.schemas.live import (
    LiveSessionBody,
    LiveSessionEditBody,
    LiveSessionQuery,
    LiveSessionSchema,
)
from groupbuy.training.services import live as services

api = Api("training_live", __name__, url_prefix="/api/v1", description="Live sessions")

SESSIONS = "/hq/live-sessions"
SESSION = f"{SESSIONS}/<id(lvs):session_id>"


@api.get(
    SESSIONS, allow="training.read", query=LiveSessionQuery, returns=page_of(LiveSessionSchema)
)
def list_live_sessions(actor: Actor, query: dict[str, Any]) -> Page[SessionView]:
    """List live sessions by their time."""
    return queries.session_list(**query)


@api.post(
    SESSIONS,
    allow="training.edit",
    body=LiveSessionBody,
    returns=LiveSessionSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[NotInThisState, InvalidInput],
)
def create_live_session(actor: Actor, body: dict[str, Any]) -> SessionView:
    """Add a session beside a cohort's timetable."""
    with transaction():
        made = services.create(**body, actor=actor, now=clock.now())
        return queries.show_sessions([made])[0]


@api.get(SESSION, allow="training.read", returns=LiveSessionSchema, versioned=True)
def show_live_session(actor: Actor, session_id: str) -> SessionView:
    """Show a live session."""
    return queries.show_sessions([queries.live_session(session_id)])[0]


@api.patch(
    SESSION,
    allow="training.edit",
    body=LiveSessionEditBody,
    returns=LiveSessionSchema,
    versioned=True,
    problems=[
        errors.SessionCancelled,
        errors.SessionBegun,
        errors.SessionAttended,
        InvalidInput,
    ],
    example={"replay_url": "https://media.example/replay.mp4", "replay_s": 3600},
)
def edit_live_session(
    actor: Actor, session_id: str, if_match: int, body: dict[str, Any]
) -> SessionView:
    """Move a session before it begins; its replay, place, title and trainer at any time."""
    with transaction():
        edited = services.edit(
            session_id=session_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )
        return queries.show_sessions([edited])[0]


@api.post(
    f"{SESSION}/cancellation",
    allow="training.edit",
    body=CohortCancellationBody,
    returns=LiveSessionSchema,
    problems=[NotInThisState, errors.SessionBegun],
    example={"reason": "The trainer is ill."},
)
def cancel_live_session(actor: Actor, session_id: str, body: dict[str, Any]) -> SessionView:
    """Cancel a session that is not over; it counts for nothing."""
    with transaction():
        ended = services.cancel(session_id=session_id, **body, actor=actor, now=clock.now())
        return queries.show_sessions([ended])[0]


@api.delete(
    f"{SESSION}/cancellation",
    allow="training.edit",
    returns=LiveSessionSchema,
    problems=[NotInThisState, errors.SessionBegun],
)
def restore_live_session(actor: Actor, session_id: str) -> SessionView:
    """Let a cancelled session take place after all."""
    with transaction():
        restored = services.restore(session_id=session_id, actor=actor, now=clock.now())
        return queries.show_sessions([restored])[0]
