"""What every channel promises, over a socket where there is one."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest
from flask import Flask

from groupbuy.payouts.providers.interface import Outcome, Transfer
from groupbuy.payouts.providers.registry import CHANNELS
from groupbuy.payouts.rules.states import AttemptState
from tests.doubles import server
from tests.doubles.server import Fault
from tests.payouts.providers.conftest import LOCAL, REMOTE
from tests.payouts.providers.stages import RemoteStage, Stage

FINAL = (AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED)
LOST = (
    server.DROP_BEFORE_EFFECT,
    server.DROP_AFTER_EFFECT,
    server.ERROR_BEFORE_EFFECT,
    server.ERROR_AFTER_EFFECT,
    server.TOO_MANY,
    server.delay(0.5),
)
WITH_EFFECT = (server.DROP_AFTER_EFFECT, server.ERROR_AFTER_EFFECT, server.delay(0.5))


def settled(stage: RemoteStage, asked: Transfer, outcome: Outcome) -> Outcome:
    """Do as the payout service does, until it is known how the attempt ended."""
    for _ in range(60):
        if outcome.state in FINAL:
            return outcome
        if outcome.state is AttemptState.UNKNOWN:
            stage.later()
        else:
            stage.finish(asked.number)
        outcome = stage.channel.query(asked.number) or stage.channel.submit(asked)
    raise AssertionError(f"{asked.number} never ended: {outcome}")


class TestEveryChannel:
    def test_it_is_on_a_stage(self) -> None:
        assert {*LOCAL, *REMOTE} == set(CHANNELS)

    def test_it_says_the_same_when_it_is_asked_to_pay_twice(self, stage: Stage) -> None:
        asked = stage.transfer("P1")
        first = stage.channel.submit(asked)
        assert stage.channel.submit(asked) == first
        assert first.state not in (AttemptState.CREATED, AttemptState.UNKNOWN)

    def test_it_answers_about_what_it_was_asked_to_pay(self, stage: Stage) -> None:
        first = stage.channel.submit(stage.transfer("P1"))
        found = stage.channel.query("P1")
        assert found is not None
        assert (found.state, found.provider_ref) == (first.state, first.provider_ref)

    def test_it_names_the_kind_of_account_it_pays_to(self, stage: Stage) -> None:
        assert stage.channel.account_kind in ("bank", "wechat", "stripe", "demo")
        assert stage.channel.remote == (stage.name in REMOTE)


class TestRemoteChannels:
    def test_it_pays_the_amount_once_when_asked_twice(self, remote: RemoteStage) -> None:
        asked = remote.transfer("P1", 98_765)
        remote.channel.submit(asked)
        assert settled(remote, asked, remote.channel.submit(asked)).state == "succeeded"
        assert remote.paid() == [("P1", 98_765)]

    def test_it_has_surely_never_seen_an_unknown_number(self, remote: RemoteStage) -> None:
        assert remote.channel.query("P404") is None

    @pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.kind.value)
    @pytest.mark.usefixtures("impatient")
    def test_it_does_not_know_when_no_answer_comes_and_then_tells_the_truth(
        self, remote: RemoteStage, fault: Fault
    ) -> None:
        asked = remote.transfer("P1")
        remote.when_paying(fault)
        outcome = remote.channel.submit(asked)
        assert (outcome.state, outcome.provider_ref) == (AttemptState.UNKNOWN, None)
        assert outcome.reason
        found = remote.channel.query("P1")
        assert (found is not None) == (fault in WITH_EFFECT)
        assert settled(remote, asked, found or outcome).state == "succeeded"
        assert remote.paid() == [("P1", 12_345)]

    @pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.kind.value)
    @pytest.mark.usefixtures("impatient")
    def test_it_does_not_take_silence_for_an_unknown_number(
        self, remote: RemoteStage, fault: Fault
    ) -> None:
        remote.channel.submit(remote.transfer("P1"))
        for number in ("P1", "P404"):
            remote.double.script(fault)
            found = remote.channel.query(number)
            assert found is not None
            assert found.state is AttemptState.UNKNOWN
            remote.double.script(fault)
            assert remote.channel.cancel(number).state not in FINAL

    def test_it_pays_once_when_asked_by_eight_at_once(self, remote: RemoteStage) -> None:
        asked, channel = remote.transfer("P1"), remote.channel
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(channel.submit, [asked] * 8))
        assert len({outcome.provider_ref for outcome in outcomes}) == 1
        remote.finish("P1")
        assert remote.paid() == [("P1", 12_345)]

    def test_it_does_not_pay_another_amount_under_the_same_number(
        self, remote: RemoteStage
    ) -> None:
        remote.channel.submit(remote.transfer("P1", 10_000))
        assert remote.channel.submit(remote.transfer("P1", 20_000)).state is AttemptState.UNKNOWN
        remote.finish("P1")
        assert remote.paid() == [("P1", 10_000)]

    def test_it_pays_once_when_asked_again_after_25_hours(self, remote: RemoteStage) -> None:
        asked = remote.transfer("P1")
        remote.when_paying(server.DROP_AFTER_EFFECT)
        assert remote.channel.submit(asked).state is AttemptState.UNKNOWN
        remote.finish("P1")
        remote.double.advance(25 * 3600)
        assert remote.channel.submit(asked).state == "succeeded"
        assert remote.paid() == [("P1", 12_345)]

    def test_it_lists_what_was_paid_and_nothing_else(self, remote: RemoteStage) -> None:
        begun = remote.now()
        for number in range(120):
            remote.channel.submit(remote.transfer(f"P{number}", 1_000 + number))
            remote.finish(f"P{number}")
        hour = timedelta(hours=1)
        listed = remote.channel.records(begun - hour, begun + hour)
        if listed is None:
            assert remote.name == "wechat_transfer"
            return
        assert {(record.number, record.amount_fen) for record in listed} == set(remote.paid())
        earlier = remote.channel.records(begun - 2 * hour, begun - hour)
        assert list(earlier or []) == []


def accident(stage: RemoteStage, random: Random) -> Iterator[Fault | None]:
    """Yield what the next few requests meet."""
    for _ in range(random.randrange(5)):
        yield random.choice([None, *stage.faults])


def survives(stage: RemoteStage, transfers: int, seed: int) -> None:
    """Pay many times with random faults: each once, or not at all and said so."""
    random = Random(seed)
    ends: dict[str, AttemptState] = {}
    amounts: dict[str, int] = {}
    for index in range(transfers):
        asked = stage.transfer(f"P{seed}x{index}", random.randrange(30, 500_000))
        amounts[asked.number] = asked.amount_fen
        stage.double.script(*accident(stage, random))
        outcome = stage.channel.submit(asked)
        if random.random() < 0.2:
            outcome = stage.channel.submit(asked)
        if random.random() < 0.1:
            outcome = stage.channel.cancel(asked.number)
            ends_cancelled(stage, asked.number)
        if random.random() < 0.1:
            stage.double.advance(25 * 3600)
        ends[asked.number] = settled(stage, asked, outcome).state
    paid = Counter(number for number, _ in stage.paid())
    assert set(paid.values()) <= {1}
    assert set(paid) == {number for number, end in ends.items() if end == "succeeded"}
    assert all(amounts[number] == amount for number, amount in stage.paid())
    assert len(paid) > transfers // 2


def ends_cancelled(stage: RemoteStage, number: str) -> None:
    """Let the other party finish a cancellation, if it has begun one."""
    bills = getattr(stage.double, "bills", {})
    if number in bills and bills[number].state == "CANCELING":
        bills[number].state = "CANCELLED"


class TestRandomFaults:
    def test_it_loses_and_doubles_nothing_in_60(self, app: Flask, remote: RemoteStage) -> None:
        survives(remote, transfers=60, seed=20260302)

    @pytest.mark.long
    def test_it_loses_and_doubles_nothing_in_1000(self, app: Flask, remote: RemoteStage) -> None:
        survives(remote, transfers=1_000, seed=810)
