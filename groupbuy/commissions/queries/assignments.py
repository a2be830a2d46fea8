"""Reads of assignments, and of the plan that holds for a leader."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from groupbuy.commissions.models import Plan, PlanAssignment, PlanVersion, VersionState
from groupbuy.commissions.queries.plans import plan
from groupbuy.commissions.rules import wording
from groupbuy.commissions.rules.assignments import (
    Assigned,
    PlanBook,
    Target,
    in_force_of_month,
    nearest,
    targets_of,
)
from groupbuy.commissions.rules.monthly import AssignmentState, MonthlyTerms, Standing
from groupbuy.commissions.rules.terms import (
    VersionDate,
)
from groupbuy.kernel.db import session
from groupbuy.kernel.money import BPS
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders import queries as leaders
from groupbuy.leaders.queries import qualifications

NOTHING: dict[str, Any] = {
    **dict.fromkeys(("plan", "number", "since", "mode", "cap_fen")),
    **dict.fromkeys(("scope", "target", "assigned_from")),
    "tiers": [],
    "multiplier_bps": BPS,
    "why": wording.NO_PLAN,
    "rules": [],
}
DEFAULT_PLAN = select(Plan.id).where(Plan.is_default).scalar_subquery()


def assignment(assignment_id: str, *, locked: bool = False) -> PlanAssignment:
    """Return an assignment, or raise NotFound."""
    query = select(PlanAssignment).where(PlanAssignment.id == assignment_id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def assignment_list(
    *,
    limit: int,
    cursor: str | None,
    scope: str | None = None,
    target: str | None = None,
    plan_id: str | None = None,
    state: str | None = None,
    span: tuple[datetime, datetime] | None = None,
) -> Page[PlanAssignment]:
    """Return assignments, the newest first; with `span` those that hold at some time in it."""
    query = select(PlanAssignment)
    wanted = {"scope": scope, "target": target, "plan_id": plan_id, "state": state}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(getattr(PlanAssignment, column) == value)
    if span is not None:
        query = query.where(PlanAssignment.id.in_(_assignments_held(*span)))
    return paginate(query, by=[PlanAssignment.id], limit=limit, cursor=cursor, descending=True)


def begins_at_once(assignment: PlanAssignment) -> bool:
    """Tell whether an approved assignment of the same target begins at the same instant."""
    other = select(PlanAssignment.id).where(
        PlanAssignment.state == AssignmentState.APPROVED,
        PlanAssignment.scope == assignment.scope,
        PlanAssignment.target == assignment.target,
        PlanAssignment.effective_from == assignment.effective_from,
    )
    return session().scalar(other) is not None


def plan_in_force(plan_id: str, at: datetime) -> bool:
    """Tell whether a plan has a version in force at an instant."""
    return session().scalar(version_of(plan(plan_id).id, at)) is not None


def version_for(
    *, leader_id: str, region: str, level: int, at: datetime
) -> tuple[PlanVersion | None, PlanAssignment | None]:
    """Return the version that holds for a leader at an instant, in two statements.

    And the assignment by which it does: None for the default plan. Without a version in force
    nothing is earned.
    """
    known = held_assignments(leader_id, Standing(level, region), until=at)
    chosen = nearest(
        map(assigned, known.values()), leader_id=leader_id, region=region, level=level, at=at
    )
    version = session().scalar(version_of(chosen.plan_id if chosen else None, at))
    return version, known[chosen.id] if chosen else None


def held_assignments(
    leader_id: str, standing: Standing, *, until: datetime
) -> dict[str, PlanAssignment]:
    """Return the approved assignments of a leader's targets that have begun by an instant."""
    targets = targets_of(leader_id, standing)
    rows = session().scalars(_HELD, {"targets": targets, "until": until})
    return {row.id: row for row in rows}


# Built once: every payment of a leader's order asks it.
_HELD = select(PlanAssignment).where(
    PlanAssignment.state == AssignmentState.APPROVED,
    tuple_(PlanAssignment.scope, PlanAssignment.target).in_(bindparam("targets", expanding=True)),
    PlanAssignment.effective_from <= bindparam("until"),
)


def version_of(plan_id: str | None, at: datetime) -> Select[PlanVersion]:
    """Select the version of a plan (None: of the default one) in force at an instant."""
    return (
        select(PlanVersion)
        .where(
            PlanVersion.plan_id == (plan_id or DEFAULT_PLAN),
            PlanVersion.state == VersionState.PUBLISHED,
            PlanVersion.effective_from <= at,
        )
        .order_by(PlanVersion.effective_from.desc())
        .limit(1)
    )


def terms_of_month(
    *, leader_ids: Collection[str], starts_at: datetime, ends_at: datetime
) -> dict[str, MonthlyTerms]:
    """Return the terms of these leaders' month, by what they were when it began."""
    if not leader_ids:
        return {}
    standings = leaders.standing_at(leader_ids, starts_at)
    return monthly_terms(
        starts_at=starts_at,
        ends_at=ends_at,
        leaders={
            leader_id: Standing(found.level, found.region) for leader_id, found in standings.items()
        },
    )


