"""Payments and refunds, made by the real services."""

import itertools
from datetime import datetime

from groupbuy.kernel.db import transaction
from groupbuy.payments import services
from groupbuy.payments.models import Payment, PaymentRefund
from tests.conftest import START

_numbers = itertools.count(1)
PAYER = "openid-bo"


def payment(
    reference: str = "",
    *,
    amount_fen: int = 5_000,
    provider: str = "demo",
    method: str = "",
    now: datetime = START,
) -> Payment:
    """Ask for a payment that nobody has begun yet."""
    with transaction():
        return services.request_payment(
            reference=reference or f"thing-{next(_numbers)}",
            amount_fen=amount_fen,
            provider=provider,
            method=method,
            now=now,
        )


def begun_payment(
    reference: str = "",
    *,
    amount_fen: int = 5_000,
    provider: str = "stripe",
    method: str = "",
    now: datetime = START,
) -> Payment:
    """Ask for a payment and begin it at its provider; the demo provider's is paid at once."""
    asked = payment(reference, amount_fen=amount_fen, provider=provider, method=method, now=now)
    started = services.start(asked, payer=PAYER, now=now)
    with transaction():
        return services.record_start(payment_id=asked.id, started=started, now=now)


def paid_payment(reference: str = "", *, amount_fen: int = 5_000, now: datetime = START) -> Payment:
    """Have something paid through the demo provider."""
    return begun_payment(reference, amount_fen=amount_fen, provider="demo", now=now)


def refund(
    payment: Payment,
    *,
    amount_fen: int = 1_000,
    reason: str = "bruised plums",
    reference: str = "",
    now: datetime = START,
) -> PaymentRefund:
    """Ask for a refund; a job carries it out."""
    with transaction():
        return services.request_refund(
            payment_id=payment.id,
            amount_fen=amount_fen,
            reason=reason,
            reference=reference or f"refund-{next(_numbers)}",
            now=now,
        )
