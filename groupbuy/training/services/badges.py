"""Badges: defined by headquarters, awarded by themselves, revoked for a reason."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import Instant, session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.training.errors import BadgeCodeTaken
from groupbuy.training.models import Badge, BadgeAward, Reached
from groupbuy.training.queries import badges as queries
from groupbuy.training.rules.incentives import AWARD_MOVES, AwardState, BadgeKind


def award_due(*, leader_ids: Collection[str] | None = None, now: datetime) -> int:
    """Award every badge that is due to these leaders, or to all; return how many.

    One statement, however many leaders and badges. A badge is awarded once: what was revoked is
    not awarded again.
    """
    far = queries.reached(leader_ids)
    due = (
        select(
            func.uuidv7(),
            Badge.id,
            far.c.leader_id,
            literal(now, Instant),
            literal(AwardState.AWARDED.value),
            literal(""),
        )
        .join(far, (far.c.kind == Badge.kind) & (far.c.reached >= Badge.needed))
        .where(Badge.active)
        .order_by(far.c.leader_id, Badge.id)
    )
    columns = ["id", "badge_id", "leader_id", "awarded_at", "state", "reason"]
    awarding = insert(BadgeAward).from_select(columns, due, include_defaults=False)
    awarded = awarding.on_conflict_do_nothing(index_elements=["leader_id", "badge_id"])
    return len(session().execute(awarded.returning(BadgeAward.id)).all())


def streaks(*, weeks: Mapping[str, int], now: datetime) -> None:
    """Take note of leaders' longest streaks of weeks; repeatable, in two statements.

    The most counts: weeks of a streak that broke stay reached.
    """
    if not weeks:
        return
    kind = BadgeKind.STREAK_WEEKS
    rows = [
        {"leader_id": leader_id, "kind": kind, "reached": reached}
        for leader_id, reached in sorted(weeks.items())
    ]
    new = insert(Reached).values(rows)
    session().execute(
        new.on_conflict_do_update(
            index_elements=["leader_id", "kind"],
            set_={"reached": new.excluded.reached},
            where=new.excluded.reached > Reached.reached,
        )
    )
    award_due(leader_ids=list(weeks), now=now)


def define(
    *,
    code: str,
    title_zh: str,
    title_en: str,
    kind: str,
    needed: int,
    actor: Actor,
    now: datetime,
) -> Badge:
    """Define a badge, and award it at once to whoever has reached it.

    Raises:
        BadgeCodeTaken: another one has this code.
    """
    new = insert(Badge).values(
        id=new_id("bdg"),
        code=code,
        title_zh=title_zh,
        title_en=title_en,
        kind=kind,
        needed=needed,
        active=True,
        version=1,
    )
    badge: Badge | None = session().scalar(new.on_conflict_do_nothing().returning(Badge))
    if badge is None:
        raise BadgeCodeTaken
    audit.record(actor=actor, action="badge.define", subject=badge.id, now=now, code=code)
    award_due(now=now)
    return badge


def edit(*, badge_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any) -> Badge:
    """Change a badge; who has it keeps it, and whoever has reached it now gets it.

    Raises:
        NotFound, StaleVersion: as for every edit.
    """
    badge = queries.badge(badge_id)
    session().refresh(badge, with_for_update=True)
    if badge.version != if_match:
        raise StaleVersion
    for field, value in changes.items():
        setattr(badge, field, value)
    session().flush()
    audit.record(actor=actor, action="badge.edit", subject=badge_id, now=now, **changes)
    award_due(now=now)
    return badge


def decide(*, award_id: str, action: str, reason: str, actor: Actor, now: datetime) -> BadgeAward:
    """Revoke a badge that a leader won, or give it back.

    Raises:
        NotFound: nobody won it.
        NotInThisState: it is revoked already, or was not.
    """
    queries.award(award_id)
    [before] = [state for state, name in AWARD_MOVES if name == action]
    decided: BadgeAward | None = session().scalar(
        update(BadgeAward)
        .where(BadgeAward.id == award_id, BadgeAward.state == before)
        .values(
            state=AWARD_MOVES[before, action],
            decided_at=now,
            decided_by=actor.label,
            reason=reason,
        )
        .returning(BadgeAward),
        execution_options={"populate_existing": True},
    )
    if decided is None:
        raise NotInThisState(state=queries.award(award_id).state, action=action)
    audit.record(actor=actor, action=f"badge.{action}", subject=award_id, now=now, reason=reason)
    return decided
