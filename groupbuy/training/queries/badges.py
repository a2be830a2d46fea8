"""Reads of badges, and what of each kind a leader has reached."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, func, literal, select, union_all

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.training.models import (
    Badge,
    BadgeAward,
    Certificate,
    Enrollment,
    LessonRecord,
    PointsStanding,
    Reached,
)
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.rules.incentives import MISSING, AwardState, BadgeKind


def reached(leader_ids: Collection[str] | None = None) -> Subquery:
    """Return how much of each kind leaders have reached: `leader_id, kind, reached`.

    Of these leaders, or of all. A kind is one entry here.
    """
    record, enrollment, standing = LessonRecord, Enrollment, PointsStanding
    certificate = Certificate
    kinds = [
        _counted(BadgeKind.LESSONS, record.leader_id, record.satisfied, leader_ids),
        _counted(
            BadgeKind.PROGRAMS,
            enrollment.leader_id,
            enrollment.state == EnrollmentState.COMPLETED,
            leader_ids,
        ),
        _of(
            select(standing.leader_id, literal(BadgeKind.POINTS.value), standing.points),
            standing.leader_id,
            leader_ids,
        ),
        _of(
            select(
                certificate.leader_id,
                literal(BadgeKind.CERTIFICATES.value),
                func.count(certificate.certification_id.distinct()),
            )
            .where(certificate.revoked_at.is_(None))
            .group_by(certificate.leader_id),
            certificate.leader_id,
            leader_ids,
        ),
        _of(
            select(Reached.leader_id, Reached.kind, Reached.reached),
            Reached.leader_id,
            leader_ids,
        ),
    ]
    return union_all(*kinds).subquery("reached")


def _counted(
    kind: BadgeKind,
    owner: Any,
    which: Any,
    of: Collection[str] | None,
) -> Select[str, str, int]:
    query = select(
        owner.label("leader_id"), literal(kind.value).label("kind"), func.count().label("reached")
    )
    return _of(query.where(which).group_by(owner), owner, of)


def _of(
    query: Select[str, str, int], owner: Any, leader_ids: Collection[str] | None
) -> Select[str, str, int]:
    return query if leader_ids is None else query.where(owner.in_(leader_ids))


def badge(badge_id: str) -> Badge:
    """Return a badge, or raise NotFound."""
    found = session().get(Badge, badge_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def badge_list(*, limit: int, cursor: str | None, active: bool | None = None) -> Page[Badge]:
    """Return badges in order of creation."""
    query = select(Badge)
    if active is not None:
        query = query.where(Badge.active.is_(active))
    return paginate(query, by=[Badge.id], limit=limit, cursor=cursor)


def award(award_id: str) -> BadgeAward:
    """Return an award, or raise NotFound."""
    found = session().get(BadgeAward, award_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def award_list(
    *,
    limit: int,
    cursor: str | None,
    badge: str | None = None,
    leader: str | None = None,
    state: str | None = None,
) -> Page[BadgeAward]:
    """Return who won which badge, the newest first."""
    query = select(BadgeAward)
    for column, value in {"badge_id": badge, "leader_id": leader, "state": state}.items():
        if value is not None:
            query = query.where(getattr(BadgeAward, column) == value)
    return paginate(query, by=[BadgeAward.id], limit=limit, cursor=cursor, descending=True)


@dataclass(frozen=True, slots=True)
class OwnBadge:
    """A badge as a leader sees it: won, or what is still missing."""

    badge: Badge
    awarded_at: datetime | None
    reached: int

    @property
    def missing(self) -> Text | None:
        """Return what is still missing in words, None if the badge is won."""
        if self.awarded_at is not None:
            return None
        missing = max(0, self.badge.needed - self.reached)
        return MISSING[BadgeKind(self.badge.kind)].format(missing=missing)


def own_badges(leader_id: str) -> Sequence[OwnBadge]:
    """Return the badges a leader has or can win, in one statement.

    One that was revoked is not shown; nor is one that is out of use, unless it was won.
    """
    far = reached([leader_id])
    award = BadgeAward
    rows = session().execute(
        select(Badge, award.awarded_at, func.coalesce(far.c.reached, 0))
        .outerjoin(award, (award.badge_id == Badge.id) & (award.leader_id == leader_id))
        .outerjoin(far, far.c.kind == Badge.kind)
        .where(
            func.coalesce(award.state, AwardState.AWARDED) == AwardState.AWARDED,
            Badge.active | award.id.is_not(None),
        )
        .order_by(Badge.id)
    )
    return [OwnBadge(*row) for row in rows]
