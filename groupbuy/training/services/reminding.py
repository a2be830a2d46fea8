"""Automatic care: who is to be reminded of what. When each is told is for notices to say."""

from datetime import datetime, tzinfo

from sqlalchemy import func, select

from groupbuy.kernel.db import session
from groupbuy.kernel.texts import Text
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.notices import services as notices
from groupbuy.notices.rules import NoticeKind
from groupbuy.notices.services import Draft
from groupbuy.training.models import Enrollment, Program
from groupbuy.training.rules.content import ContentState, EnrollmentState
from groupbuy.training.rules.reminders import COMPLETED, IDLE_AFTER, INACTIVE, idle_turn

BATCH = 500


def remind_inactive(*, after: str | None, zone: tzinfo, now: datetime) -> tuple[str | None, int]:
    """Remind the next leaders who learn and did nothing for two weeks, four weeks, and so on.

    Returns the last leader looked at, None when there are no more, and how many notices are new.
    Doing nothing means in any program; who was active in one is let alone. Repeatable: a leader
    is told once for each two weeks.
    """
    last = func.max(Enrollment.active_at)
    query = (
        select(Leader.id, Leader.shopper_id, last.label("active_at"))
        .join(Enrollment, Enrollment.leader_id == Leader.id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(
            Leader.state == LeaderState.ACTIVE,
            Enrollment.state == EnrollmentState.ACTIVE,
            Program.state == ContentState.PUBLISHED,
        )
        .group_by(Leader.id)
        .having(last <= now - IDLE_AFTER)
        .order_by(Leader.id)
        .limit(BATCH)
    )
    if after is not None:
        query = query.where(Leader.id > after)
    idle = session().execute(query).all()
    drafts = [
        _of_inactivity(row.id, row.shopper_id, row.active_at, turn)
        for row in idle
        if (turn := idle_turn(now - row.active_at)) is not None
    ]
    new = notices.notify_many(drafts=drafts, zone=zone, now=now)
    return (idle[-1].id if idle else None), new


def _of_inactivity(leader_id: str, shopper_id: str, active_at: datetime, turn: int) -> Draft:
    title, body = INACTIVE
    return Draft(
        shopper_id=shopper_id,
        kind=NoticeKind.INACTIVITY,
        key=f"inactivity/{leader_id}/{active_at.isoformat()}/{turn}",
        title=title,
        body=body.format(weeks=2 * turn),
        link="/leader/training",
        useful_until=active_at + (turn + 1) * IDLE_AFTER,
    )


def congratulate(*, enrollment: Enrollment, zone: tzinfo, now: datetime) -> None:
    """Tell a leader that a program is completed."""
    shopper_id = select(Leader.shopper_id).where(Leader.id == enrollment.leader_id)
    program = session().get_one(Program, enrollment.program_id)
    title, body = COMPLETED
    notices.notify(
        shopper_id=session().scalars(shopper_id).one(),
        kind=NoticeKind.PROGRAM_COMPLETED,
        key=f"completed/{enrollment.id}",
        title=title,
        body=Text(
            body.zh.format(program=program.title_zh), body.en.format(program=program.title_en)
        ),
        link="/leader/training",
        zone=zone,
        now=now,
    )
