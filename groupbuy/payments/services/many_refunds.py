"""Money back for many payments at once, in a constant number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Uuid, column, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from groupbuy.kernel import jobs
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id, to_uuid
from groupbuy.payments.errors import RefundExceedsPayment
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.rules.states import HOLDS_MONEY, look_again
from groupbuy.payments.services.refunds import JOB


@dataclass(frozen=True, slots=True)
class RefundWanted:
    """A part of a payment to be given back under a reference that no other refund has."""

    payment_id: str
    amount_fen: int
    reference: str


def request_refunds(*, wanted: Sequence[RefundWanted], reason: str, now: datetime) -> None:
    """Set parts of payments aside to be given back, one of each, and have jobs give them back.

    All or nothing: the caller's transaction is lost with the Problem.

    Raises:
        RefundExceedsPayment: a payment has less left, or no money came in under it.
    """
    if not wanted:
        return
    rows = [
        {
            "id": new_id("prf"),
            "payment_id": refund.payment_id,
            "amount_fen": refund.amount_fen,
            "reason": reason,
            "reference": refund.reference,
            "requested_at": now,
            "due_at": look_again(since=now, now=now),
        }
        for refund in wanted
    ]
    session().execute(insert(PaymentRefund), rows)
    _set_aside(wanted)
    jobs.enqueue_many(JOB, [{"refund_id": row["id"]} for row in rows])


def _set_aside(wanted: Sequence[RefundWanted]) -> None:
    """Count the amounts as refunded; the caller holds the payments, so no order matters."""
    ids = literal([to_uuid(refund.payment_id, "pay") for refund in wanted], ARRAY(Uuid()))
    amounts = literal([refund.amount_fen for refund in wanted], ARRAY(BigInteger()))
    given = (
        func.unnest(ids, amounts)
        .table_valued(column("payment_id", Uuid()), column("amount_fen", BigInteger()))
        .render_derived(name="given")
    )
    refunded = Payment.refunded_fen + given.c.amount_fen
    done = session().scalars(
        update(Payment)
        .where(
            Payment.id == given.c.payment_id,
            Payment.state.in_(HOLDS_MONEY),
            refunded <= func.coalesce(Payment.received_fen, 0),
        )
        .values(refunded_fen=refunded)
        .returning(Payment.id)
        .execution_options(synchronize_session=False)
    )
    missing = {refund.payment_id for refund in wanted} - set(done)
    if missing:
        payment = session().scalars(select(Payment).where(Payment.id == min(missing))).one()
        left_fen = (payment.received_fen or 0) - payment.refunded_fen
        raise RefundExceedsPayment(refundable_fen=left_fen)
