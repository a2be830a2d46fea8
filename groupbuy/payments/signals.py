"""Facts that payments announces, each exactly once per payment or refund."""

from groupbuy.kernel.signals import fact

payment_succeeded = fact(
    "payments.payment_succeeded",
    "Money came in, perhaps late: after we had cancelled the payment, or less than is asked by "
    "now. Whoever listens compares payment.amount_fen. Sender: the Payment; now: datetime.",
)
refund_succeeded = fact(
    "payments.refund_succeeded",
    "The provider gave the money back. Sender: the PaymentRefund; now: datetime.",
)
refund_failed = fact(
    "payments.refund_failed",
    "The provider refused for good; the amount can be refunded again under a new reference. "
    "Sender: the PaymentRefund (note says why); now: datetime.",
)
payer_learned = fact(
    "payments.payer_learned",
    "The provider told who made a payment that had succeeded. Sender: the Payment (payer_ref); "
    "now: datetime.",
)
