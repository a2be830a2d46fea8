"""Reads of plans and their versions."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from groupbuy.commissions.models import Plan, PlanVersion, VersionState
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound


def plan(plan_id: str) -> Plan:
    """Return a plan, or raise NotFound."""
    found = session().get(Plan, plan_id)
    if found is None:
        raise NotFound
    return found


def plans_by_id(ids: Iterable[str]) -> dict[str, Plan]:
    """Return the plans that exist among these ids, in one statement."""
    rows = session().scalars(select(Plan).where(Plan.id.in_(set(ids))))
    return {row.id: row for row in rows}


def plan_by_code(code: str) -> Plan | None:
    """Return the plan with this code."""
    return session().scalar(select(Plan).where(Plan.code == code))


def locked_plan(plan_id: str) -> Plan:
    """Return a plan, its versions kept from changing in number, or raise NotFound."""
    found = session().get(Plan, plan_id, with_for_update=True)
    if found is None:
        raise NotFound
    return found


def plan_list(*, limit: int, cursor: str | None) -> Page[Plan]:
    """Return plans in order of creation."""
    return paginate(select(Plan), by=[Plan.id], limit=limit, cursor=cursor)


def version(plan_id: str, number: int, *, locked: bool = False) -> PlanVersion:
    """Return a plan's version by its number, or raise NotFound."""
    query = select(PlanVersion).where(PlanVersion.plan_id == plan_id, PlanVersion.number == number)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def version_list(
    *, plan_id: str, limit: int, cursor: str | None, state: str | None = None
) -> Page[PlanVersion]:
    """Return a plan's versions, the newest first, or raise NotFound."""
    query = select(PlanVersion).where(PlanVersion.plan_id == plan(plan_id).id)
    if state is not None:
        query = query.where(PlanVersion.state == state)
    return paginate(query, by=[PlanVersion.number], limit=limit, cursor=cursor, descending=True)


def latest_effective_from(plan_id: str) -> datetime | None:
    """Return when a plan's latest published version begins, None if it has none."""
    return session().scalar(
        select(func.max(PlanVersion.effective_from)).where(
            PlanVersion.plan_id == plan_id, PlanVersion.state == VersionState.PUBLISHED
        )
    )
