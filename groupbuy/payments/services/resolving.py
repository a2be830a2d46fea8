"""What becomes of a payment that did not match: a person decides, once."""

from datetime import datetime

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.payments.errors import (
    MoneyReceived,
    NothingReceived,
    PaymentNotAcceptable,
    PaymentNotParked,
)
from groupbuy.payments.models import Payment, PaymentResolution
from groupbuy.payments.rules.states import PaymentState, ResolutionAction
from groupbuy.payments.services.payments import lock, succeed
from groupbuy.payments.services.refunds import request_refund


def resolve_payment(
    *, payment_id: str, action: ResolutionAction, reason: str, actor: Actor, now: datetime
) -> Payment:
    """Decide about a parked payment: give it back, let it count, or dismiss it.

    Raises:
        NotFound: there is no such payment.
        PaymentNotParked: there is nothing to decide, or somebody has.
        NothingReceived: to give back what never came.
        MoneyReceived: to dismiss what did.
        PaymentNotAcceptable: to let too little count, another currency, or a second payment.
    """
    payment, others = lock(payment_id)
    if payment.state != PaymentState.PARKED or payment.resolved_at is not None:
        raise PaymentNotParked
    payment.resolved_at = now
    session().add(
        PaymentResolution(
            payment_id=payment.id,
            action=action,
            reason=reason,
            decided_by=actor.label,
            decided_at=now,
        )
    )
    session().flush()
    audit.record(
        actor=actor, action=f"payment.{action}", subject=payment.id, now=now, reason=reason
    )
    _ACTIONS[action](payment, others, now)
    session().flush()
    return payment


def _refund(payment: Payment, others: list[Payment], now: datetime) -> None:
    if payment.received_fen is None:
        raise NothingReceived
    _give_back(payment, payment.received_fen, "did not match", "unmatched", now)


def _accept(payment: Payment, others: list[Payment], now: datetime) -> None:
    received_fen = payment.received_fen or 0
    paid_already = any(other.state == PaymentState.SUCCEEDED for other in others)
    same_currency = payment.received_currency == payment.currency
    if paid_already or not same_currency or received_fen < payment.amount_fen:
        raise PaymentNotAcceptable(received_fen=received_fen, amount_fen=payment.amount_fen)
    succeed(payment, others=others, now=now)
    if received_fen > payment.amount_fen:
        surplus_fen = received_fen - payment.amount_fen
        _give_back(payment, surplus_fen, "paid too much", "surplus", now)


def _dismiss(payment: Payment, others: list[Payment], now: datetime) -> None:
    if payment.received_fen is not None:
        raise MoneyReceived


_ACTIONS = {
    ResolutionAction.REFUND: _refund,
    ResolutionAction.ACCEPT: _accept,
    ResolutionAction.DISMISS: _dismiss,
}


def _give_back(payment: Payment, amount_fen: int, reason: str, cause: str, now: datetime) -> None:
    request_refund(
        payment_id=payment.id,
        amount_fen=amount_fen,
        reason=reason,
        reference=f"{cause}:{payment.id}",
        automatic=True,
        now=now,
    )
