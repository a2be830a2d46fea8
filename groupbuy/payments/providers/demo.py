"""The demo provider: no network, no money, every payment and refund succeeds at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.datastructures import Headers

from groupbuy.kernel.settings import Settings
from groupbuy.payments.errors import DemoPaymentsRefused, ProviderUnavailable, WebhookRejected
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.providers.interface import (
    IncomingEvent,
    ProviderStatus,
    RefundStatus,
    Started,
)
from groupbuy.payments.rules import PaymentState, RefundState


@dataclass(frozen=True, slots=True)
class DemoProvider:
    """See providers.interface.Provider."""

    remote: ClassVar[bool] = False

    @classmethod
    def configured(cls, settings: Settings) -> "DemoProvider":
        """Return the provider.

        Raises:
            DemoPaymentsRefused: outside demo mode.
        """
        if not settings.demo:
            raise DemoPaymentsRefused
        return cls()

    def start(self, payment: Payment) -> Started:
        """Succeed."""
        return Started(f"demo_{payment.id}", PaymentState.SUCCEEDED)

    def fetch(self, provider_ref: str) -> ProviderStatus:
        """Know nothing: a demo payment is never pending, so nobody asks."""
        raise ProviderUnavailable

    def refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus:
        """Succeed."""
        return RefundStatus(
            f"demo_{refund.id}", refund.id, RefundState.SUCCEEDED, refund.amount_fen
        )

    def find_refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus | None:
        """Find none: refunding again has the same effect."""
        return None

    def parse_webhook(self, raw_body: bytes, headers: Headers) -> IncomingEvent:
        """Refuse: the demo provider sends no events."""
        raise WebhookRejected

    def read_event(self, payload: Mapping[str, Any]) -> ProviderStatus | RefundStatus | None:
        """Read nothing."""
        return None
