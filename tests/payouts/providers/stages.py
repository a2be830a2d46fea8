"""A channel on a stage: the channel, the party behind it, and what is true there."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from groupbuy.payouts.providers.interface import Channel, Transfer
from groupbuy.payouts.providers.registry import channel
from tests.doubles import server
from tests.doubles.server import Fault
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble

ACCOUNT = "acct_double_mei"
OPENID = "openid-mei"
DAY = 24 * 3600


def transfer(number: str, amount_fen: int, payee: Mapping[str, str]) -> Transfer:
    return Transfer(number, amount_fen, payee, "2026-02 团长佣金")


class Stage(ABC):
    """What the conformance tests need to know of a channel."""

    name: ClassVar[str]
    payee: ClassVar[Mapping[str, str]]

    @property
    def channel(self) -> Channel:
        return channel(self.name)

    def transfer(self, number: str, amount_fen: int = 12_345) -> Transfer:
        return transfer(number, amount_fen, self.payee)


class BankFileStage(Stage):
    name = "manual_bank_file"
    payee: ClassVar = {"holder": "梅团长", "account": "6222021234567890123", "bank": "工商银行"}


class DemoStage(Stage):
    name = "demo"
    payee: ClassVar = {"name": "梅团长"}


class RemoteStage(Stage):
    """A channel with a party behind it that knows the truth."""

    double: StripeDouble | WeChatPayDouble
    looks_first: ClassVar[bool] = False
    faults: ClassVar[tuple[Fault, ...]] = (
        server.DROP_BEFORE_EFFECT,
        server.DROP_AFTER_EFFECT,
        server.ERROR_BEFORE_EFFECT,
        server.ERROR_AFTER_EFFECT,
        server.TOO_MANY,
    )

    def when_paying(self, fault: Fault) -> None:
        """Say what the next request to pay meets; looking first goes well."""
        self.double.script(*([None] if self.looks_first else []), fault)

    @abstractmethod
    def paid(self) -> list[tuple[str, int]]:
        """Return what arrived at leaders, (number, fen), each as often as it did."""

    @abstractmethod
    def finish(self, number: str) -> None:
        """Let the leader do what is needed for the money to arrive."""

    @abstractmethod
    def later(self) -> None:
        """Let so much time pass that a repetition may be taken for something new."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the party's time."""


@dataclass
class StripeStage(RemoteStage):
    double: StripeDouble

    name = "stripe_transfer"
    payee: ClassVar = {"account": ACCOUNT}
    looks_first: ClassVar = True
    faults: ClassVar = (*RemoteStage.faults, server.IN_PROGRESS)

    def paid(self) -> list[tuple[str, int]]:
        return [
            (made["metadata"]["payout_number"], made["amount"])
            for made in self.double.transfers.values()
        ]

    def finish(self, number: str) -> None:
        """A transfer is final at once."""

    def later(self) -> None:
        self.double.advance(25 * 3600)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.double.clock, UTC)


@dataclass
class WeChatStage(RemoteStage):
    double: WeChatPayDouble

    name = "wechat_transfer"
    payee: ClassVar = {"openid": OPENID, "name": "梅团长"}
    faults: ClassVar = (*RemoteStage.faults, server.FORGED, server.STALE)

    def paid(self) -> list[tuple[str, int]]:
        return list(self.double.paid().items())

    def finish(self, number: str) -> None:
        self.double.confirm(number)

    def later(self) -> None:
        """Less than the day in which the leader must confirm."""
        self.double.advance(60)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.double.clock, UTC)