def monthly_terms(
    *, starts_at: datetime, ends_at: datetime, leaders: Mapping[str, Standing]
) -> dict[str, MonthlyTerms]:
    """Return the terms of each leader's month, in three statements however many there are.

    Those in force when the month begins; if none is in force then, the first that comes into
    force during the month. A leader for whom none does is absent.
    """
    book, versions = _plan_book(starts_at, ends_at)
    terms = {}
    for leader_id, standing in leaders.items():
        found = in_force_of_month(
            book, leader_id=leader_id, standing=standing, starts_at=starts_at, ends_at=ends_at
        )
        if found is not None:
            version = versions[found.version.id]
            assignment_id = found.assignment.id if found.assignment else None
            terms[leader_id] = MonthlyTerms(
                version.id, version.plan_id, assignment_id, version.extras
            )
    return terms


def versions_held(starts_at: datetime, ends_at: datetime | None = None) -> Select[str]:
    """Select the published versions that hold at some time in [starts_at, ends_at)."""
    until = func.lead(PlanVersion.effective_from).over(
        partition_by=PlanVersion.plan_id, order_by=PlanVersion.effective_from
    )
    dated = (
        select(PlanVersion.id, PlanVersion.effective_from, until.label("until"))
        .where(PlanVersion.state == VersionState.PUBLISHED)
        .subquery()
    )
    return select(dated.c.id).where(_overlaps(dated, starts_at, ends_at))


def _plan_book(
    starts_at: datetime, ends_at: datetime
) -> tuple[PlanBook, Mapping[str, PlanVersion]]:
    """Return what holds at any time in [starts_at, ends_at)."""
    by_target: dict[Target, list[Assigned]] = {}
    columns = (PlanAssignment.plan_id, PlanAssignment.scope, PlanAssignment.target)
    rows = session().execute(
        select(PlanAssignment.id, *columns, PlanAssignment.effective_from).where(
            PlanAssignment.id.in_(_assignments_held(starts_at, ends_at))
        )
    )
    for one in (Assigned(*row) for row in rows):
        by_target.setdefault((one.scope, one.target), []).append(one)
    held = select(PlanVersion).where(PlanVersion.id.in_(versions_held(starts_at, ends_at)))
    versions = {row.id: row for row in session().scalars(held)}
    by_plan: dict[str, list[VersionDate]] = {}
    for row in versions.values():
        by_plan.setdefault(row.plan_id, []).append(VersionDate(row.id, row.effective_from))
    default = session().scalar(select(Plan.id).where(Plan.is_default))
    return PlanBook(by_target, by_plan, default), versions


def _assignments_held(starts_at: datetime, ends_at: datetime) -> Select[str]:
    """Select the approved assignments that hold at some time in [starts_at, ends_at)."""
    until = func.lead(PlanAssignment.effective_from).over(
        partition_by=(PlanAssignment.scope, PlanAssignment.target),
        order_by=PlanAssignment.effective_from,
    )
    dated = (
        select(PlanAssignment.id, PlanAssignment.effective_from, until.label("until"))
        .where(PlanAssignment.state == AssignmentState.APPROVED)
        .subquery()
    )
    return select(dated.c.id).where(_overlaps(dated, starts_at, ends_at))


def _overlaps(
    dated: Subquery, starts_at: datetime, ends_at: datetime | None
) -> ColumnElement[bool]:
    until = dated.c.until
    holds = or_(until.is_(None), until > starts_at)
    return holds if ends_at is None else and_(dated.c.effective_from < ends_at, holds)


def assigned(row: PlanAssignment) -> Assigned:
    """Return an assignment as the rules see it."""
    return Assigned(row.id, row.plan_id, row.scope, row.target, row.effective_from)


def multiplier_then(version: PlanVersion, *, leader_id: str, level: int, at: datetime) -> int:
    """Return the multiplier (bps) of a leader's level for what is paid at an instant.

    Above x 1 it may ask for a qualification. No statement unless the version asks for one.
    """
    multiplier_bps = version.multiplier_bps(level)
    code = version.multiplier_qualification
    if code is None or multiplier_bps <= BPS:
        return multiplier_bps
    held = qualifications.is_qualified(code, leader_id=leader_id, at=at)
    return multiplier_bps if held else BPS


def own_plan(*, leader_id: str, now: datetime) -> dict[str, Any]:
    """Return what pays a leader now, and why this plan."""
    leader = leaders.leader(leader_id)
    version, chosen = version_for(
        leader_id=leader_id, region=leader.region, level=leader.level, at=now
    )
    if version is None:
        return NOTHING | {"level": leader.level}
    multiplier_bps = multiplier_then(version, leader_id=leader_id, level=leader.level, at=now)
    return {
        "plan": plan(version.plan_id).name,
        "number": version.number,
        "since": version.effective_from,
        "mode": version.mode,
        "tiers": version.tiers,
        "level": leader.level,
        "multiplier_bps": multiplier_bps,
        "cap_fen": version.cap_fen,
        "scope": chosen.scope if chosen else None,
        "target": chosen.target if chosen else None,
        "assigned_from": chosen.effective_from if chosen else None,
        "why": wording.why(chosen.scope, chosen.target) if chosen else wording.why(None),
        "rules": wording.in_words(
            version.table,
            version.extras,
            multiplier_bps=multiplier_bps,
            cap_fen=version.cap_fen,
            service_fee_fen=version.service_fee_fen,
            item_rules=len(version.item_rules),
        ),
    }
