"""Days to compare: what both sides know, the night's job, and what it found."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, update

from groupbuy.kernel import jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments.models import Payment, PaymentDifference, PaymentReconciliation
from groupbuy.payments.providers.wechat_pay import number_of
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make

DAY = "2026-03-02"
PATH = "/hq/payment-reconciliations"
DIFFERENCES = "/hq/payment-differences"
NIGHT = datetime(2026, 3, 3, 2, 40, tzinfo=UTC)
"""10:40 in Shanghai, the morning after the tests' first day."""


def paid(double: WeChatPayDouble, clock: ManualClock, *, amount_fen: int = 5_000) -> Payment:
    """Have a payment that both sides know, at the clock's time."""
    double.wall = clock.now().timestamp()
    payment = make.begun_payment(provider="wechatpay", amount_fen=amount_fen, now=clock.now())
    double.pay(number_of(payment.id))
    payment_jobs.ask_provider(payment_id=payment.id)
    session().refresh(payment)
    return payment


def refunded(double: WeChatPayDouble, payment: Payment, fen: int, clock: ManualClock) -> None:
    make.refund(payment, amount_fen=fen, now=clock.now())
    jobs.run_pending()


def at_night(double: WeChatPayDouble | StripeDouble, clock: ManualClock, *, days: int = 0) -> None:
    """Let the night's comparison run, on the morning after the first day or later."""
    clock.at = NIGHT
    clock.advance(days=days)
    if isinstance(double, WeChatPayDouble):
        double.wall = clock.now().timestamp()
    payment_jobs.reconcile_last_days()
    jobs.run_pending()


def compared(day: str = DAY, provider: str = "wechatpay") -> PaymentReconciliation:
    """Return the latest comparison of a day."""
    query = select(PaymentReconciliation).where(
        PaymentReconciliation.day == date.fromisoformat(day),
        PaymentReconciliation.provider == provider,
    )
    return session().scalars(query.order_by(PaymentReconciliation.id.desc())).first() or (
        PaymentReconciliation(state="never")
    )


def found() -> list[tuple[str, str, int | None, int | None]]:
    """Return the open differences."""
    query = select(PaymentDifference).where(PaymentDifference.state == "open")
    return sorted(
        (one.kind, one.number, one.our_fen, one.their_fen) for one in session().scalars(query)
    )


def change(table: type[Any], **values: Any) -> None:
    with transaction():
        session().execute(update(table).values(**values))
