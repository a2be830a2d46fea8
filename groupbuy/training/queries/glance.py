"""A cohort at a glance: its members with their progress, attendance and streak."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page
from groupbuy.kernel.settings import settings
from groupbuy.training.models import Enrollment
from groupbuy.training.queries.attendance import Week
from groupbuy.training.queries.cohorts import cohort
from groupbuy.training.queries.progress import NextLesson, next_lessons
from groupbuy.training.queries.sheets import LeaderWeeks, cohort_weeks
from groupbuy.training.rules.completion import percent
from groupbuy.training.rules.weeks import WEEK, Streak, monday


@dataclass(frozen=True, slots=True)
class MemberGlance:
    """A member of a cohort: how far in its program, and how often there."""

    of: LeaderWeeks
    enrollment: Enrollment
    next_lesson: NextLesson | None

    @property
    def percent(self) -> int:
        """Return the percentage of mandatory lessons done, rounded down."""
        return percent(done=self.enrollment.done, required=self.enrollment.required)

    @property
    def weeks(self) -> list[Week]:
        """Return the last weeks, the earliest first."""
        return self.of.weeks

    @property
    def streak(self) -> Streak:
        """Return the compliant weeks in a row."""
        return self.of.streak


def cohort_glance(
    cohort_id: str, *, limit: int, cursor: str | None, weeks: int, now: datetime
) -> Page[MemberGlance]:
    """Return a cohort's members in order of joining, in a constant number of statements.

    `weeks` is how many weeks of attendance are shown, the present one included.

    Raises:
        NotFound: there is no such cohort.
    """
    program_id = cohort(cohort_id).program_id
    until = monday(settings().calendar.day_of(now)) + WEEK
    page = cohort_weeks(
        cohort_id, limit=limit, cursor=cursor, now=now, since=until - weeks * WEEK, until=until
    )
    query = select(Enrollment).where(
        Enrollment.program_id == program_id,
        Enrollment.leader_id.in_([row.leader_id for row in page.items]),
    )
    enrolled = {row.leader_id: row for row in session().scalars(query)}
    following = next_lessons([row.id for row in enrolled.values()])
    items = [
        MemberGlance(row, enrolled[row.leader_id], following.get(enrolled[row.leader_id].id))
        for row in page.items
    ]
    return Page(items, page.next_cursor)
