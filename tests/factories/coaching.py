"""Months that are locked, their leaders divided; coaches and plans by the real services."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import update

from groupbuy.identity.models import Staff
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.settlement import services as settlement
from groupbuy.training.models import Coach, CoachingPlan, CoachingTemplate, SegmentRun
from groupbuy.training.rules.segments import DEFAULT_TERMS
from groupbuy.training.services import coaches, segmenting
from groupbuy.training.services.coaching import open_plan
from tests.client import Api, Caller, nobodys_password
from tests.factories import commissions, leaders
from tests.factories.commissions import FINANCE, Stall
from tests.factories.settlement import SHANGHAI, after_cutoff, approved
from tests.journeys.headquarters import made

TRAINER = Actor(kind="staff", id="hua", role="trainer")
MARCH, APRIL, MAY = "2026-03", "2026-04", "2026-05"
CALL = {
    "kind": "call",
    "title_zh": "通一次电话",
    "title_en": "Have a call",
    "lesson_id": None,
    "due_days": 3,
    "by_leader": False,
}
HOST = {
    "kind": "host",
    "title_zh": "开一次团",
    "title_en": "Host a group buy",
    "lesson_id": None,
    "due_days": 14,
    "by_leader": True,
}


def since(leader_id: str, days_before: int, month: str) -> None:
    """Let a leader have begun so many days before the end of a month."""
    at = SHANGHAI.month_end(month) - timedelta(days=days_before)
    with transaction():
        session().execute(update(Leader).where(Leader.id == leader_id).values(since=at))
        session().expire_all()


def seller(*, by: str = "", days_before: int = 90) -> Stall:
    """Recruit a leader with a stall, so many days before the end of March."""
    stall = commissions.stall(by=by) if by else commissions.stall()
    since(stall.leader_id, days_before, MARCH)
    return stall


def leader_of(stall: Stall) -> Leader:
    """Return the leader of a stall."""
    return session().get_one(Leader, stall.leader_id)


def idle(*, days_before: int = 90) -> Leader:
    """Recruit a leader who sells nothing, so many days before the end of March."""
    leader = leaders.leader()
    since(leader.id, days_before, MARCH)
    return leader


def tail(api: Api) -> list[str]:
    """Recruit Mei and two others who sold nothing in March, which is divided."""
    mei = leaders.leader(by=api.shopper("mei").id)
    since(mei.id, 90, MARCH)
    rest = [idle().id for _ in range(2)]
    divided(MARCH)
    return [mei.id, *rest]


def opened(trainer: Caller, leader: str, coach: str, **fields: Any) -> dict[str, Any]:
    """Open a plan over HTTP."""
    body = {"leader_id": leader, "coach_id": coach, **fields}
    return made(trainer.post("/hq/coaching/plans", body))


def locked(*months: str) -> None:
    """Settle months one after the other and lock each; silence confirms the statements."""
    for month in months:
        approved(month)
        later = after_cutoff(month) + timedelta(days=4)
        with transaction():
            settlement.auto_confirm(now=later)
            settlement.lock(month=month, actor=FINANCE, now=later)


def divided(*months: str) -> SegmentRun:
    """Settle and lock months, divide the leaders of each, and return the last run."""
    for month in months:
        locked(month)
        with transaction():
            run = segmenting.divide(month=month, terms=DEFAULT_TERMS, actor=SYSTEM, now=clock.now())
    return run


def coach(name: str = "coach", *, role: str = "trainer", load_limit: int = 10) -> Coach:
    """Hire a member of staff who coaches."""
    with transaction():
        staff = Staff(
            email=f"{name}@groupbuy.example",
            name=name.capitalize(),
            role=role,
            password_hash=nobodys_password(),
            created_at=clock.now(),
        )
        session().add(staff)
        session().flush()
        return coaches.add_coach(
            staff_id=staff.id, load_limit=load_limit, actor=TRAINER, now=clock.now()
        )


def template(segment: str = "tail", *tasks: dict[str, Any]) -> CoachingTemplate:
    """Put a template for a segment into use."""
    with transaction():
        return coaches.add_template(
            segment=segment,
            title_zh="重新开张",
            title_en="A fresh start",
            tasks=tasks or (CALL, HOST),
            actor=TRAINER,
            now=clock.now(),
        )


def plan(leader_id: str, coach: Coach, **fields: Any) -> CoachingPlan:
    """Open a plan for a leader who has a segment."""
    with transaction():
        return open_plan(
            leader_id=leader_id,
            coach_id=coach.staff_id,
            today=today(),
            actor=TRAINER,
            now=clock.now(),
            **fields,
        )


def today() -> date:
    """Return the local day."""
    return SHANGHAI.day_of(clock.now())
