"""Reads of coaching segments."""

from collections.abc import Sequence

from sqlalchemy import func, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.settlement import queries as settlement
from groupbuy.settlement.models import SettlementPeriod, Statement
from groupbuy.settlement.rules.periods import PeriodState
from groupbuy.training.models import LeaderSegment, SegmentRun
from groupbuy.training.rules.segments import Seller


def sellers(period: SettlementPeriod) -> list[Seller]:
    """Return all active leaders with the net volume of a month, in two statements.

    Who sold nothing reached that when the month ended.
    """
    rows = (
        session()
        .execute(
            select(Leader.id, Leader.since, func.coalesce(Statement.volume_fen, 0))
            .outerjoin(
                Statement, (Statement.leader_id == Leader.id) & (Statement.month == period.month)
            )
            .where(Leader.state == LeaderState.ACTIVE)
        )
        .all()
    )
    known = settlement.reached_at(period, [row[0] for row in rows if row[2] > 0])
    return [
        Seller(leader_id, since, net_fen, known.get(leader_id, period.ends_at))
        for leader_id, since, net_fen in rows
    ]


def month_to_divide() -> str | None:
    """Return the last locked month, if its leaders are not divided yet."""
    month = session().scalar(
        select(SettlementPeriod.month)
        .where(SettlementPeriod.state == PeriodState.LOCKED)
        .order_by(SettlementPeriod.month.desc())
        .limit(1)
    )
    return month if month is not None and run_of(month) is None else None


def run_of(month: str) -> SegmentRun | None:
    """Return that a month's leaders were divided, None if they were not."""
    return session().get(SegmentRun, month)


def last_month() -> str | None:
    """Return the last month that has segments."""
    return session().scalar(select(func.max(SegmentRun.month)))


def segment_list(
    *,
    limit: int,
    cursor: str | None,
    month: str | None = None,
    segment: str | None = None,
    leader: str | None = None,
) -> Page[LeaderSegment]:
    """Return the places of a month, the last one that has any if left out, the first rank first."""
    query = select(LeaderSegment).where(LeaderSegment.month == (month or last_month()))
    if segment is not None:
        query = query.where(LeaderSegment.segment == segment)
    if leader is not None:
        query = query.where(LeaderSegment.leader_id == leader)
    return paginate(query, by=[LeaderSegment.position], limit=limit, cursor=cursor)


HISTORY = 12


def own_segments(leader_id: str) -> Sequence[LeaderSegment]:
    """Return a leader's places of the last months, the newest first."""
    query = select(LeaderSegment).where(LeaderSegment.leader_id == leader_id)
    return session().scalars(query.order_by(LeaderSegment.month.desc()).limit(HISTORY)).all()


def segment_in(month: str, leader_id: str) -> LeaderSegment | None:
    """Return a leader's place in a month, None without one."""
    return session().get(LeaderSegment, (month, leader_id))
