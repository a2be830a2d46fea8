"""Reminding leaders of live sessions: a day before, and an hour before."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.texts import Text
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.notices import queries as told
from groupbuy.notices import services as notices
from groupbuy.notices.rules import NoticeKind
from groupbuy.notices.services import Draft
from groupbuy.training.models import LiveSession
from groupbuy.training.queries.live import SessionView, leaders_of, show_sessions
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.rules.reminders import (
    DAY_BEFORE,
    HOUR_BEFORE,
    SESSION_DAY_BEFORE,
    SESSION_HOUR_BEFORE,
    reminder_of_session,
)


def session_ids_ahead(*, now: datetime) -> Sequence[str]:
    """Return the sessions of which leaders are to be reminded now."""
    query = select(LiveSession.id).where(
        LiveSession.state == SessionState.PLANNED,
        LiveSession.starts_at > now,
        LiveSession.starts_at <= now + DAY_BEFORE,
    )
    return session().scalars(query.order_by(LiveSession.starts_at, LiveSession.id)).all()


def remind_of_session(*, session_id: str, zone: tzinfo, now: datetime) -> int:
    """Remind the leaders of a session, and return how many notices are new; repeatable.

    Leaders who are suspended are not reminded. What was planned of a time that holds no more is
    taken back by `withdraw_outdated`.
    """
    one = session().get_one(LiveSession, session_id, populate_existing=True)
    before = reminder_of_session(one.starts_at - now)
    if before is None or one.state != SessionState.PLANNED:
        return 0
    (view,) = show_sessions([one])
    people = select(Leader.shopper_id).where(
        Leader.id.in_(leaders_of([session_id]).get(session_id, [])),
        Leader.state == LeaderState.ACTIVE,
    )
    drafts = [_draft(view, shopper_id, before, zone) for shopper_id in session().scalars(people)]
    return notices.notify_many(drafts=drafts, zone=zone, now=now)


def _draft(view: SessionView, shopper_id: str, before: timedelta, zone: tzinfo) -> Draft:
    starts_at = view.session.starts_at
    last = before == HOUR_BEFORE
    title, body = SESSION_HOUR_BEFORE if last else SESSION_DAY_BEFORE
    local = starts_at.astimezone(zone)
    time = Text(f"{local:%m月%d日 %H:%M}", f"{local:%d %B, %H:%M}")
    said = {
        "zh": body.zh.format(title=view.title.zh, time=time.zh, trainer=view.trainer),
        "en": body.en.format(title=view.title.en, time=time.en, trainer=view.trainer),
    }
    return Draft(
        shopper_id=shopper_id,
        kind=NoticeKind.LIVE_SESSION,
        key=_key(view.session, before),
        title=title,
        body=Text(**said),
        link=f"/leader/live-sessions/{view.session.id}",
        useful_until=starts_at if last else starts_at - HOUR_BEFORE,
    )


def _key(one: LiveSession, before: timedelta) -> str:
    """Name the occasion; a session that is moved to another time is another one."""
    return f"live_session/{one.id}/{one.starts_at.isoformat()}/{before // HOUR_BEFORE}"


def withdraw_outdated(*, now: datetime) -> int:
    """Take back what was not told yet, but holds no more, and return how many notices.

    The session was cancelled or moved, or is not the leader's any more, or the leader is suspended.
    """
    planned = told.to_come(kind=NoticeKind.LIVE_SESSION, now=now)
    if not planned:
        return 0
    holding = _holding(now)
    outdated = [row.id for row in planned if (row.shopper_id, row.key) not in holding]
    return notices.withdraw(notice_ids=outdated, now=now)


def _holding(now: datetime) -> set[tuple[str, str]]:
    """Return who may be told of which sessions of the next day, in three statements."""
    query = select(LiveSession).where(LiveSession.id.in_(session_ids_ahead(now=now)))
    ahead = session().scalars(query.execution_options(populate_existing=True)).all()
    members = leaders_of(one.id for one in ahead)
    active = select(Leader.id, Leader.shopper_id).where(
        Leader.id.in_({leader_id for ids in members.values() for leader_id in ids}),
        Leader.state == LeaderState.ACTIVE,
    )
    people = {leader_id: shopper_id for leader_id, shopper_id in session().execute(active)}
    return {
        (people[leader_id], _key(one, before))
        for one in ahead
        for leader_id in members.get(one.id, [])
        if leader_id in people
        for before in (DAY_BEFORE, HOUR_BEFORE)
    }
