"""Points for weeks of attendance as agreed, and badges for many of them in a row."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.training.models import CohortMember, LiveSession
from groupbuy.training.queries.attendance import streaks_of, weeks_of
from groupbuy.training.rules.attendance import MAKEUP
from groupbuy.training.rules.incentives import Cause
from groupbuy.training.rules.weeks import WEEK, monday
from groupbuy.training.services import badges, points

PORTION = 2_000
"""Leaders who are rewarded in one transaction."""


def week_to_reward(*, today: date) -> date:
    """Return the Monday of the last week that is over and cannot be made good any more."""
    return monday(today - timedelta(days=1) - MAKEUP) - WEEK


def next_learners(*, week: date, calendar: Calendar, after: str | None) -> Sequence[str]:
    """Return leaders whose cohorts had sessions in a week, in id order, some at a time."""
    first, end = calendar.midnight(week), calendar.midnight(week + WEEK)
    query = (
        select(CohortMember.leader_id)
        .distinct()
        .join(LiveSession, LiveSession.cohort_id == CohortMember.cohort_id)
        .where(LiveSession.starts_at >= first, LiveSession.starts_at < end)
    )
    if after is not None:
        query = query.where(CohortMember.leader_id > after)
    return session().scalars(query.order_by(CohortMember.leader_id).limit(PORTION)).all()


def reward_week(*, leader_ids: Sequence[str], week: date, now: datetime) -> int:
    """Reward those of these leaders who did what a week asked, and return how many; repeatable.

    A week that asked for nothing is not rewarded. A constant number of statements.
    """
    weeks = weeks_of(leader_ids, since=week, until=week + WEEK, now=now)
    agreed = [leader_id for leader_id, [own] in weeks.items() if own.required and own.compliant]
    points.award_all(leader_ids=agreed, cause=Cause.WEEK, cause_id=week.isoformat(), now=now)
    found = streaks_of(agreed, now=now)
    best = {leader_id: streak.best for leader_id, streak in found.items()}
    badges.streaks(weeks=best, now=now)
    return len(agreed)
