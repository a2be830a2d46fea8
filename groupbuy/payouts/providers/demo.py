"""The demo channel: no network, no money, nothing remembered.

It pays at once, except amounts that end in 13 fen: those fail, so that a demo can show a failure.
Both answers are final and come in the call that asks to pay, so nobody has a reason to ask again;
who asks all the same hears that it was paid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from groupbuy.kernel.settings import Settings
from groupbuy.payouts.providers.interface import Outcome, ProviderRecord, Transfer
from groupbuy.payouts.rules.states import AttemptState

UNLUCKY_FEN = 13
REASON = "DEMO_FAILURE"


@dataclass(frozen=True, slots=True)
class DemoChannel:
    """See providers.interface.Channel."""

    remote: ClassVar[bool] = False
    account_kind: ClassVar[str] = "demo"

    @classmethod
    def configured(cls, settings: Settings) -> Self | None:
        """Return the channel; there is none outside demo mode."""
        return cls() if settings.demo else None

    def submit(self, transfer: Transfer) -> Outcome:
        """Succeed, or fail if the amount is unlucky."""
        if transfer.amount_fen % 100 == UNLUCKY_FEN:
            return Outcome(AttemptState.FAILED, reason=REASON)
        return Outcome(AttemptState.SUCCEEDED, f"demo_{transfer.number}")

    def query(self, number: str) -> Outcome | None:
        """Say that it was paid."""
        return Outcome(AttemptState.SUCCEEDED, f"demo_{number}")

    def cancel(self, number: str) -> Outcome:
        """Say that it was paid: there is nothing to take back."""
        return Outcome(AttemptState.SUCCEEDED, f"demo_{number}")

    def records(self, since: datetime, until: datetime) -> Iterator[ProviderRecord] | None:
        """Have no list."""
        return None
