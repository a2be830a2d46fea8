"""What leaders are qualified in, and what asks for it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.texts import Text
from groupbuy.leaders.errors import QualificationMissing, UnknownQualification
from groupbuy.leaders.models import Leader, LeaderQualification, LevelRule, Qualification


def held_at(at: datetime) -> ColumnElement[bool]:
    """Return the condition under which a leader's qualification holds at an instant."""
    row = LeaderQualification
    return and_(
        row.from_at <= at,
        or_(row.until_at.is_(None), row.until_at > at),
        or_(row.ended_at.is_(None), row.ended_at > at),
    )


def held_until(
    code: str, leader_ids: Collection[str], end: datetime
) -> dict[str, LeaderQualification]:
    """Return by which qualification each of these leaders is qualified just before an instant.

    Nothing is ever recorded for a time that has passed: asked later, it is the same.
    """
    row = LeaderQualification
    query = (
        select(row)
        .where(
            row.code == code,
            row.leader_id.in_(leader_ids),
            row.from_at < end,
            or_(row.until_at.is_(None), row.until_at >= end),
            or_(row.ended_at.is_(None), row.ended_at >= end),
        )
        .order_by(row.from_at.desc(), row.id.desc())
    )
    return {found.leader_id: found for found in session().scalars(query)}


def is_qualified(code: str, *, leader_id: str, at: datetime) -> bool:
    """Tell whether a leader is qualified at an instant; asked later, it is the same."""
    return bool(session().scalar(select(_holds(leader_id, code, at))))


def demand_qualified(*, leader_id: str, codes: Iterable[str], at: datetime) -> None:
    """Refuse a leader who is not qualified in all of these at an instant; no statement for none.

    Raises:
        QualificationMissing: naming each that is missing.
    """
    if wanted := set(codes):
        query = select(Qualification).where(
            Qualification.code.in_(wanted), ~_holds(leader_id, Qualification.code, at)
        )
        missing = session().scalars(query.order_by(Qualification.code)).all()
        if missing:
            raise QualificationMissing(
                qualifications=[found.code for found in missing], titles=_titles(missing)
            )


def demand_known(code: str) -> None:
    """Refuse the code of a qualification that nothing leads to.

    Raises:
        UnknownQualification: there is none with this code.
    """
    if session().get(Qualification, code) is None:
        raise UnknownQualification(qualification=code)


def qualification_kinds(*, limit: int, cursor: str | None) -> Page[Qualification]:
    """Return what leaders can be qualified in, by code."""
    return paginate(select(Qualification), by=[Qualification.code], limit=limit, cursor=cursor)


def qualifications_of(*, leader_id: str, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """Return what a leader is or was qualified in, the latest first, in two statements."""
    row = LeaderQualification
    page = paginate(
        select(row).where(row.leader_id == leader_id),
        by=[row.id],
        limit=limit,
        cursor=cursor,
        descending=True,
    )
    titles = _by_code(found.code for found in page.items)
    shown = [{"held": found, "title": titles[found.code].title} for found in page.items]
    return Page(shown, page.next_cursor)


def level_rules(*, limit: int, cursor: str | None) -> Page[LevelRule]:
    """Return what levels ask for, the lowest first."""
    by = [LevelRule.level, LevelRule.code]
    return paginate(select(LevelRule), by=by, limit=limit, cursor=cursor)


def asked_by_level(level: int) -> list[str]:
    """Return the codes of what a level and those below it ask for."""
    return list(session().scalars(select(LevelRule.code).where(LevelRule.level <= level)))


def unqualified(*, at: datetime, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """Return the leaders who lack something that their level asks for, in two statements."""
    lacking = exists().where(
        LevelRule.level <= Leader.level, ~_holds(Leader.id, LevelRule.code, at)
    )
    page = paginate(select(Leader).where(lacking), by=[Leader.id], limit=limit, cursor=cursor)
    found = session().execute(_lacked(at, [leader.id for leader in page.items]))
    missing: dict[str, list[Qualification]] = {}
    for leader_id, qualification in found:
        missing.setdefault(leader_id, []).append(qualification)
    shown = [{"leader": leader, "missing": missing[leader.id]} for leader in page.items]
    return Page(shown, page.next_cursor)


def _lacked(at: datetime, leader_ids: Collection[str]) -> Select[str, Qualification]:
    return (
        select(Leader.id, Qualification)
        .join(
            Qualification,
            exists().where(LevelRule.code == Qualification.code, LevelRule.level <= Leader.level),
        )
        .where(Leader.id.in_(leader_ids), ~_holds(Leader.id, Qualification.code, at))
        .order_by(Leader.id, Qualification.code)
    )


def _holds(leader_id: Any, code: Any, at: datetime) -> ColumnElement[bool]:
    row = LeaderQualification
    return exists().where(row.leader_id == leader_id, row.code == code, held_at(at))


def _by_code(codes: Iterable[str]) -> dict[str, Qualification]:
    found = session().scalars(select(Qualification).where(Qualification.code.in_(set(codes))))
    return {row.code: row for row in found}


def _titles(qualifications: Iterable[Qualification]) -> Text:
    titles = [row.title for row in qualifications]
    return Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))
