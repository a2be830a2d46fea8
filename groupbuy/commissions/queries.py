"""Reads of commissions."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from groupbuy.commissions.models import (
    CommissionLine,
    CommissionRefund,
    Plan,
    PlanVersion,
    VersionState,
)
from groupbuy.commissions.rules.terms import (
    VersionDate,
    pick_version,
)
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound

STREAMED = 5_000
"""Rows in memory at a time while a month is read."""


def plan(plan_id: str) -> Plan:
    """Return a plan, or raise NotFound."""
    found = session().get(Plan, plan_id)
    if found is None:
        raise NotFound
    return found


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


def version_at(paid_at: datetime) -> PlanVersion | None:
    """Return the default plan's version in force at an instant, None before the first."""
    published = session().execute(
        select(PlanVersion.id, PlanVersion.effective_from)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(Plan.is_default, PlanVersion.state == VersionState.PUBLISHED)
    )
    picked = pick_version((VersionDate(*row) for row in published), paid_at)
    return None if picked is None else session().get_one(PlanVersion, picked.id)


def first_completion(*, since: datetime | None, before: datetime) -> datetime | None:
    """Return when the first line in [since, before) was completed, None if there is none."""
    query = select(func.min(CommissionLine.completed_at)).where(
        CommissionLine.completed_at < before
    )
    if since is not None:
        query = query.where(CommissionLine.completed_at >= since)
    return session().scalar(query)


def first_refund(
    *, since: datetime, before: datetime, completed_before: datetime
) -> datetime | None:
    """Return when the first refund in [since, before) of such an earlier line was recorded."""
    return session().scalar(
        select(func.min(CommissionRefund.recorded_at))
        .join(CommissionLine, CommissionLine.id == CommissionRefund.commission_line_id)
        .where(
            CommissionRefund.recorded_at >= since,
            CommissionRefund.recorded_at < before,
            CommissionLine.completed_at < completed_before,
        )
    )


def _completed_in(starts_at: datetime, ends_at: datetime) -> ColumnElement[bool]:
    completed = CommissionLine.completed_at
    return and_(completed >= starts_at, completed < ends_at)


INVARIANTS = (
    Invariant(
        "commissions.every_paid_line",
        "every paid line has its commission line, for the leader of its order",
        """
        select l.id as order_line_id, o.leader_id, c.leader_id as commission_leader_id
        from order_lines l join orders o on o.id = l.order_id
        left join commission_lines c on c.order_line_id = l.id
        left join (
            select distinct on (commission_line_id) commission_line_id, leader_id
            from commission_transfers order by commission_line_id, revision desc
        ) t on t.commission_line_id = c.id
        where o.paid_at is not null and (c.id is null or o.leader_id is distinct from
            case when t.commission_line_id is null then c.leader_id else t.leader_id end)
        """,
    ),
    Invariant(
        "commissions.completed_with_the_order",
        "a commission line is completed when its order is",
        """
        select c.id as commission_line_id, c.completed_at, o.completed_at as order_completed_at
        from commission_lines c join orders o on o.id = c.order_id
        where c.completed_at is distinct from o.completed_at
        """,
    ),
    Invariant(
        "commissions.refunds_within_line",
        "what is given back of a line is never more than was paid for it",
        """
        select c.id as commission_line_id, c.base_fen, sum(r.amount_fen) as refunded_fen,
            c.quantity, sum(r.quantity) as returned
        from commission_lines c join commission_refunds r on r.commission_line_id = c.id
        group by c.id
        having sum(r.amount_fen) > c.base_fen or sum(r.quantity) > c.quantity
        """,
    ),
)
