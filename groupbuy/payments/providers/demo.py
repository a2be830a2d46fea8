"""The demo provider: no network, no money, every payment and refund succeeds at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
from groupbuy.payments.rules.lists import Listed, read_plain_list
from groupbuy.payments.rules.states import PaymentState, RefundState


@dataclass(frozen=True, slots=True)
class DemoProvider:
    """See providers.interface.Provider."""

    remote: ClassVar[bool] = False
    methods: ClassVar[tuple[str, ...]] = ("demo",)
    needs_payer: ClassVar[bool] = False
    refunds_at_most: ClassVar[int | None] = None

    @classmethod
    def configured(cls, settings: Settings) -> "DemoProvider":
        """Return the provider.

        Raises:
            DemoPaymentsRefused: outside demo mode.
        """
        if not settings.demo:
            raise DemoPaymentsRefused
        return cls()

    def start(self, payment: Payment, payer: str) -> Started:
        """Succeed."""
        return Started(f"demo_{payment.id}", PaymentState.SUCCEEDED)

    def resume(self, payment: Payment, now: datetime) -> dict[str, Any] | None:
        """Need nothing."""
        return {}

    def cancel(self, payment: Payment) -> ProviderStatus:
        """Know nothing: a demo payment is paid once it is begun."""
        raise ProviderUnavailable

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

    def records(self, since: datetime, until: datetime) -> Iterable[Listed] | None:
        """Have no list."""
        return None

    def read_list(self, content: bytes) -> list[Listed]:
        """Read a list in our own columns."""
        return read_plain_list(content)

    def read_event(self, payload: Mapping[str, Any]) -> ProviderStatus | RefundStatus | None:
        """Read nothing."""
        return None
