"""Attendance by week: what was asked of leaders, what they did, and their streaks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import any_id
from groupbuy.kernel.settings import settings
from groupbuy.training.models import Attendance, CohortMember, LiveSession
from groupbuy.training.rules.attendance import (
    COUNTS_SQL,
    LATE_BPS,
    PRESENT_BPS,
    AttendanceStatus,
)
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.rules.weeks import WEEK, Streak, compliance, monday


@dataclass(frozen=True, slots=True)
class Week:
    """A leader's week: `week` is its Monday. One that has not ended may still be made good."""

    week: date
    scheduled: int
    excused: int
    attended: int
    required: int
    compliant: bool
    score_bps: int
    ended: bool


def belongs() -> ColumnElement[bool]:
    """Return the condition under which a session is a member's, with or without an Attendance.

    In the cohort when it began; or whoever came meanwhile and has a row of attendance. Who left
    during it and came back has two rows of membership, and only the first one has the session.
    """
    there = and_(
        CohortMember.joined_at < LiveSession.ends_at,
        or_(CohortMember.left_at.is_(None), CohortMember.left_at > LiveSession.starts_at),
    )
    since_beginning = CohortMember.joined_at <= LiveSession.starts_at
    before = aliased(CohortMember)
    came_back = (
        select(before.id)
        .where(
            before.cohort_id == CohortMember.cohort_id,
            before.leader_id == CohortMember.leader_id,
            before.joined_at < CohortMember.joined_at,
            before.left_at > LiveSession.starts_at,
        )
        .correlate(CohortMember, LiveSession)
        .exists()
    )
    came = and_(Attendance.leader_id.is_not(None), ~came_back)
    return and_(there, or_(since_beginning, came))


def attendance_of() -> ColumnElement[bool]:
    """Return the condition that joins a member's attendance of a session, if there is one."""
    return and_(
        Attendance.live_session_id == LiveSession.id,
        Attendance.leader_id == CohortMember.leader_id,
    )


def weeks_of(
    leader_ids: Iterable[str], *, since: date, until: date, now: datetime
) -> dict[str, list[Week]]:
    """Return the weeks of leaders that touch [since, until), the earliest first, in one statement.

    Every leader has every week, also those in which nothing was scheduled.
    """
    calendar, target = settings().calendar, settings().training_week_sessions
    today, ids = calendar.day_of(now), list(dict.fromkeys(leader_ids))
    first, weeks = monday(since), []
    while first < until:
        weeks.append(first)
        first += WEEK
    between = and_(
        LiveSession.starts_at >= calendar.midnight(monday(since)),
        LiveSession.starts_at < calendar.midnight(first),
    )
    rows = session().execute(select(_weekly(between)), _parameters(ids))
    counted = {(row.leader_id, row.week): row for row in rows}

    def shown(leader_id: str, week: date) -> Week:
        row = counted.get((leader_id, week))
        scheduled, excused, attended = row[2:] if row else (0, 0, 0)
        found = compliance(target=target, scheduled=scheduled, excused=excused, attended=attended)
        return Week(
            week,
            scheduled,
            excused,
            attended,
            found.required,
            found.compliant,
            found.score_bps,
            ended=week + WEEK <= today,
        )

    return {leader_id: [shown(leader_id, week) for week in weeks] for leader_id in ids}


def streaks_of(leader_ids: Iterable[str], *, now: datetime) -> dict[str, Streak]:
    """Return the streaks of leaders, in one statement (see rules.weeks.streak)."""
    ids = list(dict.fromkeys(leader_ids))
    today = settings().calendar.day_of(now)
    rows = session().execute(_streaks(today), _parameters(ids))
    found = {row.leader_id: Streak(row.current, row.best) for row in rows}
    return {leader_id: found.get(leader_id, Streak()) for leader_id in ids}


def _parameters(ids: list[str]) -> dict[str, object]:
    return {
        "ids": ids,
        "zone": settings().calendar.zone.key,
    }


