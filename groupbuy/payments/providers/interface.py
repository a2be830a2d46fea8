"""What every payment provider can do, and the words it answers in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from werkzeug.datastructures import Headers

from groupbuy.kernel.settings import Settings
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.rules.lists import Listed
from groupbuy.payments.rules.states import PaymentState, RefundState


@dataclass(frozen=True, slots=True)
class Started:
    """A begun payment: what the client needs to pay, or `failed` with a note.

    `resumed` means that it was begun earlier, and nobody was asked now.
    """

    provider_ref: str | None
    state: PaymentState
    client_parameters: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    resumed: bool = False


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
    """A refund as the provider sees it.

    `note` says why it failed; of one that has not ended, why it does not go on without a person.
    `requested` means that the provider does not have it, and may take it later.
    """

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


class ListUnavailable(Exception):
    """No complete list came; ask again later. The message is for people."""


class Provider(Protocol):
    """One outside party. `remote` providers are never called inside a transaction.

    `methods` are the ways to pay that it has, the first one unless another is chosen;
    `needs_payer` says that it must know who pays (an openid) before it begins; `refunds_at_most`
    is into how many parts a payment can be given back, None for any number.

    Everything that asks raises ProviderUnavailable when no answer came: then what happened is
    unknown, and the same call is repeated under the same key.
    """

    remote: ClassVar[bool]
    methods: ClassVar[tuple[str, ...]]
    needs_payer: ClassVar[bool]
    refunds_at_most: ClassVar[int | None]

    @classmethod
    def configured(cls, settings: Settings) -> "Provider":
        """Return the provider as the settings have it.

        Raises:
            PaymentMethodUnavailable: the settings lack what it needs.
        """
        ...

    def start(self, payment: Payment, payer: str) -> Started:
        """Begin to collect a payment, under the payment's id as key."""
        ...

    def resume(self, payment: Payment, now: datetime) -> dict[str, Any] | None:
        """Return what the client needs for a payment that was begun; None to begin it again."""
        ...

    def cancel(self, payment: Payment) -> ProviderStatus:
        """Have a begun payment take no money any more, and say how it stands: perhaps paid."""
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

    def records(self, since: datetime, until: datetime) -> Iterable[Listed] | None:
        """List the payments and refunds of [since, until); None without a list of its own.

        Raises:
            ListUnavailable: also while it is read, when it does not come to its end.
        """
        ...

    def read_list(self, content: bytes) -> list[Listed]:
        """Read the provider's list from a file that a person downloaded.

        Raises:
            ListFaults: with every row at fault.
        """
        ...

    def read_event(self, payload: Mapping[str, Any]) -> ProviderStatus | RefundStatus | None:
        """Say what a stored event reports; None if it is nothing to us."""
        ...
