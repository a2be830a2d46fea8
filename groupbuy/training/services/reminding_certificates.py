"""Reminding holders of certificates before they expire: 60, 30 and 7 days before."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Row, select

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.texts import Text
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.notices import services as notices
from groupbuy.notices.rules import NoticeKind
from groupbuy.notices.services import Draft
from groupbuy.training.models import Certificate
from groupbuy.training.rules.reminders import (
    CERTIFICATE_DAYS,
    CERTIFICATE_EXPIRES,
    stage_ends_after,
    stage_of_certificate,
)

BATCH = 500


def remind_of_certificates(*, after: str | None, calendar: Calendar, now: datetime) -> str | None:
    """Remind the next holders, and return the last certificate looked at, None at the end.

    Repeatable: a holder is told once at each stage of an expiry; a renewal begins anew. Leaders
    who are suspended are not reminded, nor is anybody of a certificate that was revoked.
    """
    today = calendar.day_of(now)
    query = (
        select(Certificate, Leader.shopper_id)
        .join(Leader, Leader.id == Certificate.leader_id)
        .where(
            Certificate.expires_on >= today,
            Certificate.expires_on <= today + timedelta(days=max(CERTIFICATE_DAYS)),
            Certificate.revoked_at.is_(None),
            Leader.state == LeaderState.ACTIVE,
        )
        .order_by(Certificate.id)
        .limit(BATCH)
    )
    if after is not None:
        query = query.where(Certificate.id > after)
    rows = session().execute(query.execution_options(populate_existing=True)).all()
    notices.notify_many(drafts=_drafts(rows, today, calendar), zone=calendar.zone, now=now)
    return rows[-1].Certificate.id if rows else None


def _drafts(rows: Sequence[Row[Certificate, str]], today: date, calendar: Calendar) -> list[Draft]:
    drafts = []
    for one, shopper_id in rows:
        if one.expires_on is None:
            continue
        stage = stage_of_certificate((one.expires_on - today).days)
        if stage is not None:
            drafts.append(_draft(one, shopper_id, stage, one.expires_on, today, calendar))
    return drafts


def _draft(
    one: Certificate, shopper_id: str, stage: int, expires_on: date, today: date, calendar: Calendar
) -> Draft:
    title, body = CERTIFICATE_EXPIRES
    facts = {
        "number": one.number,
        "day": expires_on.isoformat(),
        "days": (expires_on - today).days,
    }
    said = Text(
        body.zh.format(title=one.title_zh, **facts), body.en.format(title=one.title_en, **facts)
    )
    over = expires_on - timedelta(days=stage_ends_after(stage))
    return Draft(
        shopper_id=shopper_id,
        kind=NoticeKind.CERTIFICATE_EXPIRING,
        key=f"certificate/{one.id}/{expires_on.isoformat()}/{stage}",
        title=title,
        body=said,
        link=f"/leader/certificates/{one.id}",
        useful_until=calendar.midnight(over),
    )
