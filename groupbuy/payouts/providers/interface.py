"""What every payout channel can do, and the words it answers in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from groupbuy.payouts.rules.states import AttemptState


@dataclass(frozen=True, slots=True)
class Transfer:
    """One attempt to pay: the number is ours, unique for ever, at most 32 letters and digits.

    `payee` holds the decrypted details of the payout account, by the channel's own names.
    """

    number: str
    amount_fen: int
    payee: Mapping[str, str]
    remark: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt stands at the channel.

    `state` UNKNOWN means that no answer came, or one that does not tell whether money moved: then
    the same number is asked about, never paid again. `reason` is the channel's own code, `action`
    what the leader needs to confirm the receipt (for WeChat the package_info).
    """

    state: AttemptState
    provider_ref: str | None = None
    reason: str = ""
    action: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """A transfer as the channel's own list has it, for the reconciliation."""

    number: str
    amount_fen: int
    state: AttemptState
    at: datetime | None = None


class Channel(Protocol):
    """One way to pay. `remote` channels are never called inside a transaction.

    None of these raises for what the network or the other party does: that is an Outcome.
    """

    remote: ClassVar[bool]
    account_kind: ClassVar[str]
    """Which kind of payout account it pays to: bank, wechat, stripe, demo."""

    def submit(self, transfer: Transfer) -> Outcome:
        """Ask to pay, under the transfer's number; the same number again pays nothing more."""
        ...

    def query(self, number: str) -> Outcome | None:
        """Ask how a number stands; None when the channel has surely never seen it."""
        ...

    def cancel(self, number: str) -> Outcome:
        """Ask to take back what the leader has not confirmed; how it then stands."""
        ...

    def records(self, since: datetime, until: datetime) -> Iterator[ProviderRecord] | None:
        """List the transfers of a span; None if the channel has no list of its own."""
        ...
