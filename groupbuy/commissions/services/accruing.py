"""What orders bring: lines with frozen terms, completions, refunds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.commissions.models import CommissionLine, CommissionRefund
from groupbuy.commissions.rules.terms import (
    Sold,
)
from groupbuy.commissions.services.offering import offer
from groupbuy.kernel.db import session
from groupbuy.kernel.rows import table_of


@dataclass(frozen=True, slots=True)
class PaidLine:
    """An order line as it was paid; `category_ids` are its categories, the nearest first."""

    order_line_id: str
    sku_id: str
    product_id: str
    category_ids: tuple[str, ...]
    base_fen: int
    quantity: int
    earns_commission: bool


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """A paid order; without a leader it is the house's own. `region` is its leader's."""

    order_id: str
    leader_id: str | None
    leader_level: int | None
    paid_at: datetime
    commissionable: bool
    group_buy_id: str | None = None
    campaign_id: str | None = None
    region: str = ""


def accrue(*, order: PaidOrder, lines: Sequence[PaidLine]) -> None:
    """Freeze the terms of an order's lines as they are when it is paid, in one bulk insert.

    Nothing about plans stops a payment: without a version in force the lines earn nothing, and
    say so.
    """
    offered = offer(
        leader_id=order.leader_id,
        level=order.leader_level,
        region=order.region,
        campaign_id=order.campaign_id,
        commissionable=order.commissionable,
        at=order.paid_at,
    )
    shared = {
        "order_id": order.order_id,
        "group_buy_id": order.group_buy_id,
        "campaign_id": order.campaign_id,
        "paid_at": order.paid_at,
    }
    rows = []
    for line in lines:
        sold = Sold(line.sku_id, line.product_id, line.category_ids, line.earns_commission)
        goods = {
            "order_line_id": line.order_line_id,
            "sku_id": line.sku_id,
            "product_id": line.product_id,
            "category_ids": list(line.category_ids),
            "item_earns": line.earns_commission,
            "base_fen": line.base_fen,
            "quantity": line.quantity,
        }
        rows.append(shared | goods | offered.terms_of(sold))
    session().execute(_LINES, rows)


# The table itself: nobody needs the entities now.
_LINES = insert(table_of(CommissionLine))


def mark_completed(*, order_id: str, completed_at: datetime) -> None:
    """Let an order's lines count in the month of this instant; a second time changes nothing."""
    session().execute(
        update(CommissionLine)
        .where(CommissionLine.order_id == order_id, CommissionLine.completed_at.is_(None))
        .values(completed_at=completed_at)
        .execution_options(synchronize_session=False)
    )


def record_refund(
    *,
    order_line_id: str,
    refund_key: str,
    amount_fen: int,
    quantity: int,
    recorded_at: datetime,
) -> None:
    """Record that part of a line was given back; the same key again changes nothing.

    A line that earns for no leader has no commission line: then there is nothing to record.
    """
    event = select(
        literal(refund_key),
        CommissionLine.id,
        literal(amount_fen),
        literal(quantity),
        literal(recorded_at, CommissionRefund.recorded_at.type),
    ).where(CommissionLine.order_line_id == order_line_id)
    columns = ["refund_key", "commission_line_id", "amount_fen", "quantity", "recorded_at"]
    session().execute(insert(CommissionRefund).from_select(columns, event).on_conflict_do_nothing())
