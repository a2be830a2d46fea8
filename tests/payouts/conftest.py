"""A channel whose answers a test decides."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from groupbuy.payouts.providers import registry
from groupbuy.payouts.providers.interface import Outcome, ProviderRecord, Transfer
from groupbuy.payouts.rules.states import AttemptState


class Puppet:
    """Answers as it is told, remembers what it was asked; it pays to accounts of the kind demo."""

    remote = True
    account_kind = "demo"

    def __init__(self) -> None:
        self.answer: Outcome | None = Outcome(AttemptState.SUCCEEDED, "ref")
        self.on_submit: Outcome | None = None
        self.listed: list[ProviderRecord] | None = []
        self.transfers: list[Transfer] = []
        self.asked: list[tuple[str, str]] = []

    def says(self, state: str, **more: object) -> None:
        """Answer every question from now on so."""
        self.answer = Outcome(AttemptState(state), **more)  # type: ignore[arg-type]

    def submit(self, transfer: Transfer) -> Outcome:
        """See providers.interface.Channel."""
        self.transfers.append(transfer)
        self.asked.append(("submit", transfer.number))
        return self.on_submit or self.answer or Outcome(AttemptState.UNKNOWN)

    def query(self, number: str) -> Outcome | None:
        """See providers.interface.Channel."""
        self.asked.append(("query", number))
        return self.answer

    def cancel(self, number: str) -> Outcome:
        """See providers.interface.Channel."""
        self.asked.append(("cancel", number))
        return self.answer or Outcome(AttemptState.UNKNOWN)

    def records(self, since: datetime, until: datetime) -> Iterator[ProviderRecord] | None:
        """See providers.interface.Channel."""
        return None if self.listed is None else iter(self.listed)


@pytest.fixture
def puppet(monkeypatch: pytest.MonkeyPatch) -> Puppet:
    """The channel `wechat_transfer`, played by a puppet."""
    found = Puppet()
    monkeypatch.setitem(registry.CHANNELS, "wechat_transfer", lambda settings: found)
    return found
