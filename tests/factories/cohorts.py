"""Cohorts with members and live sessions, made by the real services."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app

from groupbuy.identity.models import Staff
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.settings import settings
from groupbuy.leaders.models import Leader
from groupbuy.training.jobs import close_sessions
from groupbuy.training.models import Attendance, Cohort, LiveSession, Program
from groupbuy.training.rules.attendance import check_in_code, step_of
from groupbuy.training.services import attending, cohorts, live, members
from tests.client import nobodys_password
from tests.factories import training

HOUR = timedelta(hours=1)
THRICE = [{"weekday": day, "time": "19:30", "minutes": 60} for day in (1, 3, 5)]
"""Monday, Wednesday and Friday evening, as the API takes it."""


def trainer(name: str = "Lan") -> Actor:
    """Hire a trainer (the same one for the same name) and return them as an actor."""
    email = f"{name.lower()}@training.example"
    found = session().query(Staff).filter_by(email=email).one_or_none()
    if found is None:
        found = Staff(
            email=email,
            name=name,
            role="trainer",
            password_hash=nobodys_password(),
            created_at=clock.now(),
        )
        with transaction():
            session().add(found)
    return Actor(kind="staff", id=found.id, role="trainer")


def cohort(
    program: Program | None = None, *, leaders: Sequence[Leader] = (), **fields: Any
) -> Cohort:
    """Plan a cohort of eight weeks from today, without a timetable, with these members."""
    actor = trainer()
    program = program or training.program()
    told = {
        "title_zh": "一班",
        "title_en": "Group one",
        "first_day": date(2026, 3, 2),
        "last_day": date(2026, 4, 26),
        "capacity": 30,
        **fields,
    }
    with transaction():
        made = cohorts.create(
            program_id=program.id, trainer_id=actor.id, actor=actor, now=clock.now(), **told
        )
        if leaders:
            ids = [leader.id for leader in leaders]
            members.add(cohort_id=made.id, leader_ids=ids, actor=actor, now=clock.now())
    return made


def live_session(
    cohort: Cohort, *, at: datetime | None = None, length: timedelta = HOUR, **fields: Any
) -> LiveSession:
    """Add a session of an hour to a cohort, in an hour unless said otherwise."""
    at = at or clock.now() + HOUR
    with transaction():
        return live.create(
            cohort_id=cohort.id,
            starts_at=at,
            ends_at=at + length,
            actor=trainer(),
            now=clock.now(),
            **fields,
        )


def code_of(one: LiveSession) -> str:
    """Return the code that the trainer of a session shows now."""
    return check_in_code(settings().training_key, one.id, step_of(clock.now()))


def checked_in(leader: Leader, one: LiveSession) -> Attendance:
    """Check a leader in to a session, now."""
    with transaction():
        return attending.check_in(
            session_id=one.id,
            leader_id=leader.id,
            code=code_of(one),
            secret=settings().training_key,
            now=clock.now(),
        )


def attended(cohort: Cohort, *present: Leader, **fields: Any) -> LiveSession:
    """Hold a session of a cohort from beginning to end, with these leaders there, and close it.

    The application's clock moves to its end.
    """
    one = live_session(cohort, **fields)
    ticking = current_app.extensions[clock.EXTENSION]
    ticking.at = one.starts_at
    for leader in present:
        checked_in(leader, one)
    ticking.at = one.ends_at
    close_sessions()
    return one
