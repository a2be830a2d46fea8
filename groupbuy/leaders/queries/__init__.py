"""Reads of leaders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from groupbuy.identity.models import Shopper
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import any_id
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.personal import PersonalData
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.leaders.errors import PickupPointClosed
from groupbuy.leaders.models import (
    Community,
    Leader,
    LeaderApplication,
    LeaderStanding,
    PickupPoint,
    PickupVerifier,
)
from groupbuy.leaders.rules import MICRO, CommunityState, LeaderState, PointState

Found = TypeVar("Found")

EARTH_RADIUS_M = 6_371_009


def active_leader_id(*, shopper_id: str) -> str | None:
    """Return the active leader that a shopper is, if any, in one statement."""
    return session().scalar(
        select(Leader.id).where(Leader.shopper_id == shopper_id, Leader.state == LeaderState.ACTIVE)
    )


def leader(leader_id: str) -> Leader:
    """Return a leader, active or not, or raise NotFound."""
    found = session().get(Leader, leader_id)
    if found is None:
        raise NotFound
    return found


def leaders_by_id(ids: Iterable[str]) -> dict[str, Leader]:
    """Return the leaders that exist among these ids, in one statement."""
    rows = session().scalars(_LEADERS, {"ids": list(set(ids))})
    return {row.id: row for row in rows}


# Built once: every order asks it.
_LEADERS = select(Leader).where(Leader.id == any_id("ids", "ldr"))


def active_leader_ids(ids: Iterable[str]) -> set[str]:
    """Return which of these leaders are active, in one statement."""
    query = select(Leader.id).where(Leader.id.in_(set(ids)), Leader.state == LeaderState.ACTIVE)
    return set(session().scalars(query))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a leader was at an instant; who recruited somebody never changes."""

    level: int
    region: str
    recruiter_id: str | None


def standing_at(leader_ids: Iterable[str], at: datetime) -> dict[str, Standing]:
    """Return what each of these leaders was at an instant, in one statement.

    Before a leader's first row the first row holds: an order may be given to somebody who was
    accepted after it was paid.
    """
    row = LeaderStanding
    begun = row.from_at <= at
    query = (
        select(row.leader_id, row.level, row.region, Leader.recruiter_id)
        .join(Leader, Leader.id == row.leader_id)
        .where(row.leader_id.in_(set(leader_ids)))
        .ext(distinct_on(row.leader_id))
        .order_by(
            row.leader_id,
            begun.desc(),
            case((begun, row.from_at)).desc(),
            case((begun, row.id)).desc(),
            row.from_at,
            row.id,
        )
    )
    rows = session().execute(query)
    return {who: Standing(level, region, recruiter) for who, level, region, recruiter in rows}


def standing_list(*, leader_id: str, limit: int, cursor: str | None) -> Page[LeaderStanding]:
    """Return a leader's standings, the newest first; NotFound if there is no such leader."""
    leader(leader_id)
    query = select(LeaderStanding).where(LeaderStanding.leader_id == leader_id)
    by = [LeaderStanding.from_at, LeaderStanding.id]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def leader_list(
    *, limit: int, cursor: str | None, state: str | None = None, q: str | None = None
) -> Page[Leader]:
    """Return leaders in order of acceptance; `q` is a part of the name or the region."""
    query = select(Leader)
    if state is not None:
        query = query.where(Leader.state == state)
    if q:
        matches = (column.icontains(q, autoescape=True) for column in (Leader.name, Leader.region))
        query = query.where(or_(*matches))
    return paginate(query, by=[Leader.id], limit=limit, cursor=cursor)


