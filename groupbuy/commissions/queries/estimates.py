"""A leader's month so far, computed on read."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import defer

from groupbuy.commissions.models import PlanVersion
from groupbuy.commissions.queries.assignments import assigned, held_assignments, version_of
from groupbuy.commissions.queries.owned import completed_in, owned_lines, paid_and_open
from groupbuy.commissions.rules import estimates
from groupbuy.commissions.rules.assignments import nearest
from groupbuy.commissions.rules.calculation import CompletedLine
from groupbuy.commissions.rules.monthly import Standing
from groupbuy.kernel.db import session
from groupbuy.leaders import queries as leaders

INSTANT = timedelta(microseconds=1)


def estimate(
    *, leader_id: str, starts_at: datetime, ends_at: datetime, now: datetime
) -> estimates.Estimate:
    """Return what a leader's month [starts_at, ends_at) is worth so far, in four statements.

    What is paid and not completed counts in the present month only. The tiers shown are those
    that hold now, or held at the end of a month that is over.
    """
    leader = leaders.leader(leader_id)
    current = starts_at <= now < ends_at
    completed = completed_in(starts_at, ends_at)
    when = or_(completed, paid_and_open()) if current else completed
    lines = [CompletedLine(*row) for row in session().execute(owned_lines([leader_id], when))]
    at = min(now, ends_at - INSTANT)
    versions, then, present = _versions(
        {line.plan_version_id for line in lines},
        leader_id=leader_id,
        standing=Standing(leader.level, leader.region),
        starts_at=starts_at,
        at=at,
    )
    month = then or present
    return estimates.estimate(
        [line for line in lines if line.completed_at is not None],
        [line for line in lines if line.completed_at is None],
        {version_id: version.terms for version_id, version in versions.items()},
        present=present.terms if present else None,
        quota=month.extras.quota if month else None,
        now=now,
    )


def _versions(
    used: set[str | None],
    *,
    leader_id: str,
    standing: Standing,
    starts_at: datetime,
    at: datetime,
) -> tuple[dict[str, PlanVersion], PlanVersion | None, PlanVersion | None]:
    """Return the versions used, the one in force when the month began, and the one at an instant.

    In two statements.
    """
    rows = held_assignments(leader_id, standing, until=at).values()
    plan_ids = []
    for moment in (starts_at, at):
        chosen = nearest(
            map(assigned, rows),
            leader_id=leader_id,
            region=standing.region,
            level=standing.level,
            at=moment,
        )
        plan_ids.append(chosen.plan_id if chosen else None)
    held_then, held_now = (
        PlanVersion.id
        == version_of(plan_id, moment).with_only_columns(PlanVersion.id).scalar_subquery()
        for plan_id, moment in zip(plan_ids, (starts_at, at), strict=True)
    )
    query = select(PlanVersion, held_then, held_now).where(
        or_(PlanVersion.id.in_(used - {None}), held_then, held_now)
    )
    found = session().execute(query.options(defer(PlanVersion.item_rules))).all()
    return (
        {version.id: version for version, _, _ in found},
        next((version for version, then, _ in found if then), None),
        next((version for version, _, now in found if now), None),
    )
