"""Which channels there are, and under which settings."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import EXTENSION, settings
from groupbuy.kernel.variables import Mode
from groupbuy.payouts.providers.registry import (
    CHANNELS,
    ChannelUnavailable,
    channel,
    names,
    talking_to,
)
from tests.payouts.providers.stages import StripeStage, transfer


def set_up(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setitem(app.extensions, EXTENSION, replace(settings(), **changes))


def test_it_has_the_bank_file_without_any_key(app: Flask) -> None:
    assert names() == ("manual_bank_file", "demo")


@pytest.mark.usefixtures("stripe", "wechat_pay")
def test_it_has_every_channel_that_has_its_keys(app: Flask) -> None:
    assert set(names()) == set(CHANNELS)


def test_it_refuses_the_demo_channel_outside_demo_mode(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(app, monkeypatch, mode=Mode.PRODUCTION)
    assert names() == ("manual_bank_file",)
    with pytest.raises(ChannelUnavailable, match="demo"):
        channel("demo")


@pytest.mark.parametrize("name", ["stripe_transfer", "wechat_transfer", "cash", ""])
def test_it_refuses_what_is_unknown_or_has_no_keys(app: Flask, name: str) -> None:
    with pytest.raises(ChannelUnavailable):
        channel(name)
    with pytest.raises(ChannelUnavailable), talking_to(name):
        pass


def test_it_talks_to_remote_channels_only_outside_a_transaction(stripe_stage: StripeStage) -> None:
    with talking_to("stripe_transfer") as remote:
        assert remote.submit(stripe_stage.transfer("P1")).state == "succeeded"
    with (
        transaction(),
        pytest.raises(RuntimeError, match="inside a transaction"),
        talking_to("stripe_transfer"),
    ):
        pass
    with transaction(), talking_to("demo") as local:
        assert not local.remote


class TestDemo:
    def test_it_pays_all_but_the_unlucky_amounts(self, app: Flask) -> None:
        demo = channel("demo")
        paid = demo.submit(transfer("P1", 1_200, {}))
        assert (paid.state, paid.provider_ref) == ("succeeded", "demo_P1")
        failed = demo.submit(transfer("P2", 1_213, {}))
        assert (failed.state, failed.reason) == ("failed", "DEMO_FAILURE")

    def test_it_remembers_nothing(self, app: Flask) -> None:
        demo = channel("demo")
        found = demo.query("P404")
        assert found is not None
        assert demo.cancel("P404") == found
        assert found.state == "succeeded"
