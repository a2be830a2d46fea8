"""What the channels' tests share: the doubles, and each channel on its stage."""

import pytest
from flask import Flask

from groupbuy.payouts.providers import stripe_transfer
from groupbuy.vendors import wechat_pay as vendor
from tests.doubles.fixtures import stripe, wechat_pay
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.payouts.providers.stages import (
    ACCOUNT,
    BankFileStage,
    DemoStage,
    RemoteStage,
    Stage,
    StripeStage,
    WeChatStage,
)

__all__ = ["stripe", "wechat_pay"]

LOCAL = {"manual_bank_file": BankFileStage, "demo": DemoStage}
REMOTE = {"stripe_transfer": "stripe_stage", "wechat_transfer": "wechat_stage"}


@pytest.fixture
def stripe_stage(stripe: StripeDouble) -> StripeStage:
    stripe.accounts.add(ACCOUNT)
    return StripeStage(stripe)


@pytest.fixture
def wechat_stage(wechat_pay: WeChatPayDouble) -> WeChatStage:
    return WeChatStage(wechat_pay)


@pytest.fixture(params=REMOTE)
def remote(request: pytest.FixtureRequest) -> RemoteStage:
    """Each channel that has a party behind it."""
    stage: RemoteStage = request.getfixturevalue(REMOTE[request.param])
    return stage


@pytest.fixture(params=[*LOCAL, *REMOTE])
def stage(app: Flask, request: pytest.FixtureRequest) -> Stage:
    """Each channel there is."""
    if request.param in LOCAL:
        return LOCAL[request.param]()
    stage: Stage = request.getfixturevalue(REMOTE[request.param])
    return stage


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a fifth of a second for an answer, no longer."""
    monkeypatch.setattr(stripe_transfer, "TIMEOUT_SECONDS", (0.2, 0.2))
    monkeypatch.setattr(vendor, "TIMEOUT_SECONDS", (0.2, 0.2))
