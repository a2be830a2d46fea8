"""Points: given by rule for what was done, given and taken by hand, taken back."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import insert_missing, session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotFound, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders
from groupbuy.training.errors import PointsReversed
from groupbuy.training.models import (
    LeaderboardPreference,
    PointsEntry,
    PointsRule,
    PointsStanding,
)
from groupbuy.training.queries import points as queries
from groupbuy.training.queries.points import RuleView
from groupbuy.training.rules.incentives import Cause
from groupbuy.training.services.badges import award_due

_BY = SYSTEM.label
NO_LEADER = Text("没有这位团长。", "There is no such leader.")


def award(*, leader_id: str, cause: Cause, cause_id: str, now: datetime) -> PointsEntry | None:
    """Give a leader what the rule of a cause says, once for each `cause_id`.

    A repeat does no harm and returns None. An entry of 0 points is written too: weekly targets
    count what was done by the entries. Badges that are due now are awarded.
    """
    points = queries.rule_view(cause).points
    entry = _added(leader_id, points, cause, cause_id, by=SYSTEM.label, now=now)
    if entry is not None:
        award_due(leader_ids=[leader_id], now=now)
    return entry


def award_all(*, leader_ids: Iterable[str], cause: Cause, cause_id: str, now: datetime) -> int:
    """Give many leaders what the rule of a cause says, once each, and return how many are new.

    A constant number of statements. Badges are not looked at: that is the caller's to do.
    """
    row = {"points": queries.rule_view(cause).points, "cause": cause.value, "cause_id": cause_id}
    entries = [
        {"id": new_id("pte"), "leader_id": leader_id, **row, "reason": "", "at": now, "by": _BY}
        for leader_id in sorted(leader_ids)
    ]
    new = insert_missing(PointsEntry, entries, returning=["leader_id", "points"])
    _add({entry.leader_id: entry.points for entry in new}, now)
    return len(new)


def give(*, leader_id: str, points: int, reason: str, actor: Actor, now: datetime) -> PointsEntry:
    """Give or take points by hand, for a reason.

    Raises:
        InvalidInput: there is no such leader.
    """
    if leader_id not in leaders.leaders_by_id([leader_id]):
        raise InvalidInput.at("/leader_id", NO_LEADER)
    by_hand = {"by": actor.label, "reason": reason}
    entry = _added(leader_id, points, Cause.MANUAL, new_id("pte"), now=now, **by_hand)
    assert entry is not None, "its cause is new"
    audit.record(
        actor=actor, action="points.give", subject=entry.id, now=now, points=points, reason=reason
    )
    award_due(leader_ids=[leader_id], now=now)
    return entry


def reverse(*, entry_id: str, reason: str, actor: Actor, now: datetime) -> PointsEntry:
    """Take back an entry by the opposite one.

    Raises:
        NotFound: there is no such entry.
        PointsReversed: it was taken back before, or takes back another one itself.
    """
    entry = queries.entry(entry_id)
    if entry.cause == Cause.REVERSAL:
        raise PointsReversed
    opposite = _added(
        entry.leader_id,
        -entry.points,
        Cause.REVERSAL,
        entry_id,
        reverses_id=entry_id,
        by=actor.label,
        reason=reason,
        now=now,
    )
    if opposite is None:
        raise PointsReversed
    audit.record(actor=actor, action="points.reverse", subject=entry_id, now=now, reason=reason)
    return opposite


def _added(
    leader_id: str,
    points: int,
    cause: Cause,
    cause_id: str,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    reverses_id: str | None = None,
) -> PointsEntry | None:
    """Write an entry and add it to the leader's sum, unless its cause was written before."""
    new = insert(PointsEntry).values(
        id=new_id("pte"),
        leader_id=leader_id,
        points=points,
        cause=cause,
        cause_id=cause_id,
        reverses_id=reverses_id,
        reason=reason,
        at=now,
        by=by,
    )
    entry: PointsEntry | None = session().scalar(
        new.on_conflict_do_nothing().returning(PointsEntry)
    )
    if entry is None:
        return None
    _add({leader_id: points}, now)
    return entry


def _add(given: Mapping[str, int], now: datetime) -> None:
    """Add points to the sums of leaders, in id order."""
    if not given:
        return
    rows = [
        {"leader_id": leader_id, "points": points, "reached_at": now}
        for leader_id, points in sorted(given.items())
    ]
    first = insert(PointsStanding).values(rows)
    # An entry of nothing changes no sum: who was first stays first.
    changed = PointsStanding.points + first.excluded.points
    session().execute(
        first.on_conflict_do_update(
            index_elements=["leader_id"],
            set_={
                "points": changed,
                "reached_at": func.greatest(PointsStanding.reached_at, first.excluded.reached_at),
            },
            where=first.excluded.points != 0,
        )
    )


def set_rule(*, cause: Cause, points: int, if_match: int, actor: Actor, now: datetime) -> RuleView:
    """Set what a cause is worth from now on.

    Raises:
        NotFound: no rule rewards this cause.
        StaleVersion: it changed since it was read.
    """
    query = select(PointsRule).where(PointsRule.cause == cause).with_for_update()
    row = session().scalar(query.execution_options(populate_existing=True))
    if queries.as_set(cause, row).version != if_match:
        raise StaleVersion
    values = {"points": points, "edited_by": actor.label, "edited_at": now}
    if row is None:
        first = insert(PointsRule).values(cause=cause, version=1, **values)
        row = session().scalar(first.on_conflict_do_nothing().returning(PointsRule))
        if row is None:
            raise StaleVersion
    for field, value in values.items():
        setattr(row, field, value)
    session().flush()
    audit.record(actor=actor, action="points_rule.set", subject=cause, now=now, points=points)
    return queries.as_set(cause, row)


def prefer(*, leader_id: str, hidden: bool, now: datetime) -> LeaderboardPreference:
    """Let a leader leave the leaderboards, or take part again; repeatable."""
    if leader_id not in leaders.leaders_by_id([leader_id]):
        raise NotFound
    new = insert(LeaderboardPreference).values(leader_id=leader_id, hidden=hidden, changed_at=now)
    wanted = new.on_conflict_do_update(
        index_elements=["leader_id"], set_={"hidden": hidden, "changed_at": now}
    )
    return (
        session()
        .scalars(
            wanted.returning(LeaderboardPreference), execution_options={"populate_existing": True}
        )
        .one()
    )
