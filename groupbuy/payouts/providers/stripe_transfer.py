"""Stripe Connect: a transfer from our balance to the leader's connected account.

Source: Stripe API reference, Transfers and Idempotent requests. A transfer is final once it is
made. The idempotency key is the transfer's number, and Stripe forgets keys after 24 hours: so every
submission first looks for a transfer of that number (its transfer_group), and one that is repeated
a day later still pays once.

A payee has `account`, the connected account acct_….
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, Self

import stripe
import structlog

from groupbuy.kernel.settings import Settings
from groupbuy.payouts.providers.faults import ListUnavailable
from groupbuy.payouts.providers.interface import Outcome, ProviderRecord, Transfer
from groupbuy.payouts.rules.states import AttemptState

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: tuple[float, float] = (3, 10)
METADATA = "payout_number"

Thing = Mapping[str, Any]


class Refusal(Exception):
    """Stripe will not make this transfer: a definite no, unlike whatever else goes wrong."""


@lru_cache(maxsize=8)
def _client(api_key: str, api_url: str, timeout: tuple[float, float]) -> stripe.StripeClient:
    """Return a client that keeps its connections; it never repeats by itself: our callers do."""
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": api_url},
        http_client=stripe.RequestsClient(timeout=timeout),
        max_network_retries=0,
    )


@dataclass(frozen=True, slots=True)
class StripeTransferChannel:
    """See providers.interface.Channel."""

    api_key: str
    api_url: str
    currency: str
    timeout_seconds: tuple[float, float] = TIMEOUT_SECONDS

    remote: ClassVar[bool] = True
    account_kind: ClassVar[str] = "stripe"

    @classmethod
    def configured(cls, settings: Settings) -> Self | None:
        """Return the channel for the account of the settings; none without its key."""
        if not settings.stripe_api_key:
            return None
        return cls(
            settings.stripe_api_key, settings.stripe_api_url, settings.currency, TIMEOUT_SECONDS
        )

    def submit(self, transfer: Transfer) -> Outcome:
        """Make the transfer, or get the one that an earlier attempt made."""
        try:
            made = self._find(transfer.number) or self._make(transfer)
        except Refusal as refusal:
            return Outcome(AttemptState.FAILED, reason=str(refusal))
        except stripe.StripeError as error:
            return _unknown(error)
        if (made["amount"], made["currency"]) != (transfer.amount_fen, self.currency):
            return Outcome(AttemptState.UNKNOWN, made["id"], "OTHER_AMOUNT")
        return _outcome(made)

    def query(self, number: str) -> Outcome | None:
        """Look for the transfer of that number."""
        try:
            made = self._find(number)
        except stripe.StripeError as error:
            return _unknown(error)
        return _outcome(made) if made is not None else None

    def cancel(self, number: str) -> Outcome:
        """Say how it stands: a transfer that was made cannot be cancelled."""
        return self.query(number) or Outcome(AttemptState.UNKNOWN, reason="NOT_FOUND")

    def records(self, since: datetime, until: datetime) -> Iterator[ProviderRecord] | None:
        """List our transfers that were made in [since, until), newest first.

        Raises:
            ListUnavailable: while it is read, if Stripe does not answer.
        """
        return self._records({"gte": int(since.timestamp()), "lt": int(until.timestamp())})

    def _records(self, span: stripe.params.TransferListParamsCreated) -> Iterator[ProviderRecord]:
        try:
            for made in self._list({"created": span, "limit": 100}):
                number = _number(made)
                if number is not None:
                    yield ProviderRecord(
                        number,
                        made["amount"] - (0 if made["reversed"] else made["amount_reversed"]),
                        _outcome(made).state,
                        datetime.fromtimestamp(made["created"], UTC),
                    )
        except stripe.StripeError as error:
            _unknown(error)
            raise ListUnavailable("stripe_transfer") from None

    def _find(self, number: str) -> Thing | None:
        listed = self._list({"transfer_group": number, "limit": 100})
        return next((made for made in listed if _number(made) == number), None)

    def _list(self, parameters: stripe.params.TransferListParams) -> Iterator[Thing]:
        page = self._api().v1.transfers.list(parameters)
        return (made.to_dict() for made in page.auto_paging_iter())

    def _make(self, transfer: Transfer) -> Thing:
        try:
            made = self._api().v1.transfers.create(
                {
                    "amount": transfer.amount_fen,
                    "currency": self.currency,
                    "destination": transfer.payee.get("account", ""),
                    "transfer_group": transfer.number,
                    "description": transfer.remark or transfer.number,
                    "metadata": {METADATA: transfer.number},
                },
                {"idempotency_key": transfer.number},
            )
        except stripe.InvalidRequestError as error:
            raise Refusal(_reason(error)) from None
        return made.to_dict()

    def _api(self) -> stripe.StripeClient:
        return _client(self.api_key, self.api_url, self.timeout_seconds)


def _outcome(made: Thing) -> Outcome:
    """Read a transfer; one that staff reversed in whole came back to us."""
    if made["reversed"]:
        return Outcome(AttemptState.FAILED, made["id"], "REVERSED")
    return Outcome(AttemptState.SUCCEEDED, made["id"])


def _number(made: Thing) -> str | None:
    """Return our number; other systems may use the same account."""
    value = (made.get("metadata") or {}).get(METADATA)
    return value if isinstance(value, str) else None


def _reason(error: stripe.StripeError) -> str:
    said = error.error.code if error.error is not None else None
    return error.code or said or type(error).__name__


def _unknown(error: stripe.StripeError) -> Outcome:
    """Say that nobody knows; only the kind of the error goes on, it may hold a whole transfer."""
    log.warning(
        "stripe gave no usable answer",
        kind=type(error).__name__,
        http_status=error.http_status,
        stripe_request=error.request_id,
    )
    return Outcome(
        AttemptState.UNKNOWN, reason=_reason(error) if error.http_status else "NO_ANSWER"
    )
