"""Tables of payments."""

from groupbuy.payments.models.payments import (
    ONE_LIVE,
    Payment,
    PaymentRefund,
    PaymentResolution,
    ProviderEvent,
)
from groupbuy.payments.models.reconciliation import PaymentDifference, PaymentReconciliation

__all__ = [
    "ONE_LIVE",
    "Payment",
    "PaymentDifference",
    "PaymentReconciliation",
    "PaymentRefund",
    "PaymentResolution",
    "ProviderEvent",
]
