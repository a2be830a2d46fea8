"""The service fee of a parcel handed over."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from groupbuy.commissions import queries
from groupbuy.commissions.models import ServiceFee
from groupbuy.kernel.db import session


def pay_service_fee(
    *,
    order_id: str,
    leader_id: str,
    level: int,
    region: str,
    paid_at: datetime,
    completed_at: datetime,
) -> None:
    """Record what a leader's plan paid, when the order was paid, for handing it over.

    A plan without a fee pays nothing; the same order again changes nothing.
    """
    version, _ = queries.version_for(leader_id=leader_id, region=region, level=level, at=paid_at)
    if version is None or version.service_fee_fen == 0:
        return
    fee = insert(ServiceFee).values(
        order_id=order_id,
        leader_id=leader_id,
        plan_version_id=version.id,
        fee_fen=version.service_fee_fen,
        completed_at=completed_at,
    )
    session().execute(fee.on_conflict_do_nothing())
