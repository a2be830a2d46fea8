"""Who learns what, and what they are spared, for headquarters."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Enrollment, LessonRecord


def enrollment(enrollment_id: str) -> Enrollment:
    """Return an enrolment as it is now, or raise NotFound."""
    found = session().get(Enrollment, enrollment_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def enrollment_list(
    *,
    limit: int,
    cursor: str | None,
    program: str | None = None,
    leader: str | None = None,
    state: str | None = None,
) -> Page[Enrollment]:
    """Return enrolments, the newest first."""
    wanted: dict[Any, str | None] = {
        Enrollment.program_id: program,
        Enrollment.leader_id: leader,
        Enrollment.state: state,
    }
    query = select(Enrollment)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return paginate(query, by=[Enrollment.id], limit=limit, cursor=cursor, descending=True)


def waiver_list(
    *,
    limit: int,
    cursor: str | None,
    leader: str | None = None,
    lesson: str | None = None,
    program: str | None = None,
) -> Page[LessonRecord]:
    """Return what leaders are spared, the newest first."""
    wanted: dict[Any, str | None] = {
        LessonRecord.leader_id: leader,
        LessonRecord.lesson_id: lesson,
        LessonRecord.program_id: program,
    }
    query = select(LessonRecord).where(LessonRecord.waived_at.is_not(None))
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    by = [LessonRecord.waived_at, LessonRecord.leader_id, LessonRecord.lesson_id]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def unknown_leaders(leader_ids: Sequence[str]) -> list[int]:
    """Return the places in a list at which no leader stands."""
    known = set(session().scalars(select(Leader.id).where(Leader.id.in_(leader_ids))))
    return [place for place, leader_id in enumerate(leader_ids) if leader_id not in known]
