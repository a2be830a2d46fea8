"""Reads of cohorts and of who is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select

from groupbuy.identity.models import Staff
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Cohort, CohortMember, Program
from groupbuy.training.rules.cohorts import GOING


@dataclass(frozen=True, slots=True)
class CohortView:
    """A cohort with the names that belong to it; `joined_at` is when the asking leader did."""

    cohort: Cohort
    program: Text
    trainer: str
    members: int
    joined_at: datetime | None = None

    @property
    def version(self) -> int:
        """Return the cohort's version, for its ETag."""
        return self.cohort.version

    @property
    def places_left(self) -> int:
        """Return how many may still join."""
        return max(0, self.cohort.capacity - self.members)

    @property
    def can_join(self) -> bool:
        """Tell whether the asking leader may join it by themselves."""
        going = self.cohort.open and self.cohort.state in GOING
        return going and self.joined_at is None and self.places_left > 0


@dataclass(frozen=True, slots=True)
class MemberView:
    """A leader in a cohort."""

    member: CohortMember
    name: str


def cohort(cohort_id: str) -> Cohort:
    """Return a cohort as it is now, or raise NotFound."""
    found = session().get(Cohort, cohort_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def locked_cohort(cohort_id: str) -> Cohort:
    """Return a cohort, locked: one at a time joins it or changes its timetable.

    Raises:
        NotFound: there is no such cohort.
    """
    found = session().get(Cohort, cohort_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def show_cohorts(cohorts: Sequence[Cohort], *, leader_id: str | None = None) -> list[CohortView]:
    """Return cohorts as they are shown, in two statements."""
    ids = [one.id for one in cohorts]
    mine = func.max(CohortMember.joined_at).filter(CohortMember.leader_id == leader_id)
    counts = {
        row.cohort_id: row
        for row in session().execute(
            select(CohortMember.cohort_id, func.count().label("members"), mine.label("joined_at"))
            .where(CohortMember.cohort_id.in_(ids), CohortMember.left_at.is_(None))
            .group_by(CohortMember.cohort_id)
        )
    }
    names = {
        row.id: row
        for row in session().execute(
            select(Cohort.id, Program.title_zh, Program.title_en, Staff.name)
            .join(Program, Program.id == Cohort.program_id)
            .join(Staff, Staff.id == Cohort.trainer_id)
            .where(Cohort.id.in_(ids))
        )
    }
    return [
        CohortView(
            cohort=one,
            program=Text(names[one.id].title_zh, names[one.id].title_en),
            trainer=names[one.id].name,
            members=counts[one.id].members if one.id in counts else 0,
            joined_at=counts[one.id].joined_at if one.id in counts else None,
        )
        for one in cohorts
    ]


def cohort_list(
    *,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    program: str | None = None,
    trainer: str | None = None,
) -> Page[CohortView]:
    """Return cohorts, the newest first."""
    query = select(Cohort)
    wanted = {Cohort.state: state, Cohort.program_id: program, Cohort.trainer_id: trainer}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    page = paginate(query, by=[Cohort.id], limit=limit, cursor=cursor, descending=True)
    return Page(show_cohorts(page.items), page.next_cursor)


def own_cohorts(
    *, leader_id: str, limit: int, cursor: str | None, mine: bool | None = None
) -> Page[CohortView]:
    """Return the cohorts that a leader is in (`mine`), may join (not `mine`), or both."""
    of_mine = _is_in(leader_id)
    query = select(Cohort).where(of_mine | _joinable())
    if mine is not None:
        query = query.where(of_mine if mine else ~of_mine)
    page = paginate(query, by=[Cohort.id], limit=limit, cursor=cursor, descending=True)
    return Page(show_cohorts(page.items, leader_id=leader_id), page.next_cursor)


def own_cohort(cohort_id: str, *, leader_id: str) -> CohortView:
    """Return a cohort that a leader is in or may join, or raise NotFound."""
    query = select(Cohort).where(Cohort.id == cohort_id, _is_in(leader_id) | _joinable())
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return show_cohorts([found], leader_id=leader_id)[0]


def _is_in(leader_id: str) -> ColumnElement[bool]:
    return exists().where(
        CohortMember.cohort_id == Cohort.id,
        CohortMember.leader_id == leader_id,
        CohortMember.left_at.is_(None),
    )


def _joinable() -> ColumnElement[bool]:
    taken = (
        select(func.count())
        .where(CohortMember.cohort_id == Cohort.id, CohortMember.left_at.is_(None))
        .scalar_subquery()
    )
    return and_(Cohort.open, Cohort.state.in_(GOING), taken < Cohort.capacity)


def member(*, cohort_id: str, leader_id: str) -> CohortMember:
    """Return a leader's present membership, or raise NotFound."""
    query = select(CohortMember).where(
        CohortMember.cohort_id == cohort_id,
        CohortMember.leader_id == leader_id,
        CohortMember.left_at.is_(None),
    )
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def member_ids(cohort_id: str) -> list[str]:
    """Return the leaders who are in a cohort."""
    query = select(CohortMember.leader_id).where(
        CohortMember.cohort_id == cohort_id, CohortMember.left_at.is_(None)
    )
    return list(session().scalars(query.order_by(CohortMember.leader_id)))


def member_list(
    cohort_id: str, *, limit: int, cursor: str | None, left: bool = False
) -> Page[MemberView]:
    """Return who is in a cohort, or with `left` who left it, in order of joining.

    Raises:
        NotFound: there is no such cohort.
    """
    cohort(cohort_id)
    gone = CohortMember.left_at.is_not(None) if left else CohortMember.left_at.is_(None)
    query = select(CohortMember).where(CohortMember.cohort_id == cohort_id, gone)
    page = paginate(query, by=[CohortMember.id], limit=limit, cursor=cursor)
    return Page(show_members(page.items), page.next_cursor)


def show_members(members: Sequence[CohortMember]) -> list[MemberView]:
    """Return members with their names, in one statement."""
    ids = [one.leader_id for one in members]
    rows = session().execute(select(Leader.id, Leader.name).where(Leader.id.in_(ids)))
    names = {row.id: row.name for row in rows}
    return [MemberView(one, names[one.leader_id]) for one in members]


INVARIANTS = (
    Invariant(
        "training.cohort_within_capacity",
        "no cohort has more members than places",
        "select c.id, c.capacity, count(*) from cohorts c join cohort_members m "
        "on m.cohort_id = c.id and m.left_at is null group by c.id having count(*) > c.capacity",
    ),
    Invariant(
        "training.members_are_enrolled",
        "whoever is or was in a cohort has learned its program",
        "select m.id, m.leader_id from cohort_members m join cohorts c on c.id = m.cohort_id "
        "where not exists (select from enrollments e where e.leader_id = m.leader_id "
        "and e.program_id = c.program_id)",
    ),
    Invariant(
        "training.cancelled_cohorts_have_no_future",
        "a cancelled cohort has no session after its cancellation",
        "select s.id from live_sessions s join cohorts c on c.id = s.cohort_id "
        "where c.state = 'cancelled' and s.state = 'planned' and s.starts_at > c.cancelled_at",
    ),
)
