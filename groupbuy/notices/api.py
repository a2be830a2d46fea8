"""Notices over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, page_of
from groupbuy.notices import queries, services
from groupbuy.notices.models import Notice
from groupbuy.notices.schemas import (
    NoticePreferencesBody,
    NoticePreferencesSchema,
    NoticeQuery,
    NoticeSchema,
    OwnNoticeQuery,
    OwnNoticeSchema,
)

api = Api("notices", __name__, url_prefix="/api/v1", description="What people are told")

PREFERENCES = "/me/notice-preferences"


@api.get("/me/notices", allow="notices.own", query=OwnNoticeQuery, returns=page_of(OwnNoticeSchema))
def list_own_notices(actor: Actor, query: dict[str, Any]) -> Page[Notice]:
    """List what I was told, the newest first."""
    return queries.own_notices(shopper_id=actor.id, **query, now=clock.now())


@api.post(
    "/me/notices/<id(ntc):notice_id>/reading",
    allow="notices.own",
    body=Nothing,
    returns=OwnNoticeSchema,
)
def read_notice(actor: Actor, notice_id: str, body: dict[str, Any]) -> Notice:
    """Say that I have read a notice; the first time stands."""
    with transaction():
        return services.read(notice_id=notice_id, shopper_id=actor.id, now=clock.now())


@api.get(PREFERENCES, allow="notices.own", returns=NoticePreferencesSchema)
def show_notice_preferences(actor: Actor) -> dict[str, Any]:
    """Show which kinds of notices there are, and which I want."""
    return {"items": queries.preferences(shopper_id=actor.id)}


@api.put(
    PREFERENCES,
    allow="notices.own",
    body=NoticePreferencesBody,
    returns=NoticePreferencesSchema,
    example={"muted": ["inactivity"]},
)
def choose_notices(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Say which kinds of notices I do not want."""
    with transaction():
        return {"items": services.choose(shopper_id=actor.id, **body, now=clock.now())}


@api.get("/hq/notices", allow="notices.read", query=NoticeQuery, returns=page_of(NoticeSchema))
def list_notices(actor: Actor, query: dict[str, Any]) -> Page[Notice]:
    """List what people are told and when, the newest first; not what it says."""
    return queries.notice_list(**query)
