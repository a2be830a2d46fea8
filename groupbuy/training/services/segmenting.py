"""Dividing the leaders of a locked month into coaching segments."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import insert_missing, session
from groupbuy.settlement import queries as settlement
from groupbuy.settlement.rules.periods import PeriodState
from groupbuy.training.errors import MonthNotLocked
from groupbuy.training.models import LeaderSegment, SegmentRun
from groupbuy.training.queries import segments as queries
from groupbuy.training.rules.segments import Segment, SegmentTerms, segments, sizes


def divide(*, month: str, terms: SegmentTerms, actor: Actor, now: datetime) -> SegmentRun:
    """Rank the active leaders of a locked month and divide them; repeatable.

    A constant number of statements, however many leaders. Who divides it again gets what stands.

    Raises:
        MonthNotLocked: its settlement is not finished.
    """
    period = settlement.period(month)
    if period is None or period.state != PeriodState.LOCKED:
        raise MonthNotLocked(month=month)
    placed = segments(queries.sellers(period), ends_at=period.ends_at, terms=terms)
    ranked = sum(1 for place in placed if place.segment is not Segment.NEW)
    run: SegmentRun | None = session().scalar(
        insert(SegmentRun)
        .values(
            month=month,
            ranked=ranked,
            **terms._asdict(),
            calculated_at=now,
            calculated_by=actor.label,
        )
        .on_conflict_do_nothing()
        .returning(SegmentRun)
    )
    if run is None:
        return session().get_one(SegmentRun, month)
    rows = [{"month": month, "ranked": ranked, **place._asdict()} for place in placed]
    insert_missing(LeaderSegment, rows, returning=["position"])
    counts = {segment.value: count for segment, count in sizes(placed).items()}
    audit.record(actor=actor, action="coaching.divide", subject=month, now=now, **counts)
    return run
