"""Which plan holds for whom, pure: the nearest assignment wins, without any the default plan."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from groupbuy.commissions.rules.monthly import Scope, Standing
from groupbuy.commissions.rules.terms import (
    VersionDate,
    pick_version,
)

Target: TypeAlias = tuple[str, str]
"""A scope, and whom it means there: a leader's id, a region, a level, '' for everyone."""


class Assigned(NamedTuple):
    """An approved assignment; `plan_id` None ends the one before it of the same target."""

    id: str
    plan_id: str | None
    scope: str
    target: str
    effective_from: datetime


class InForce(NamedTuple):
    """What holds for a leader at an instant."""

    version: VersionDate
    assignment: Assigned | None


class PlanBook(NamedTuple):
    """What is known of a span of time: assignments by target, versions by plan, the default."""

    assigned: Mapping[Target, Sequence[Assigned]]
    versions: Mapping[str, Sequence[VersionDate]]
    default_plan_id: str | None


def targets_of(leader_id: str, standing: Standing) -> tuple[Target, ...]:
    """Return the targets that a leader belongs to, the nearest first."""
    return (
        (Scope.LEADER, leader_id),
        (Scope.REGION, standing.region),
        (Scope.LEVEL, str(standing.level)),
        (Scope.EVERYONE, ""),
    )


def nearest(
    assignments: Iterable[Assigned], *, leader_id: str, region: str, level: int, at: datetime
) -> Assigned | None:
    """Return the assignment that holds for a leader at an instant, None for the default plan.

    Of each target the latest that has begun holds; of the targets the nearest that names a plan:
    leader, region, level, everyone.
    """
    latest: dict[Target, Assigned] = {}
    for one in assignments:
        known = latest.get((one.scope, one.target))
        if one.effective_from <= at and (
            known is None or known.effective_from < one.effective_from
        ):
            latest[one.scope, one.target] = one
    candidates = (latest.get(target) for target in targets_of(leader_id, Standing(level, region)))
    return next((one for one in candidates if one is not None and one.plan_id is not None), None)


def in_force_of_month(
    book: PlanBook, *, leader_id: str, standing: Standing, starts_at: datetime, ends_at: datetime
) -> InForce | None:
    """Return what holds when a month begins; if nothing does, what first comes into force in it."""
    targets = targets_of(leader_id, standing)
    known = [one for target in targets for one in book.assigned.get(target, ())]
    begins = [one.effective_from for one in known]
    begins += [one.effective_from for one in book.versions.get(book.default_plan_id or "", ())]
    for at in [starts_at, *sorted(at for at in set(begins) if starts_at < at < ends_at)]:
        chosen = nearest(
            known, leader_id=leader_id, region=standing.region, level=standing.level, at=at
        )
        plan_id = chosen.plan_id if chosen is not None else book.default_plan_id
        version = pick_version(book.versions.get(plan_id or "", ()), at)
        if version is not None:
            return InForce(version, chosen)
    return None
