"""Reads of points: the rules, a leader's entries and sum, who takes part in leaderboards."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.texts import Text
from groupbuy.training.models import (
    LeaderboardPreference,
    PointsEntry,
    PointsRule,
    PointsStanding,
)
from groupbuy.training.rules.incentives import CAUSES, RULES, Cause


@dataclass(frozen=True, slots=True)
class RuleView:
    """What a cause is worth; version 0 is as the system came."""

    cause: Cause
    points: int
    edited_by: str | None
    edited_at: datetime | None
    version: int

    @property
    def what_for(self) -> Text:
        """Return the cause in words."""
        return CAUSES[self.cause]


def rule_views() -> list[RuleView]:
    """Return what every cause is worth, in one statement."""
    changed = {row.cause: row for row in session().scalars(select(PointsRule))}
    return [as_set(cause, changed.get(cause)) for cause in RULES]


def rule_view(cause: str) -> RuleView:
    """Return what a cause is worth, or raise NotFound."""
    if cause not in [known.value for known in RULES]:
        raise NotFound
    return as_set(Cause(cause), session().get(PointsRule, cause, populate_existing=True))


def as_set(cause: Cause, row: PointsRule | None) -> RuleView:
    """Lay what headquarters changed over what a cause is worth as we came."""
    if cause not in RULES:
        raise NotFound
    if row is None:
        return RuleView(cause, RULES[cause], None, None, 0)
    return RuleView(cause, row.points, row.edited_by, row.edited_at, row.version)


def entry(entry_id: str) -> PointsEntry:
    """Return an entry, or raise NotFound."""
    found = session().get(PointsEntry, entry_id)
    if found is None:
        raise NotFound
    return found


def entry_list(
    *, limit: int, cursor: str | None, leader: str | None = None, cause: str | None = None
) -> Page[PointsEntry]:
    """Return entries, the newest first."""
    query = select(PointsEntry)
    if leader is not None:
        query = query.where(PointsEntry.leader_id == leader)
    if cause is not None:
        query = query.where(PointsEntry.cause == cause)
    return paginate(query, by=[PointsEntry.id], limit=limit, cursor=cursor, descending=True)


def standing(leader_id: str) -> int:
    """Return what a leader's entries sum to."""
    found = session().get(PointsStanding, leader_id, populate_existing=True)
    return 0 if found is None else found.points


def is_hidden(leader_id: str) -> bool:
    """Tell whether a leader takes no part in leaderboards."""
    found = session().get(LeaderboardPreference, leader_id, populate_existing=True)
    return found is not None and found.hidden