def _weekly(between: ColumnElement[bool] | None = None) -> CTE:
    """Return what leaders' weeks hold: `leader_id, week, scheduled, excused, attended`."""
    local = func.timezone(bindparam("zone", type_=SqlText()), LiveSession.starts_at)
    theirs = (
        select(
            CohortMember.leader_id,
            LiveSession.id,
            cast(func.date_trunc("week", local), Date).label("week"),
            func.coalesce(Attendance.counts, False).label("attended"),
            func.coalesce(Attendance.status == AttendanceStatus.EXCUSED, False).label("excused"),
        )
        .select_from(CohortMember)
        .join(LiveSession, LiveSession.cohort_id == CohortMember.cohort_id)
        .outerjoin(Attendance, attendance_of())
        .where(
            CohortMember.leader_id == any_id("ids", "ldr"),
            LiveSession.state == SessionState.PLANNED,
            belongs(),
        )
    )
    if between is not None:
        theirs = theirs.where(between)
    rows = theirs.subquery()
    return (
        select(
            rows.c.leader_id,
            rows.c.week,
            func.count().label("scheduled"),
            func.count().filter(rows.c.excused).label("excused"),
            func.count().filter(rows.c.attended).label("attended"),
        )
        .group_by(rows.c.leader_id, rows.c.week)
        .cte("weekly")
    )


def _streaks(today: date) -> Select[tuple[str, int, int]]:
    """Return the statement of streaks: a week that ended without compliance begins an island."""
    weekly = _weekly()
    target = literal(settings().training_week_sessions)
    required = func.least(target, weekly.c.scheduled - weekly.c.excused)
    asked = (
        select(
            weekly.c.leader_id,
            weekly.c.week,
            (weekly.c.attended >= required).label("compliant"),
            (weekly.c.week + 7 <= literal(today)).label("ended"),
        )
        .where(required > 0)
        .subquery()
    )
    broken = case((and_(~asked.c.compliant, asked.c.ended), 1), else_=0)
    islands = select(
        asked.c.leader_id,
        asked.c.compliant,
        func.sum(broken)
        .over(partition_by=asked.c.leader_id, order_by=asked.c.week)
        .label("island"),
    ).subquery()
    run = func.count().filter(islands.c.compliant).label("run")
    runs = (
        select(islands.c.leader_id, islands.c.island, run)
        .group_by(islands.c.leader_id, islands.c.island)
        .subquery()
    )
    latest = func.array_agg(aggregate_order_by(runs.c.run, runs.c.island.desc()))[1]
    return select(
        runs.c.leader_id, latest.label("current"), func.max(runs.c.run).label("best")
    ).group_by(runs.c.leader_id)


INVARIANTS = (
    Invariant(
        "training.attendance_by_rule",
        "what an attendance counts as follows from its facts",
        f"""
        with facts as (
            select a.*, extract(epoch from s.ends_at - s.starts_at)::bigint as scheduled_s,
                coalesce(a.corrected_s, case when a.checked_in_at is null then 0 else greatest(0,
                    floor(extract(epoch from least(coalesce(a.checked_out_at, s.ends_at), s.ends_at)
                        - greatest(a.checked_in_at, s.starts_at)))) end) as there_s,
                case when a.corrected_s is null then a.late else a.corrected_late end as was_late
            from attendances a join live_sessions s on s.id = a.live_session_id
        )
        select live_session_id, leader_id, status, present_s, there_s from facts
        where present_s <> there_s or status <> case
            when was_late and there_s * 10000 >= {LATE_BPS} * scheduled_s then 'late'
            when not was_late and there_s * 10000 >= {PRESENT_BPS} * scheduled_s then 'present'
            when made_up_at is not null then 'makeup'
            when excused then 'excused' else 'absent' end""",
    ),
    Invariant(
        "training.attendance_as_decided",
        "corrections and excuses are those of the last decision about them",
        """
        select a.live_session_id, a.leader_id, a.excused, a.corrected_s
        from attendances a
        left join lateral (
            select d.kind from attendance_decisions d where d.live_session_id = a.live_session_id
                and d.leader_id = a.leader_id and d.kind in ('excuse', 'unexcuse')
            order by d.id desc limit 1
        ) e on true
        left join lateral (
            select d.present_s from attendance_decisions d
            where d.live_session_id = a.live_session_id and d.leader_id = a.leader_id
                and d.kind in ('correct', 'uncorrect')
            order by d.id desc limit 1
        ) c on true
        where a.excused <> (coalesce(e.kind, '') = 'excuse')
            or a.corrected_s is distinct from c.present_s""",
    ),
    Invariant(
        "training.attendance_counted_after_the_end",
        "attendance counts for good only after the session's end",
        f"""
        select a.live_session_id, a.leader_id from attendances a
        join live_sessions s on s.id = a.live_session_id
        where a.counted_at < s.ends_at or s.closed_at is not null and a.counted_at is null
            and a.status in ({COUNTS_SQL})""",
    ),
)
