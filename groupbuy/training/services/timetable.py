"""Timetables: live sessions generated from a cohort's weekly pattern."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, exists, select

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.training.models import Attendance, Cohort, LiveSession
from groupbuy.training.queries import cohorts, live
from groupbuy.training.rules.cohorts import (
    Changes,
    PatternSlot,
    SessionState,
    Slot,
    Standing,
    plan,
    slots_between,
)
from groupbuy.training.services.cohorts import refuse_ended


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a timetable changes: slots that are added, and sessions by what becomes of them."""

    added: list[Slot]
    changed: list[Slot]
    removed: list[Slot]
    kept: int


def preview(*, cohort_id: str, zone: ZoneInfo, now: datetime) -> Timetable:
    """Return what generating a cohort's timetable would change; nothing is written.

    Raises:
        NotFound: there is no such cohort.
    """
    cohort = cohorts.cohort(cohort_id)
    existing = _existing(cohort_id, now)
    return _told(_plan(cohort, existing, zone, now), existing)


def generate(*, cohort_id: str, zone: ZoneInfo, actor: Actor, now: datetime) -> Timetable:
    """Bring a cohort's future sessions in line with its pattern; repeatable.

    Sessions that have begun, that somebody changed by hand, or that anybody has a row of
    attendance of, stay as they are.

    Raises:
        NotFound: there is no such cohort.
        NotInThisState: it is finished or cancelled.
    """
    cohort = cohorts.locked_cohort(cohort_id)
    refuse_ended(cohort=cohort, action="generate")
    # Locked before anybody is asked: who checks in meanwhile waits, and finds it gone or changed.
    locked = {one.id: one for one in session().scalars(_sessions(cohort_id).with_for_update())}
    existing = _existing(cohort_id, now)
    changes = _plan(cohort, existing, zone, now)
    told = _told(changes, existing)
    if changes.removed:
        session().execute(delete(LiveSession).where(LiveSession.id.in_(changes.removed)))
    for session_id, slot in changes.changed:
        one = locked[session_id]
        one.starts_at, one.ends_at, one.lesson_id = slot.starts_at, slot.ends_at, slot.lesson_id
        one.changed_at = now
    session().add_all(_new(cohort, slot, now) for slot in changes.added)
    session().flush()
    audit.record(
        actor=actor,
        action="cohort.generate_timetable",
        subject=cohort.id,
        now=now,
        added=len(changes.added),
        changed=len(changes.changed),
        removed=len(changes.removed),
    )
    return told


def _sessions(cohort_id: str) -> Select[LiveSession]:
    return (
        select(LiveSession)
        .where(LiveSession.cohort_id == cohort_id)
        .order_by(LiveSession.id)
        .execution_options(populate_existing=True)
    )


def _existing(cohort_id: str, now: datetime) -> list[Standing]:
    touched = exists().where(Attendance.live_session_id == LiveSession.id)
    rows = session().execute(_sessions(cohort_id).add_columns(touched.label("touched")))
    return [
        Standing(
            id=one.id,
            planned_for=one.planned_for,
            slot=Slot(one.starts_at, one.ends_at, one.lesson_id),
            free=one.planned_for is not None
            and one.starts_at > now
            and not (one.by_hand or is_touched),
            takes_place=one.state == SessionState.PLANNED,
        )
        for one, is_touched in rows
    ]


def _plan(cohort: Cohort, existing: list[Standing], zone: ZoneInfo, now: datetime) -> Changes:
    wanted = slots_between(
        [PatternSlot.of(raw) for raw in cohort.pattern],
        first_day=cohort.first_day,
        last_day=cohort.last_day,
        skipping=[date.fromisoformat(day) for day in cohort.skipped_days],
        zone=zone,
    )
    lessons = live.live_lessons(cohort.program_id) if cohort.lessons_in_order else []
    return plan(wanted, existing, now=now, lessons=lessons)


def _told(changes: Changes, existing: list[Standing]) -> Timetable:
    slots = {one.id: one.slot for one in existing}
    return Timetable(
        added=changes.added,
        changed=[slot for _, slot in changes.changed],
        removed=[slots[session_id] for session_id in changes.removed],
        kept=len(changes.kept),
    )


def _new(cohort: Cohort, slot: Slot, now: datetime) -> LiveSession:
    return LiveSession(
        cohort_id=cohort.id,
        lesson_id=slot.lesson_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        planned_for=slot.starts_at,
        changed_at=now,
    )
