"""Reads of notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, or_, select

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.personal import PersonalData
from groupbuy.kernel.problems import NotFound
from groupbuy.notices.models import Notice, NoticePreference
from groupbuy.notices.rules import CARE, IN_ALL, KINDS, NoticeKind, NoticeState


def own_notices(
    *, shopper_id: str, unread: bool | None, limit: int, cursor: str | None, now: datetime
) -> Page[Notice]:
    """Return what a person was told so far, the newest first."""
    query = _told_to(shopper_id, now)
    if unread is not None:
        query = query.where(Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None))
    by = [Notice.due_at, Notice.id]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def own_notice(notice_id: str, *, shopper_id: str, now: datetime) -> Notice:
    """Return a notice that a person was told, or raise NotFound."""
    query = _told_to(shopper_id, now).where(Notice.id == notice_id).with_for_update()
    found: Notice | None = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def _told_to(shopper_id: str, now: datetime) -> Select[Notice]:
    return select(Notice).where(
        Notice.shopper_id == shopper_id, Notice.due_at <= now, Notice.state != NoticeState.DROPPED
    )


def notice(notice_id: str) -> Notice:
    """Return a notice as it is now, or raise NotFound."""
    found = session().get(Notice, notice_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def notice_list(
    *,
    limit: int,
    cursor: str | None,
    kind: str | None = None,
    state: str | None = None,
    shopper: str | None = None,
) -> Page[Notice]:
    """Return notices, the newest first."""
    wanted = {Notice.kind: kind, Notice.state: state, Notice.shopper_id: shopper}
    query = select(Notice)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return paginate(query, by=[Notice.id], limit=limit, cursor=cursor, descending=True)


def preferences(*, shopper_id: str) -> list[dict[str, Any]]:
    """Return every kind of notice, and whether a person wants it."""
    query = select(NoticePreference.muted).where(NoticePreference.shopper_id == shopper_id)
    muted = session().scalar(query) or []
    return [
        {
            "kind": kind,
            "title": terms.title,
            "optional": terms.care,
            "wanted": kind not in muted,
        }
        for kind, terms in KINDS.items()
    ]


def to_come(*, kind: NoticeKind, now: datetime) -> Sequence[Row[str, str, str]]:
    """Return `id, shopper_id, key` of what of a kind is planned, and not told yet."""
    query = select(Notice.id, Notice.shopper_id, Notice.key).where(
        Notice.state == NoticeState.WAITING, Notice.due_at > now, Notice.kind == kind
    )
    return session().execute(query).all()


def due(*, now: datetime, limit: int) -> Select[str]:
    """Return the ids of what is to be sent now, the oldest first: due, still useful, not taken."""
    return (
        select(Notice.id)
        .where(
            Notice.state == NoticeState.WAITING,
            Notice.due_at <= now,
            or_(Notice.useful_until.is_(None), Notice.useful_until > now),
            or_(Notice.claimed_until.is_(None), Notice.claimed_until <= now),
        )
        .order_by(Notice.due_at, Notice.id)
        .limit(limit)
    )


_LIMITS = " or ".join(f"(kind = '{kind}' and of_kind > {KINDS[kind].most})" for kind in CARE)
# Half-open, as everywhere: what comes exactly 24 hours later is not within them.
_WITHIN = "range between current row and interval '23:59:59.999999' following"

INVARIANTS = (
    Invariant(
        "notices.within_limits",
        f"nobody is given more than {IN_ALL} notices of care within 24 hours, nor more of a kind "
        "than its limit",
        "select shopper_id, kind, due_at, of_all, of_kind from (select shopper_id, kind, due_at, "
        f"count(*) over (partition by shopper_id order by due_at {_WITHIN}) as of_all, "
        f"count(*) over (partition by shopper_id, kind order by due_at {_WITHIN}) as of_kind "
        "from notices where care and state <> 'dropped') counted "
        f"where of_all > {IN_ALL} or {_LIMITS}",
    ),
    Invariant(
        "notices.told_while_useful",
        "nobody is told what is of no use any more",
        "select id, due_at, useful_until from notices "
        "where state <> 'dropped' and due_at > useful_until",
    ),
)

PERSONAL = (
    PersonalData(
        "notices",
        "select kind, title_zh, title_en, body_zh, body_en, due_at, state, read_at from notices "
        "where shopper_id = :shopper order by due_at, id",
        erase=("delete from notices where shopper_id = :shopper",),
    ),
    PersonalData(
        "notice_preferences",
        "select muted from notice_preferences where shopper_id = :shopper",
        erase=("delete from notice_preferences where shopper_id = :shopper",),
    ),
)
