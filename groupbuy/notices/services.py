"""Telling people, within the limits; what they want to be told; what the sender reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import delete, select, update

from groupbuy.kernel.db import insert_missing, session
from groupbuy.kernel.ids import any_id, new_id
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.notices import queries
from groupbuy.notices.models import Notice, NoticePreference
from groupbuy.notices.rules import (
    KEPT,
    KINDS,
    NOTICE_MOVES,
    WINDOW,
    NoticeKind,
    NoticeState,
    Told,
    Why,
    plan,
)

CLAIMED_FOR = timedelta(minutes=10)
"""After this the sender is taken to have died with a notice in its hands."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is to be told.

    `key` names the occasion: the same person is told of it once, however often it is asked for.
    `not_before` is the moment from which it may be told (now if left out), `useful_until` the one
    after which it need not.
    """

    shopper_id: str
    kind: NoticeKind
    key: str
    title: Text
    body: Text
    link: str = ""
    not_before: datetime | None = None
    useful_until: datetime | None = None


def notify(
    *,
    shopper_id: str,
    kind: NoticeKind,
    key: str,
    title: Text,
    body: Text,
    zone: tzinfo,
    now: datetime,
    link: str = "",
    not_before: datetime | None = None,
    useful_until: datetime | None = None,
) -> Notice:
    """Tell a person something, and return the notice, also one of the same key from before.

    `zone` is the business time zone, of the quiet hours.
    """
    draft = Draft(shopper_id, kind, key, title, body, link, not_before, useful_until)
    notify_many(drafts=[draft], zone=zone, now=now)
    query = select(Notice).where(Notice.shopper_id == shopper_id, Notice.key == key)
    return session().scalars(query).one()


def notify_many(*, drafts: Sequence[Draft], zone: tzinfo, now: datetime) -> int:
    """Tell people something, each within the limits, and return how many notices are new.

    A constant number of statements, and one if there is nothing new. Whoever tells the same person
    at the same moment waits: the limits hold for both together.
    """
    known = _known(drafts)
    drafts = [draft for draft in drafts if (draft.shopper_id, draft.key) not in known]
    if not drafts:
        return 0
    people = sorted({draft.shopper_id for draft in drafts})
    muted = _locked(people)
    known = _known(drafts)
    told = _told(people, now)
    rows: list[dict[str, Any]] = []
    for draft in drafts:
        if (draft.shopper_id, draft.key) in known:
            continue
        known.add((draft.shopper_id, draft.key))
        row = _row(draft, muted[draft.shopper_id], told[draft.shopper_id], zone, now)
        if row["care"] and row["state"] != NoticeState.DROPPED:
            told[draft.shopper_id].append(Told(draft.kind, row["due_at"]))
        rows.append(row)
    insert_missing(Notice, rows, returning=["id"])
    return len(rows)


def _locked(people: Sequence[str]) -> dict[str, Collection[str]]:
    """Lock the people, in id order, and return which kinds each does not want."""
    insert_missing(
        NoticePreference,
        [{"shopper_id": shopper_id, "muted": []} for shopper_id in people],
        returning=["shopper_id"],
    )
    query = (
        select(NoticePreference.shopper_id, NoticePreference.muted)
        .where(NoticePreference.shopper_id == any_id("people", "shp"))
        .order_by(NoticePreference.shopper_id)
        .with_for_update()
    )
    return {row.shopper_id: row.muted for row in session().execute(query, {"people": people})}


def _known(drafts: Sequence[Draft]) -> set[tuple[str, str]]:
    """Return of which occasions who was told before, also in vain."""
    if not drafts:
        return set()
    query = select(Notice.shopper_id, Notice.key).where(
        Notice.shopper_id == any_id("people", "shp"),
        Notice.key.in_({draft.key for draft in drafts}),
    )
    people = {"people": list({draft.shopper_id for draft in drafts})}
    return {(row.shopper_id, row.key) for row in session().execute(query, people)}


def _told(people: Sequence[str], now: datetime) -> dict[str, list[Told]]:
    """Return the notices of care of the last 24 hours and of the time to come, by person."""
    told: dict[str, list[Told]] = {shopper_id: [] for shopper_id in people}
    query = select(Notice.shopper_id, Notice.kind, Notice.due_at).where(
        Notice.shopper_id == any_id("people", "shp"),
        Notice.due_at > now - WINDOW,
        Notice.care,
        Notice.state != NoticeState.DROPPED,
    )
    for shopper_id, kind, due_at in session().execute(query, {"people": people}):
        told[shopper_id].append(Told(kind, due_at))
    return told


def _row(
    draft: Draft, muted: Collection[str], told: Sequence[Told], zone: tzinfo, now: datetime
) -> dict[str, Any]:
    wanted_at = max(draft.not_before or now, now)
    planned = plan(
        draft.kind,
        wanted_at=wanted_at,
        useful_until=draft.useful_until,
        told=told,
        zone=zone,
    )
    at, why = planned.at, planned.why
    if draft.kind in muted:
        at, why = None, Why.OPTED_OUT
    return {
        "id": new_id("ntc"),
        "shopper_id": draft.shopper_id,
        "kind": draft.kind,
        "key": draft.key,
        "title_zh": draft.title.zh,
        "title_en": draft.title.en,
        "body_zh": draft.body.zh,
        "body_en": draft.body.en,
        "link": draft.link,
        "care": KINDS[draft.kind].care,
        "created_at": now,
        "due_at": at or wanted_at,
        "useful_until": draft.useful_until,
        "state": NoticeState.DROPPED if at is None else NoticeState.WAITING,
        "settled_at": now if at is None else None,
        "reason": why or "",
        "attempts": 0,
    }


def withdraw(*, notice_ids: Sequence[str], now: datetime) -> int:
    """Drop these notices unless they were told, and return how many: it is not so now."""
    unsaid = (Notice.id.in_(notice_ids), Notice.due_at > now)
    return _dropped(unsaid, why=Why.WITHDRAWN, now=now) if notice_ids else 0


def choose(*, shopper_id: str, muted: Sequence[NoticeKind], now: datetime) -> list[dict[str, Any]]:
    """Say which kinds a person does not want; what of them was not told yet is dropped."""
    _locked([shopper_id])
    choice = update(NoticePreference).where(NoticePreference.shopper_id == shopper_id)
    session().execute(choice.values(muted=sorted(set(muted))))
    unsaid = (Notice.shopper_id == shopper_id, Notice.kind.in_(muted), Notice.due_at > now)
    _dropped(unsaid, why=Why.OPTED_OUT, now=now)
    return queries.preferences(shopper_id=shopper_id)


def _dropped(which: Sequence[Any], *, why: Why, now: datetime) -> int:
    dropping = (
        update(Notice)
        .where(Notice.state == NoticeState.WAITING, *which)
        .values(
            state=NOTICE_MOVES[NoticeState.WAITING, "drop"],
            settled_at=now,
            reason=why,
            claimed_until=None,
        )
        .returning(Notice.id)
    )
    return len(session().execute(dropping).all())


def read(*, notice_id: str, shopper_id: str, now: datetime) -> Notice:
    """Note that a person has read a notice; repeatable, the first time stands.

    Raises:
        NotFound: it is not the person's, or not told.
    """
    notice = queries.own_notice(notice_id, shopper_id=shopper_id, now=now)
    if notice.read_at is None:
        notice.read_at = now
        session().flush()
    return notice


def claim(*, limit: int, now: datetime) -> Sequence[Notice]:
    """Take notices that are due, the oldest first, for the room that sends them.

    Nobody else gets them for ten minutes. Each is reported back by its `attempts`.
    """
    due = queries.due(now=now, limit=limit).with_for_update(skip_locked=True)
    taking = (
        update(Notice)
        .where(Notice.id.in_(due))
        .values(claimed_until=now + CLAIMED_FOR, attempts=Notice.attempts + 1)
        .returning(Notice)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(session().scalars(taking), key=lambda notice: (notice.due_at, notice.id))


def delivered(*, notice_id: str, attempt: int, now: datetime) -> Notice:
    """Note that an attempt brought a notice to its person.

    Raises:
        NotInThisState: it is settled, or was taken by a later attempt.
    """
    after = NOTICE_MOVES[NoticeState.WAITING, "deliver"]
    return _reported(notice_id, attempt, state=after, settled_at=now, claimed_until=None)


def failed(
    *, notice_id: str, attempt: int, reason: str, again_at: datetime | None, now: datetime
) -> Notice:
    """Note that an attempt failed: for good, or until `again_at`.

    Raises: as delivered.
    """
    if again_at is not None:
        return _reported(notice_id, attempt, claimed_until=again_at, reason=reason)
    after = NOTICE_MOVES[NoticeState.WAITING, "fail"]
    return _reported(
        notice_id, attempt, state=after, settled_at=now, claimed_until=None, reason=reason
    )


def _reported(notice_id: str, attempt: int, **values: Any) -> Notice:
    reporting = (
        update(Notice)
        .where(
            Notice.id == notice_id,
            Notice.state == NoticeState.WAITING,
            Notice.attempts == attempt,
        )
        .values(values)
        .returning(Notice)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    notice: Notice | None = session().scalar(reporting)
    if notice is None:
        raise NotInThisState(state=queries.notice(notice_id).state)
    return notice


def forget(*, limit: int, now: datetime) -> int:
    """Delete notices that are older than we keep them, at most `limit`; return how many."""
    old = select(Notice.id).where(Notice.created_at < now - KEPT).limit(limit)
    gone = session().execute(delete(Notice).where(Notice.id.in_(old)).returning(Notice.id))
    return len(gone.all())
