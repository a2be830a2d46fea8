"""What the school does by the clock."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import in_steps, retrying, session, transaction
from groupbuy.kernel.jobs import enqueue, every, job, one_by_one
from groupbuy.kernel.settings import settings
from groupbuy.training.models import TrainingRecount
from groupbuy.training.queries import segments
from groupbuy.training.queries.attempts import due_attempts
from groupbuy.training.rules.segments import SegmentTerms
from groupbuy.training.services import attempts, attending, badges, cohorts, segmenting
from groupbuy.training.services.recounting import advance_recount, begin_recount
from groupbuy.training.services.reminding import remind_inactive
from groupbuy.training.services.reminding_certificates import remind_of_certificates
from groupbuy.training.services.reminding_sessions import (
    remind_of_session,
    session_ids_ahead,
    withdraw_outdated,
)
from groupbuy.training.services.weekly_rewards import next_learners, reward_week, week_to_reward


@every("10 19 * * * 0", "training.recount")
def recount() -> None:
    """Count all enrolments and write down the funnels: at 03:10 in Shanghai."""
    count_all()


@job("training.count_all")
def count_all() -> None:
    """Count all enrolments, or go on with the count that was stopped."""
    steps = in_steps(
        lambda: begin_recount(now=clock.now()),
        lambda run: advance_recount(recount_id=run.recount_id, now=clock.now()),
        lambda run: run.finished,
    )
    for _ in steps:
        pass


def start_recount(*, now: datetime) -> TrainingRecount:
    """Have everything counted by a job, and return the count."""
    run = begin_recount(now=now)
    enqueue(count_all)
    return session().get_one(TrainingRecount, run.recount_id)


@every("30 1 * * * 0", "training.remind_inactive")
def remind_idle_leaders() -> None:
    """Remind leaders who did nothing for weeks, at 09:30 in Shanghai, some at a time."""
    after: str | None = None
    more = True
    while more:
        after = retrying(partial(_remind_idle, after))
        more = after is not None


def _remind_idle(after: str | None) -> str | None:
    with transaction():
        last, _ = remind_inactive(after=after, zone=settings().calendar.zone, now=clock.now())
        return last


@every("40 1 * * * 0", "training.remind_of_expiries")
def remind_of_expiries() -> None:
    """Remind the holders of certificates that expire, at 09:40 in Shanghai, some at a time."""
    after: str | None = None
    more = True
    while more:
        after = retrying(partial(_remind_of_expiries, after))
        more = after is not None


def _remind_of_expiries(after: str | None) -> str | None:
    with transaction():
        return remind_of_certificates(after=after, calendar=settings().calendar, now=clock.now())


@every("*/5 * * * * 10", "training.remind_of_sessions")
def remind_of_sessions() -> None:
    """Remind leaders of the live sessions of the next day and hour, session by session."""
    now, zone = clock.now(), settings().calendar.zone
    with transaction():
        withdraw_outdated(now=now)
    one_by_one(
        session_ids_ahead(now=now),
        lambda session_id: remind_of_session(session_id=session_id, zone=zone, now=now),
    )


@every("*/5 * * * * 40", "training.close_sessions")
def close_sessions() -> None:
    """Let what was attended count for good once a session is over."""
    now = clock.now()
    one_by_one(
        attending.to_close(now=now),
        lambda session_id: attending.close(session_id=session_id, now=now),
    )


@every("3 * * * * 10", "training.turn_cohorts")
def turn_cohorts() -> None:
    """Start cohorts on their first day and finish them after their last."""
    now = clock.now()
    today = settings().calendar.day_of(now)
    one_by_one(
        cohorts.to_turn(today=today),
        lambda cohort_id: cohorts.turn(cohort_id=cohort_id, today=today, now=now),
    )


EXPIRING = 200

"""Attempts that are ended before the next are looked for."""


@every("* * * * * */15", "training.expire_attempts")
def expire_attempts() -> None:
    """End and grade the attempts whose time is over, each on its own."""
    now = clock.now()
    found = EXPIRING
    while found == EXPIRING:
        due = due_attempts(now, limit=EXPIRING)
        found = len(due)
        one_by_one(due, lambda attempt_id: attempts.end_if_due(attempt_id=attempt_id, now=now))


@every("*/10 * * * *", "training.divide_leaders")
def divide_leaders() -> None:
    """Divide the leaders of the last locked month into coaching segments, once."""
    wanted = settings()
    with transaction():
        month = segments.month_to_divide()
        if month is not None:
            terms = SegmentTerms(
                wanted.coaching_head_bps, wanted.coaching_upper_bps, wanted.coaching_new_days
            )
            segmenting.divide(month=month, terms=terms, actor=SYSTEM, now=clock.now())


@every("20 19 * * *", "training.award_badges")
def award_badges() -> None:
    """Award the badges that are due to anybody: what was missed by day."""
    with transaction():
        badges.award_due(now=clock.now())


@every("40 19 * * *", "training.reward_weeks")
def reward_weeks() -> None:
    """Reward the last week that cannot be made good any more, some leaders at a time."""
    now, calendar = clock.now(), settings().calendar
    week = week_to_reward(today=calendar.day_of(now))
    found: Sequence[str] = next_learners(week=week, calendar=calendar, after=None)
    while found:
        retrying(partial(_reward_week, found, week, now))
        found = next_learners(week=week, calendar=calendar, after=found[-1])


def _reward_week(leader_ids: Sequence[str], week: date, now: datetime) -> None:
    with transaction():
        reward_week(leader_ids=leader_ids, week=week, now=now)