def application(application_id: str) -> LeaderApplication:
    """Return an application as it is now, or raise NotFound."""
    found = session().get(LeaderApplication, application_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def application_list(
    *, limit: int, cursor: str | None, state: str | None = None
) -> Page[LeaderApplication]:
    """Return applications, the oldest first: who waited longest is decided first."""
    query = select(LeaderApplication)
    if state is not None:
        query = query.where(LeaderApplication.state == state)
    return paginate(query, by=[LeaderApplication.id], limit=limit, cursor=cursor)


def own_applications(*, shopper_id: str, limit: int, cursor: str | None) -> Page[LeaderApplication]:
    """Return a shopper's applications, the newest first."""
    query = select(LeaderApplication).where(LeaderApplication.shopper_id == shopper_id)
    return paginate(query, by=[LeaderApplication.id], limit=limit, cursor=cursor, descending=True)


def own_communities(*, leader_id: str, limit: int, cursor: str | None) -> Page[Community]:
    """Return a leader's communities, disbanded ones too."""
    query = select(Community).where(Community.leader_id == leader_id)
    return paginate(query, by=[Community.id], limit=limit, cursor=cursor)


def own_active_communities(leader_id: str) -> list[Community]:
    """Return a leader's communities that still exist, in order of creation."""
    query = (
        select(Community)
        .where(Community.leader_id == leader_id, Community.state == CommunityState.ACTIVE)
        .order_by(Community.id)
    )
    return list(session().scalars(query))


def communities_by_id(ids: Iterable[str]) -> dict[str, Community]:
    """Return the communities that exist among these ids, in one statement."""
    rows = session().scalars(select(Community).where(Community.id.in_(set(ids))))
    return {row.id: row for row in rows}


def own_community(leader_id: str, community_id: str) -> Community:
    """Return a leader's own community, disbanded or not, or raise NotFound."""
    return _own(
        select(Community).where(Community.id == community_id, Community.leader_id == leader_id)
    )


def own_points(*, leader_id: str, limit: int, cursor: str | None) -> Page[PickupPoint]:
    """Return a leader's pickup points, closed ones too."""
    query = select(PickupPoint).where(PickupPoint.leader_id == leader_id)
    return paginate(query, by=[PickupPoint.id], limit=limit, cursor=cursor)


def own_point(leader_id: str, point_id: str) -> PickupPoint:
    """Return a leader's own pickup point, open or not, or raise NotFound."""
    return _own(
        select(PickupPoint).where(PickupPoint.id == point_id, PickupPoint.leader_id == leader_id)
    )


def open_point(point_id: str) -> PickupPoint:
    """Return a pickup point that takes goods.

    Raises:
        NotFound: there is no such point.
        PickupPointClosed: it is closed, or its leader is suspended.
    """
    row = session().execute(_POINT_AND_LEADER, {"point_id": point_id}).one_or_none()
    if row is None:
        raise NotFound
    point, leader_state = row
    if point.state != PointState.OPEN or leader_state != LeaderState.ACTIVE:
        raise PickupPointClosed(pickup_point_id=point_id)
    return point


# Built once: every order asks it.
_POINT_AND_LEADER = (
    select(PickupPoint, Leader.state)
    .join(Leader, Leader.id == PickupPoint.leader_id)
    .where(PickupPoint.id == bindparam("point_id"))
)


def points_by_id(ids: Iterable[str]) -> dict[str, PickupPoint]:
    """Return the pickup points that exist among these ids, in one statement."""
    rows = session().scalars(select(PickupPoint).where(PickupPoint.id.in_(set(ids))))
    return {row.id: row for row in rows}


def point_ids_of(leader_id: str) -> list[str]:
    """Return the pickup points that a leader runs or ran, in id order."""
    query = select(PickupPoint.id).where(PickupPoint.leader_id == leader_id)
    return list(session().scalars(query.order_by(PickupPoint.id)))


def point_leader_id(point_id: str) -> str:
    """Return whose pickup point it is, or raise NotFound."""
    return _own(select(PickupPoint.leader_id).where(PickupPoint.id == point_id))


def is_verifier(*, point_id: str, shopper_id: str) -> bool:
    """Tell whether a shopper may hand over goods at a point."""
    query = select(PickupVerifier.point_id).where(
        PickupVerifier.point_id == point_id, PickupVerifier.shopper_id == shopper_id
    )
    return session().scalar(query) is not None


def verifiers(
    *, leader_id: str, point_id: str, limit: int, cursor: str | None
) -> Page[dict[str, str]]:
    """Return who may hand over goods at an own point: `{shopper_id, name}` each."""
    own_point(leader_id, point_id)
    query = select(PickupVerifier).where(PickupVerifier.point_id == point_id)
    page = paginate(query, by=[PickupVerifier.shopper_id], limit=limit, cursor=cursor)
    ids = [row.shopper_id for row in page.items]
    known = session().execute(select(Shopper.id, Shopper.name).where(Shopper.id.in_(ids)))
    names = {shopper_id: name for shopper_id, name in known}
    return Page([{"shopper_id": i, "name": names[i]} for i in ids], page.next_cursor)


def shop_points(
    *, limit: int, cursor: str | None, near: tuple[int, int] | None = None
) -> Page[dict[str, Any]]:
    """Return open pickup points of active leaders as shoppers see them, in two statements.

    With `near`, a latitude and longitude in micro-degrees, the nearest ones that gave their
    coordinates, with `distance_m`, and no further page; without it, by id.
    """
    active = select(Leader.id).where(Leader.state == LeaderState.ACTIVE)
    query = select(PickupPoint).where(
        PickupPoint.state == PointState.OPEN, PickupPoint.leader_id.in_(active)
    )
    if near is not None:
        return _nearest(query, near, limit)
    page = paginate(query, by=[PickupPoint.id], limit=limit, cursor=cursor)
    return Page(shown_points([(point, None) for point in page.items]), page.next_cursor)


def shown_points(points: Sequence[tuple[PickupPoint, int | None]]) -> list[dict[str, Any]]:
    """Return points with their distance as shoppers see them, in one statement."""
    known = leaders_by_id(point.leader_id for point, _ in points)
    return [
        {"point": point, "leader": known[point.leader_id], "distance_m": distance}
        for point, distance in points
    ]


def _nearest(query: Select[PickupPoint], near: tuple[int, int], limit: int) -> Page[dict[str, Any]]:
    distance = _distance_m(*near).label("distance_m")
    rows = session().execute(
        query.add_columns(distance)
        .where(PickupPoint.latitude.is_not(None))
        .order_by(distance, PickupPoint.id)
        .limit(limit)
    )
    return Page(shown_points([(point, metres) for point, metres in rows]), None)


def _distance_m(latitude: int, longitude: int) -> ColumnElement[int]:
    """Return the great-circle distance to a point in metres, by the haversine formula."""
    here = func.radians(latitude) / MICRO
    there = func.radians(PickupPoint.latitude) / MICRO
    across = func.radians(PickupPoint.longitude - longitude) / MICRO
    chord = func.power(func.sin((there - here) / 2), 2) + func.cos(here) * func.cos(
        there
    ) * func.power(func.sin(across / 2), 2)
    metres = 2 * EARTH_RADIUS_M * func.asin(func.least(1, func.sqrt(chord)))
    return func.round(metres).cast(BigInteger)


def _own(query: Select[Found]) -> Found:
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


INVARIANTS = (
    Invariant(
        "approved_applicants_are_leaders",
        "Whose application was approved is a leader.",
        "select a.id, a.shopper_id from leader_applications a "
        "left join leaders l on l.shopper_id = a.shopper_id "
        "where a.state = 'approved' and l.id is null",
    ),
    Invariant(
        "leaders.standing_is_the_latest",
        "A leader's level and region are those of the latest standing.",
        "select l.id, l.level, s.level standing_level from leaders l left join lateral "
        "(select level, region from leader_standings s where s.leader_id = l.id "
        "order by s.from_at desc, s.id desc limit 1) s on true "
        "where s.level is distinct from l.level or s.region is distinct from l.region",
    ),
)


PERSONAL = (
    PersonalData(
        "leader",
        "select name, phone, region, introduction, applied_at, state from leader_applications "
        "where shopper_id = :shopper order by applied_at",
        (
            Text(
                "您是或曾是团长：佣金与税务记录须依法保存，请联系总部。",
                "You are or were a leader: records of pay and tax are kept by law; "
                "ask headquarters.",
            ),
            "select 1 from leaders where shopper_id = :shopper",
        ),
        (
            "update leader_applications set name = '', phone = '', introduction = '' "
            "where shopper_id = :shopper",
            "update leader_applications set state = 'withdrawn' "
            "where shopper_id = :shopper and state = 'pending'",
        ),
    ),
    PersonalData(
        "verifier_at",
        "select p.name, p.address from pickup_verifiers v "
        "join pickup_points p on p.id = v.point_id where v.shopper_id = :shopper",
        erase=("delete from pickup_verifiers where shopper_id = :shopper",),
    ),
)
