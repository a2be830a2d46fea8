"""A sale that goes to another leader, or to the house: its lines get that one's terms."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.commissions.models import CommissionLine, CommissionTransfer
from groupbuy.commissions.rules.terms import (
    Sold,
)
from groupbuy.commissions.services.offering import offer
from groupbuy.kernel.db import session


def transfer(
    *,
    order_id: str,
    revision: int,
    leader_id: str | None,
    level: int | None,
    region: str,
    commissionable: bool,
    now: datetime,
) -> None:
    """Give an order's lines to a leader (None: to the house), in one bulk insert.

    With the terms that this leader would have had when it was paid: their plan then, its rules
    and the campaign's. The same revision again changes nothing. An unpaid order has no lines yet:
    they will be of whomever it belongs to when it is paid.
    """
    query = select(CommissionLine).where(CommissionLine.order_id == order_id)
    lines = session().scalars(query.order_by(CommissionLine.id)).all()
    if not lines:
        return
    offered = offer(
        leader_id=leader_id,
        level=level,
        region=region,
        campaign_id=lines[0].campaign_id,
        commissionable=commissionable,
        at=lines[0].paid_at,
    )
    rows = [
        {
            "commission_line_id": line.id,
            "revision": revision,
            "recorded_at": now,
            **offered.terms_of(
                Sold(line.sku_id, line.product_id, line.category_ids, line.item_earns)
            ),
        }
        for line in lines
    ]
    session().execute(insert(CommissionTransfer).on_conflict_do_nothing(), rows)
