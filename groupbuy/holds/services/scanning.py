"""What rules do: look at what happened, batch by batch, and hold what looks wrong.

A batch costs a constant number of statements. Looking twice holds once: an order that a rule has
held for a leader is not held by it again, whatever was decided.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.holds import queries
from groupbuy.holds.models import ONE_OPEN, CommissionHold, HoldWatermark
from groupbuy.holds.queries import Place, RuleView
from groupbuy.holds.rules import Stream
from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import LONGEST, session
from groupbuy.kernel.ids import new_id

BATCH = 200
SETTLING = LONGEST + timedelta(minutes=1)
"""How far the sweep stays behind: what was stamped earlier may be committed a little later."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
PREFIX = {Stream.PAID: "ord", Stream.REFUNDED: "orf"}


def scan_next(*, stream: Stream, zone: str, now: datetime) -> int:
    """Look at what happened since the last time, at most a batch; return how much that was.

    `zone` is the business time zone's name.
    """
    mark = _watermark(stream)
    after = (mark.reached_at, mark.reached_id)
    batch = queries.places(stream, after=after, until=now - SETTLING, limit=BATCH)
    if batch:
        _scan(stream, [place.order_id for place in batch], zone=zone, now=now)
        mark.reached_at, mark.reached_id = batch[-1].at, batch[-1].id
        session().flush()
    return len(batch)


def scan_from(
    *, stream: Stream, since: datetime, behind: Place | None, zone: str, now: datetime
) -> tuple[Sequence[Place], int]:
    """Look again at a batch from `since` on, or from behind a place; return it and what was held.

    The sweep stays where it is.
    """
    _watermark(stream)
    after = (behind.at, behind.id) if behind else (since, _first_id(stream))
    batch = queries.places(stream, after=after, until=now, limit=BATCH)
    placed = _scan(stream, [place.order_id for place in batch], zone=zone, now=now) if batch else 0
    return batch, placed


def scan_order(*, order_id: str, zone: str, now: datetime) -> int:
    """Look at one order of which something new is known; return how many holds were placed."""
    return _scan(Stream.PAID, [order_id], zone=zone, now=now)


def _watermark(stream: Stream) -> HoldWatermark:
    """Lock and return how far a stream was looked at: one scan of it at a time."""
    beginning = {"stream": stream, "reached_at": BEGINNING, "reached_id": _first_id(stream)}
    session().execute(insert(HoldWatermark).values(beginning).on_conflict_do_nothing())
    query = select(HoldWatermark).where(HoldWatermark.stream == stream).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one()


def _first_id(stream: Stream) -> str:
    return f"{PREFIX[stream]}_{'0' * 32}"


def _scan(stream: Stream, order_ids: Sequence[str], *, zone: str, now: datetime) -> int:
    """Let every rule of a stream look at some orders; return how many holds were placed."""
    found: list[dict[str, Any]] = []
    for rule in queries.rule_views():
        if rule.enabled and rule.kind.stream is stream:
            found += _findings(rule, order_ids, zone)
    return _place(found, now)


def _findings(rule: RuleView, order_ids: Sequence[str], zone: str) -> Iterable[dict[str, Any]]:
    values = {**rule.parameters, "order_ids": sorted(set(order_ids)), "zone": zone}
    for row in session().execute(rule.kind.finder, values).mappings():
        facts = dict(row)
        order_id, leader_id = facts.pop("order_id"), facts.pop("leader_id")
        score = rule.kind.score(facts, rule.parameters)
        if score >= rule.score:
            yield {
                "order_id": order_id,
                "leader_id": leader_id,
                "rule": rule.kind.name,
                "score": score,
                "evidence": facts,
            }


def _place(found: Sequence[dict[str, Any]], now: datetime) -> int:
    """Hold what was found, but for what its rule has held before; return how many."""
    hold = CommissionHold
    ids = {finding["order_id"] for finding in found}
    if not ids:
        return 0
    known = session().execute(
        select(hold.order_id, hold.rule, hold.leader_id).where(hold.order_id.in_(ids))
    )
    before = {tuple(row) for row in known}
    fresh = [
        {**finding, "id": new_id("hld"), "placed_at": now, "placed_by": SYSTEM.label}
        for finding in found
        if (finding["order_id"], finding["rule"], finding["leader_id"]) not in before
    ]
    if not fresh:
        return 0
    placing = insert(hold).on_conflict_do_nothing(
        index_elements=["order_id", "rule"], index_where=ONE_OPEN
    )
    rows = session().execute(
        placing.returning(hold.id, hold.order_id, hold.rule, hold.score), fresh
    )
    placed = rows.all()
    for hold_id, order_id, rule, score in placed:
        audit.record(
            actor=SYSTEM,
            action="hold.place",
            subject=hold_id,
            now=now,
            order=order_id,
            rule=rule,
            score=score,
        )
    session().flush()
    return len(placed)
