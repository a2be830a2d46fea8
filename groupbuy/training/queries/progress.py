"""How far leaders have come, for headquarters: a row for each enrolment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Label,
    Select,
    and_,
    bindparam,
    case,
    func,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from groupbuy.kernel.db import session
from groupbuy.kernel.ids import Id
from groupbuy.kernel.pagination import Page, paged, paginate, read_page
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders
from groupbuy.training.models import Cohort, CohortMember, Enrollment, LessonRecord, Program
from groupbuy.training.queries.path import path
from groupbuy.training.rules.completion import percent
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.rules.progress import STATES, ProgressSort

TOGETHER = 500
"""Rows of a file that are read at a time."""

PERCENT = case(
    (and_(Enrollment.required > 0, Enrollment.done >= Enrollment.required), 100),
    else_=100 * Enrollment.done // func.greatest(Enrollment.required, 1, type_=Integer),
)
"""As rules.completion.percent; rounded down, and 100 only when all is done."""


@dataclass(frozen=True, slots=True)
class NextLesson:
    """The first mandatory lesson that is not done."""

    id: str
    kind: str
    title: Text
    place: int


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """An enrolment: whose, how far, since when nothing happened, and what comes next."""

    enrollment: Enrollment
    leader_name: str
    program_title: Text
    next_lesson: NextLesson | None

    @property
    def percent(self) -> int:
        """Return the percentage of mandatory lessons done, rounded down."""
        return percent(done=self.enrollment.done, required=self.enrollment.required)


def progress_list(
    *,
    limit: int,
    cursor: str | None,
    now: datetime,
    program_id: str | None = None,
    leader_id: str | None = None,
    cohort_id: str | None = None,
    state: str | None = None,
    stuck_days: int | None = None,
    sort: str = ProgressSort.LAST_ACTIVITY,
    only: Sequence[ColumnElement[bool]] = (),
) -> Page[ProgressRow]:
    """Return a page of progress, in a constant number of statements.

    `stuck_days` leaves those who still learn, and did nothing for so many days.
    """
    query = select(Enrollment).where(*only)
    wanted = {
        Enrollment.program_id: program_id,
        Enrollment.leader_id: leader_id,
        Enrollment.state: state,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if cohort_id is not None:
        query = query.where(_in_cohort(cohort_id))
    if stuck_days is not None:
        query = query.where(*stuck(stuck_days, now))
    page = _sorted(query, sort, limit, cursor)
    return Page(_rows(page.items), page.next_cursor)


def _in_cohort(cohort_id: str) -> ColumnElement[bool]:
    """Return the condition under which an enrolment is that of a member in the cohort's program."""
    members = select(CohortMember.id).join(Cohort, Cohort.id == CohortMember.cohort_id)
    mine = members.where(
        Cohort.id == cohort_id,
        Cohort.program_id == Enrollment.program_id,
        CohortMember.leader_id == Enrollment.leader_id,
        CohortMember.left_at.is_(None),
    )
    return mine.correlate(Enrollment).exists()


