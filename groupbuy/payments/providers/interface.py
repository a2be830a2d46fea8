"""What every payment provider can do, and the words it answers in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from werkzeug.datastructures import Headers

from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.rules import PaymentState, RefundState


@dataclass(frozen=True, slots=True)
class Started:
    """A begun payment: what the client needs to pay, or `failed` with a note."""

    provider_ref: str | None
    state: PaymentState
    client_parameters: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """A payment as the provider sees it.

    `payment_id` is ours if the provider kept it; `foreign` says why it belongs to another
    account or mode, '' if it is ours; `declined` means an attempt failed and may be repeated;
    `payer_ref` is the same for two payments of one payer, where the provider tells.
    """

    provider_ref: str
    payment_id: str | None
    state: PaymentState
    amount_fen: int
    currency: str
    declined: bool = False
    foreign: str = ""
    payer_ref: str | None = None


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """A refund as the provider sees it; `note` says why it failed."""

    provider_ref: str | None
    refund_id: str | None
    state: RefundState
    amount_fen: int
    note: str = ""
    foreign: str = ""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """A verified webhook; the payload holds no secret."""

    event_id: str
    kind: str
    account: str | None
    livemode: bool
    payload: dict[str, Any]


class Provider(Protocol):
    """One outside party. `remote` providers are never called inside a transaction.

    Everything that asks raises ProviderUnavailable when no answer came: then what happened is
    unknown, and the same call is repeated under the same key.
    """

    remote: ClassVar[bool]

    def start(self, payment: Payment) -> Started:
        """Begin to collect a payment, under the payment's id as key."""
        ...

    def fetch(self, provider_ref: str) -> ProviderStatus:
        """Ask how a payment stands."""
        ...

    def refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus:
        """Give money back, under the refund's id as key."""
        ...

    def find_refund(self, refund: PaymentRefund, payment: Payment) -> RefundStatus | None:
        """Look for a refund that an earlier attempt may have made."""
        ...

    def parse_webhook(self, raw_body: bytes, headers: Headers) -> IncomingEvent:
        """Verify an event against its raw body.

        Raises:
            WebhookRejected: wrong or old signature, or not an event.
        """
        ...

    def read_event(self, payload: Mapping[str, Any]) -> ProviderStatus | RefundStatus | None:
        """Say what a stored event reports; None if it is nothing to us."""
        ...
