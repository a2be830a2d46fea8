"""Reads of commission lines: what settlement asks, and the invariants."""

from datetime import datetime

from sqlalchemy import func, select, union_all

from groupbuy.commissions.models import CommissionLine, CommissionRefund, CommissionTransfer
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session


def first_completion(*, since: datetime | None, before: datetime) -> datetime | None:
    """Return when the first line in [since, before) was completed, None if there is none."""
    query = select(func.min(CommissionLine.completed_at)).where(
        CommissionLine.completed_at < before
    )
    if since is not None:
        query = query.where(CommissionLine.completed_at >= since)
    return session().scalar(query)


def first_change(
    *, since: datetime, before: datetime, completed_before: datetime
) -> datetime | None:
    """Return when the first refund or transfer of such an earlier line came in [since, before)."""
    first = [
        select(func.min(event.recorded_at))
        .join(CommissionLine, CommissionLine.id == event.commission_line_id)
        .where(
            event.recorded_at >= since,
            event.recorded_at < before,
            CommissionLine.completed_at < completed_before,
        )
        for event in (CommissionRefund, CommissionTransfer)
    ]
    return min((at for at in session().scalars(union_all(*first)) if at is not None), default=None)


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
    Invariant(
        "commissions.service_fees_of_completed_orders",
        "a service fee is paid for a completed order, to whoever hands over at its pickup point",
        """
        select f.order_id, f.completed_at, o.completed_at as order_completed_at
        from commission_service_fees f join orders o on o.id = f.order_id
        where f.completed_at is distinct from o.completed_at
        """,
    ),
    Invariant(
        "commissions.cohosts_leave_the_host_a_part",
        "the shares agreed on for a group buy leave its host something",
        """
        select group_buy_id, sum(guest_bps) as guests_bps
        from commission_cohosts where state in ('proposed', 'agreed')
        group by group_buy_id having sum(guest_bps) > 9999
        """,
    ),
)