def stuck(days: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a leader who learns did nothing for so many days."""
    return (
        Enrollment.state == EnrollmentState.ACTIVE,
        Enrollment.active_at <= now - timedelta(days=days),
    )


def _sorted(
    query: Select[Enrollment], sort: str, limit: int, cursor: str | None
) -> Page[Enrollment]:
    options: dict[str, Any] = {"limit": limit, "cursor": cursor}
    match ProgressSort(sort):
        case ProgressSort.LAST_ACTIVITY:
            return paginate(query, by=[Enrollment.active_at, Enrollment.id], **options)
        case ProgressSort.LAST_ACTIVITY_DOWN:
            by = [Enrollment.active_at, Enrollment.id]
            return paginate(query, by=by, descending=True, **options)
        case ProgressSort.PERCENT:
            return _ranked(query, (-PERCENT).label("rank"), limit, cursor)
        case ProgressSort.PERCENT_DOWN:
            return _ranked(query, PERCENT.label("rank"), limit, cursor)
        case ProgressSort.ENROLLED_DOWN:
            return paginate(query, by=[Enrollment.id], descending=True, **options)


def _ranked(
    query: Select[Enrollment], rank: Label[int], limit: int, cursor: str | None
) -> Page[Enrollment]:
    """Return a page, the highest rank first, and among equals the newest."""
    by: list[InstrumentedAttribute[Any] | Label[Any]] = [rank, Enrollment.id]
    ranked = paged(query.add_columns(*by), by=by, after=bool(cursor), descending=True)
    page = read_page(ranked, {}, by=by, limit=limit, cursor=cursor)
    return Page([row[0] for row in page.items], page.next_cursor)


def _rows(enrollments: Sequence[Enrollment]) -> list[ProgressRow]:
    names = leaders.leaders_by_id(row.leader_id for row in enrollments)
    programs = {row.program_id for row in enrollments}
    titles = {
        program.id: program.title
        for program in session().scalars(select(Program).where(Program.id.in_(programs)))
    }
    following = next_lessons([row.id for row in enrollments])
    return [
        ProgressRow(
            enrollment=row,
            leader_name=names[row.leader_id].name,
            program_title=titles[row.program_id],
            next_lesson=following.get(row.id),
        )
        for row in enrollments
    ]


def next_lessons(enrollment_ids: Sequence[str]) -> dict[str, NextLesson]:
    """Return the first mandatory lesson that is not done of each active enrolment, if any is."""
    lessons = path()
    done = select(LessonRecord.lesson_id).where(
        LessonRecord.leader_id == Enrollment.leader_id,
        LessonRecord.lesson_id == lessons.c.lesson_id,
        LessonRecord.satisfied,
    )
    missing = ~done.correlate(Enrollment, lessons).exists()
    first = (
        select(lessons)
        .where(lessons.c.program_id == Enrollment.program_id, lessons.c.asked, missing)
        .order_by(lessons.c.place)
        .limit(1)
        .correlate(Enrollment)
        .lateral()
    )
    query = (
        select(
            Enrollment.id,
            first.c.lesson_id,
            first.c.kind,
            first.c.title_zh,
            first.c.title_en,
            first.c.place,
        )
        .join(first, true())
        .where(
            Enrollment.id == func.any(bindparam("enrollments", type_=ARRAY(Id("enr")))),
            Enrollment.state == EnrollmentState.ACTIVE,
        )
    )
    rows = session().execute(query, {"enrollments": list(enrollment_ids)})
    return {
        row.id: NextLesson(row.lesson_id, row.kind, Text(row.title_zh, row.title_en), row.place)
        for row in rows
    }


def progress_file(*, language: str, now: datetime, **filters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each enrolment, by its id, in constant memory."""
    cursor: str | None = None
    filters = {**filters, "sort": ProgressSort.ENROLLED_DOWN}
    while True:
        page = progress_list(limit=TOGETHER, cursor=cursor, now=now, **filters)
        for row in page.items:
            yield _flat(row, language)
        cursor = page.next_cursor
        if cursor is None:
            return
        # Rows that are written are not kept: a file is as long as the school is large.
        session().expunge_all()


def _flat(row: ProgressRow, language: str) -> dict[str, Any]:
    enrollment, lesson = row.enrollment, row.next_lesson
    return {
        "leader": row.leader_name,
        "leader_id": enrollment.leader_id,
        "program": row.program_title.to(language),
        "state": STATES[enrollment.state].to(language),
        "percent": row.percent,
        "done": enrollment.done,
        "required": enrollment.required,
        "active_at": enrollment.active_at,
        "enrolled_at": enrollment.enrolled_at,
        "completed_at": enrollment.completed_at,
        "next_lesson": None if lesson is None else lesson.title.to(language),
    }
