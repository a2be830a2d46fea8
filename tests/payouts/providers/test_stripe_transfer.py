"""Stripe transfers: final at once, found again by their number, never made twice."""

from datetime import timedelta

import pytest
from flask import Flask

from groupbuy.payouts.providers.faults import ListUnavailable
from groupbuy.payouts.providers.interface import Outcome, ProviderRecord
from groupbuy.payouts.providers.stripe_transfer import StripeTransferChannel
from groupbuy.payouts.rules.states import AttemptState
from tests.doubles import server
from tests.payouts.providers.stages import ACCOUNT, StripeStage, transfer

HOUR = timedelta(hours=1)


def submit(stage: StripeStage, number: str = "P1", amount_fen: int = 12_345) -> Outcome:
    return stage.channel.submit(stage.transfer(number, amount_fen))


def listed(stage: StripeStage) -> list[ProviderRecord]:
    records = stage.channel.records(stage.now() - HOUR, stage.now() + HOUR)
    assert records is not None
    return list(records)


class TestSubmitting:
    def test_it_makes_a_transfer_under_its_number(self, stripe_stage: StripeStage) -> None:
        outcome = submit(stripe_stage)
        [made] = stripe_stage.double.transfers.values()
        assert outcome == Outcome(AttemptState.SUCCEEDED, made["id"])
        assert (made["amount"], made["currency"], made["destination"]) == (12_345, "cny", ACCOUNT)
        assert (made["transfer_group"], made["metadata"]) == ("P1", {"payout_number": "P1"})
        looked, paid = stripe_stage.double.seen
        assert (looked.method, looked.query["transfer_group"]) == ("GET", "P1")
        assert paid.headers["Idempotency-Key"] == "P1"

    def test_it_fails_when_there_is_no_such_account(self, stripe_stage: StripeStage) -> None:
        stranger = transfer("P1", 100, {"account": "acct_unknown"})
        outcome = stripe_stage.channel.submit(stranger)
        assert outcome == Outcome(AttemptState.FAILED, reason="resource_missing")
        assert stripe_stage.channel.query("P1") is None

    def test_it_fails_when_the_balance_does_not_suffice(self, stripe_stage: StripeStage) -> None:
        stripe_stage.double.balance_fen = 12_344
        outcome = submit(stripe_stage)
        assert outcome == Outcome(AttemptState.FAILED, reason="balance_insufficient")
        assert stripe_stage.paid() == []

    def test_it_makes_nothing_while_it_cannot_look(self, stripe_stage: StripeStage) -> None:
        for fault in (server.TOO_MANY, server.DROP_BEFORE_EFFECT, server.ERROR_BEFORE_EFFECT):
            stripe_stage.double.script(fault)
            assert submit(stripe_stage).state is AttemptState.UNKNOWN
        assert {seen.method for seen in stripe_stage.double.seen} == {"GET"}

    def test_it_does_not_take_a_refused_look_for_a_refused_transfer(
        self, app: Flask, stripe_stage: StripeStage
    ) -> None:
        url = f"{stripe_stage.double.url}/elsewhere"
        channel = StripeTransferChannel("sk_test_double", url, "cny")
        assert channel.submit(stripe_stage.transfer("P1")).state is AttemptState.UNKNOWN

    def test_it_waits_while_another_request_has_the_key(self, stripe_stage: StripeStage) -> None:
        stripe_stage.when_paying(server.IN_PROGRESS)
        outcome = submit(stripe_stage)
        assert (outcome.state, outcome.reason) == (
            AttemptState.UNKNOWN,
            "idempotency_key_in_use",
        )
        assert submit(stripe_stage).state is AttemptState.SUCCEEDED

    def test_it_does_not_take_a_wrong_key_of_ours_for_a_refusal(
        self, app: Flask, stripe_stage: StripeStage
    ) -> None:
        channel = StripeTransferChannel("sk_test_wrong", stripe_stage.double.url, "cny")
        assert channel.submit(stripe_stage.transfer("P1")).state is AttemptState.UNKNOWN

    def test_it_meets_the_same_500_until_stripe_forgets_it_and_then_pays_once(
        self, stripe_stage: StripeStage
    ) -> None:
        stripe_stage.when_paying(server.ERROR_BEFORE_EFFECT)
        for _ in range(3):
            assert submit(stripe_stage).state is AttemptState.UNKNOWN
            assert stripe_stage.channel.query("P1") is None
        stripe_stage.later()
        assert submit(stripe_stage).state is AttemptState.SUCCEEDED
        assert stripe_stage.paid() == [("P1", 12_345)]

    def test_it_says_so_when_a_transfer_of_that_number_has_another_amount(
        self, stripe_stage: StripeStage
    ) -> None:
        made = submit(stripe_stage, amount_fen=100)
        outcome = submit(stripe_stage, amount_fen=200)
        assert outcome == Outcome(AttemptState.UNKNOWN, made.provider_ref, "OTHER_AMOUNT")


class TestReversals:
    def test_it_fails_when_it_was_reversed_in_whole(self, stripe_stage: StripeStage) -> None:
        made = submit(stripe_stage)
        stripe_stage.double.reverse(str(made.provider_ref), 5_000)
        assert stripe_stage.channel.query("P1") == made
        [record] = listed(stripe_stage)
        assert (record.amount_fen, record.state) == (7_345, AttemptState.SUCCEEDED)
        stripe_stage.double.reverse(str(made.provider_ref))
        outcome = stripe_stage.channel.query("P1")
        assert outcome == Outcome(AttemptState.FAILED, made.provider_ref, "REVERSED")
        [record] = listed(stripe_stage)
        assert (record.amount_fen, record.state) == (12_345, AttemptState.FAILED)

    def test_it_cannot_be_cancelled(self, stripe_stage: StripeStage) -> None:
        made = submit(stripe_stage)
        assert stripe_stage.channel.cancel("P1") == made
        unknown = stripe_stage.channel.cancel("P404")
        assert unknown == Outcome(AttemptState.UNKNOWN, reason="NOT_FOUND")


class TestListing:
    def test_it_passes_over_transfers_that_are_not_ours(self, stripe_stage: StripeStage) -> None:
        submit(stripe_stage)
        theirs = dict(next(iter(stripe_stage.double.transfers.values())))
        for index, metadata in enumerate(({}, {"order": "7"}), 1):
            stripe_stage.double.transfers[f"tr_{index}"] = {
                **theirs,
                "id": f"tr_{index}",
                "metadata": metadata,
            }
        assert [record.number for record in listed(stripe_stage)] == ["P1"]
        found = stripe_stage.channel.query("P1")
        assert found is not None
        assert found.provider_ref == theirs["id"]

    def test_it_takes_half_a_list_for_none(self, stripe_stage: StripeStage) -> None:
        for number in range(110):
            submit(stripe_stage, f"P{number}")
        stripe_stage.double.script(None, server.DROP_BEFORE_EFFECT)
        with pytest.raises(ListUnavailable):
            listed(stripe_stage)
        assert len(listed(stripe_stage)) == 110

    def test_it_lists_by_the_time_of_making(self, stripe_stage: StripeStage) -> None:
        begun = stripe_stage.now()
        submit(stripe_stage, "P1")
        stripe_stage.double.advance(3600)
        submit(stripe_stage, "P2")
        later = stripe_stage.channel.records(begun + HOUR / 2, begun + 2 * HOUR)
        [record] = later or []
        assert record.number == "P2"
        assert record.at is not None
        assert record.at.utcoffset() == timedelta(0)
