"""Hundreds of payments through channels that drop, fail, hurry and forget: none double, none lost.

Nothing is mocked but the other parties, which are servers on real sockets with their own truth.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.identity.models import Shopper
from groupbuy.kernel import clock as ticking
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.leaders.models import Leader
from groupbuy.payouts import services
from groupbuy.payouts.jobs import take_up_unfinished
from groupbuy.payouts.models import PayoutItem
from groupbuy.payouts.providers import stripe_transfer
from groupbuy.vendors import wechat_pay as vendor
from tests.doubles import server
from tests.doubles.fixtures import stripe, wechat_pay
from tests.doubles.server import Fault
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payouts as make
from tests.factories.commissions import FINANCE

__all__ = ["stripe", "wechat_pay"]

DAY_SECONDS = 24 * 3600
FAULTS: tuple[Fault, ...] = (
    server.DROP_BEFORE_EFFECT,
    server.DROP_AFTER_EFFECT,
    server.ERROR_BEFORE_EFFECT,
    server.ERROR_AFTER_EFFECT,
    server.TOO_MANY,
)
ROUNDS = 40


@dataclass
class Party:
    """Who pays, what is true there, and how leaders behave."""

    channel: str
    double: StripeDouble | WeChatPayDouble
    chance: random.Random
    names: dict[str, str] = field(default_factory=dict)

    def arrived(self) -> Counter[str]:
        """Return what each leader received, in fen."""
        found: Counter[str] = Counter()
        if isinstance(self.double, StripeDouble):
            for transfer in self.double.transfers.values():
                found[self.names[transfer["destination"]]] += transfer["amount"]
        else:
            for bill in self.double.bills.values():
                if bill.state == "SUCCESS":
                    found[self.names[bill.asked["openid"]]] += bill.asked["transfer_amount"]
        return found

    def trouble(self, requests: int) -> None:
        """Let about half of the next requests go wrong."""
        script = [self.chance.choice((None, *FAULTS, None, None, None)) for _ in range(requests)]
        self.double.script(*script)

    def leaders_act(self) -> None:
        """Let leaders confirm, wait, or be refused by WeChat."""
        if isinstance(self.double, WeChatPayDouble):
            for number, bill in list(self.double.bills.items()):
                if bill.state == "WAIT_USER_CONFIRM":
                    dice = self.chance.random()
                    if dice < 0.5:
                        self.double.confirm(number)
                    elif dice < 0.6:
                        self.double.move(number, "FAIL", "REALNAME_CHECK_FAILED")


@pytest.fixture(params=["stripe_transfer", "wechat_transfer"])
def party(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Party:
    """Each channel that has a party behind it; nobody waits long for an answer."""
    monkeypatch.setattr(stripe_transfer, "TIMEOUT_SECONDS", (2.0, 2.0))
    monkeypatch.setattr(vendor, "TIMEOUT_SECONDS", (2.0, 2.0))
    name = {"stripe_transfer": "stripe", "wechat_transfer": "wechat_pay"}[request.param]
    double: Any = request.getfixturevalue(name)
    return Party(request.param, double, random.Random(20261122))


def earners(party: Party, count: int) -> dict[str, int]:
    """Settle March for leaders with accounts of the party's kind; return what each is to get."""
    leaders = make.leaders(count)
    due = {leader: 100_000 + 7 * number for number, leader in enumerate(leaders)}
    make.settled(due)
    make.regime()
    for number, leader in enumerate(leaders):
        if party.channel == "stripe_transfer":
            account = f"acct_double{number:06}"
            party.names[account] = leader
            assert isinstance(party.double, StripeDouble)
            party.double.accounts.add(account)
            make.account(leader, "stripe", account=account)
        else:
            make.account(leader, "wechat")
    if party.channel == "wechat_transfer":
        rows = session().execute(
            select(Shopper.openid, Leader.id).join(Leader, Leader.shopper_id == Shopper.id)
        )
        party.names.update({openid: leader for openid, leader in rows})
    return due


def retry_what_failed() -> None:
    for item in make.items(state="failed"):
        with transaction():
            services.retry_item(item_id=item.id, actor=FINANCE, now=ticking.now())


def unfinished() -> int:
    session().expire_all()
    return session().query(PayoutItem).filter(PayoutItem.state != "succeeded").count()


def pay_everybody(party: Party, count: int, clock: ManualClock) -> None:
    due = earners(party, count)
    party.trouble(2 * count)
    make.paid(party.channel)
    for number in range(ROUNDS):
        party.leaders_act()
        # Some rounds come after 25 hours: keys are forgotten, confirmations are overdue.
        seconds = DAY_SECONDS + 3600 if number % 5 == 4 else 3600
        clock.advance(seconds=seconds)
        party.double.advance(seconds)
        party.trouble(unfinished())
        take_up_unfinished()
        run_pending()
        assert sum((party.arrived() - Counter(due)).values()) == 0, "somebody was paid twice"
        retry_what_failed()
        if not unfinished():
            break
    run_pending()
    assert unfinished() == 0
    assert party.arrived() == Counter(due)
    assert make.broken() == []


def test_it_pays_every_leader_exactly_once(app: Flask, party: Party, clock: ManualClock) -> None:
    pay_everybody(party, 50, clock)


@pytest.mark.long
def test_it_pays_a_thousand_leaders_exactly_once(
    app: Flask, party: Party, clock: ManualClock
) -> None:
    pay_everybody(party, 1_000, clock)
