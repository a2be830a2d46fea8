"""Calendars over HTTP: a secret address for each leader."""

from flask import request

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import Inline
from groupbuy.kernel.http import Api, Download, language
from groupbuy.kernel.settings import settings
from groupbuy.training.queries.live import feed_entries
from groupbuy.training.rules.calendars import KEPT, ics
from groupbuy.training.schemas.live import CalendarSchema
from groupbuy.training.services import feeds

api = Api("training_calendars", __name__, url_prefix="/api/v1", description="Calendars")

ICS = "text/calendar"


@api.get("/leader/calendar", allow="training.own", returns=CalendarSchema)
def show_calendar(actor: Actor) -> dict[str, str]:
    """Show the secret address of my calendar; the first time, it is made."""
    with transaction():
        token = feeds.feed_token(
            leader_id=actor.leader_id, secret=settings().training_key, now=clock.now()
        )
    address = f"{request.host}/api/v1/calendars/{token}.ics"
    return {"url": f"{request.scheme}://{address}", "webcal_url": f"webcal://{address}"}


@api.delete("/leader/calendar", allow="training.own")
def revoke_calendar(actor: Actor) -> None:
    """Take the address back from whoever knows it; the next one is another."""
    with transaction():
        feeds.revoke_feed(leader_id=actor.leader_id)


@api.get("/calendars/<token>.ics", allow="calendars.read", files=[ICS], limits=["600/minute"])
def read_calendar(actor: Actor, token: str) -> Download:
    """Read a calendar by its secret address (iCalendar, RFC 5545)."""
    owner = feeds.feed_owner(token=token)
    entries = feed_entries(owner, since=clock.now() - KEPT, language=language())
    return Inline(ics(entries, language=language()), ICS)
