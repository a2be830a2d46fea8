"""What every provider owes us, whichever it is: the same stories told at each of them."""

import random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from groupbuy.kernel import clock, jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments import services
from groupbuy.payments.errors import ProviderUnavailable
from groupbuy.payments.models import Payment, ProviderEvent
from tests.doubles import server
from tests.doubles.server import Fault
from tests.factories import payments as make
from tests.payments.stages import DemoStage, RemoteStage, Stage, StripeStage, WeChatStage

Announced = list[tuple[str, str]]
REMOTE = {"stripe": (StripeStage, "stripe"), "wechatpay": (WeChatStage, "wechat_pay")}


@pytest.fixture(params=REMOTE)
def remote(app: Flask, request: pytest.FixtureRequest) -> RemoteStage:
    """Each provider that has a party behind it."""
    stage, double = REMOTE[request.param]
    made: RemoteStage = stage(app, request.getfixturevalue(double))
    return made


@pytest.fixture(params=["demo", *REMOTE])
def stage(app: Flask, request: pytest.FixtureRequest) -> Stage:
    """Each provider there is."""
    if request.param == "demo":
        return DemoStage()
    stage, double = REMOTE[request.param]
    made: Stage = stage(app, request.getfixturevalue(double))
    return made


def asked(stage: Stage, reference: str = "", *, amount_fen: int = 5_000) -> Payment:
    """Have something to be paid, begun where beginning is not paying already."""
    if stage.name == "demo":
        return make.payment(reference, amount_fen=amount_fen)
    return make.begun_payment(reference, provider=stage.name, amount_fen=amount_fen)


def paid(stage: Stage, reference: str = "", *, amount_fen: int = 5_000) -> Payment:
    payment = asked(stage, reference, amount_fen=amount_fen)
    stage.pay(payment)
    stage.tell()
    return reread(payment)


def reread(payment: Payment) -> Payment:
    session().refresh(payment)
    return payment


def cancel(reference: str) -> None:
    with transaction():
        services.cancel_payment(reference=reference, now=clock.now())


class TestPaying:
    def test_it_is_paid_once_however_often_and_in_whatever_order_it_is_told(
        self, stage: Stage, announced: Announced
    ) -> None:
        payments = [asked(stage, f"thing-{number}") for number in range(4)]
        for payment in payments:
            stage.pay(payment)
        dice = random.Random(7)
        stage.tell(times=10, order=lambda events: dice.sample(events, len(events)))
        assert {reread(payment).state for payment in payments} == {"succeeded"}
        assert {payment.received_fen for payment in payments} == {5_000}
        assert sorted(announced) == sorted(("payment_succeeded", p.id) for p in payments)

    def test_it_counts_although_we_had_cancelled_it(
        self, stage: Stage, announced: Announced
    ) -> None:
        payment = asked(stage, "thing")
        stage.pay(payment)
        cancel("thing")
        stage.tell()
        assert reread(payment).state == "succeeded"
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_gives_the_second_of_two_payments_back_by_itself(
        self, stage: Stage, announced: Announced
    ) -> None:
        first = asked(stage, "thing", amount_fen=5_000)
        stage.pay(first)
        second = asked(stage, "thing", amount_fen=4_000)
        stage.pay(second)
        stage.tell(order=lambda events: events[::-1])
        assert sorted([reread(first).state, reread(second).state]) == ["parked", "succeeded"]
        back = first if first.state == "parked" else second
        assert (back.refunded_fen, back.resolved_at) == (back.amount_fen, clock.now())
        assert [fact for fact, _ in announced] == ["payment_succeeded", "refund_succeeded"]

    @pytest.mark.parametrize("received", [4_999, 5_001])
    def test_it_parks_another_amount_until_somebody_decides(
        self, stage: Stage, announced: Announced, received: int
    ) -> None:
        payment = asked(stage)
        stage.pay(payment, received=received)
        stage.tell(times=2)
        assert reread(payment).state == "parked"
        assert (payment.received_fen, payment.resolved_at) == (received, None)
        assert announced == []


class TestRefunding:
    def test_it_gives_parts_back_to_the_fen(self, stage: Stage, announced: Announced) -> None:
        payment = paid(stage, amount_fen=1_000)
        parts = [make.refund(payment, amount_fen=fen) for fen in (333, 333, 333, 1)]
        stage.tell()
        assert [session().merge(part, load=True).state for part in parts] == ["succeeded"] * 4
        assert reread(payment).refunded_fen == 1_000
        if stage.name != "demo":
            assert stage.given_back() == [333, 333, 333, 1]
        assert len(announced) == 5

    @pytest.mark.parametrize(
        "fault",
        [
            server.DROP_BEFORE_EFFECT,
            server.DROP_AFTER_EFFECT,
            server.ERROR_AFTER_EFFECT,
            server.TOO_MANY,
        ],
        ids=lambda fault: fault.kind.value,
    )
    def test_it_gives_back_once_under_one_number_when_the_answer_is_lost(
        self, remote: RemoteStage, announced: Announced, fault: Fault
    ) -> None:
        payment = paid(remote)
        refund = make.refund(payment)
        remote.fail_next(fault)
        with pytest.raises(ProviderUnavailable):
            jobs.run_pending()
        remote.tell()
        assert (refund.state, remote.given_back()) == ("succeeded", [1_000])
        assert announced[1:] == [("refund_succeeded", refund.id)]


class TestNews:
    def test_it_takes_a_payment_that_is_told_before_we_recorded_that_it_began(
        self, remote: RemoteStage, announced: Announced
    ) -> None:
        payment = make.payment(provider=remote.name)
        started = services.start(payment, payer=make.PAYER, now=clock.now())
        payment.provider_ref = started.provider_ref
        remote.pay(payment)
        session().expire(payment)
        remote.tell()
        with transaction():
            services.record_start(payment_id=payment.id, started=started, now=clock.now())
        assert reread(payment).state == "succeeded"
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_lets_news_wait_whose_payment_is_not_there_yet(
        self, remote: RemoteStage, clock: ManualClock, announced: Announced
    ) -> None:
        payment = asked(remote)
        remote.pay(payment)
        with transaction():
            session().execute(text("delete from payments"))
        session().expunge(payment)
        remote.tell()
        event = session().scalars(select(ProviderEvent)).one()
        assert (event.state, event.note) == ("waiting", "unknown payment")
        with transaction():
            session().merge(payment)
        clock.advance(minutes=2)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        assert (event.state, event.attempts) == ("handled", 2)
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_lets_news_of_other_systems_wait_for_ever(
        self, remote: StripeStage | WeChatStage
    ) -> None:
        remote.deliver(remote.double.signed(remote.unknown()))
        jobs.run_pending()
        assert session().scalars(select(ProviderEvent.state)).one() == "waiting"


class TestCancelling:
    def test_it_takes_no_money_there_once_it_is_cancelled_here(
        self, remote: RemoteStage, clock: ManualClock
    ) -> None:
        payment = asked(remote, "thing")
        cancel("thing")
        assert jobs.run_pending() == 1
        assert (reread(payment).state, payment.due_at) == ("cancelled", None)
        before = len(remote.double.seen)
        clock.advance(hours=5)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        assert len(remote.double.seen) == before

    def test_it_counts_when_the_shopper_was_faster(
        self, remote: RemoteStage, announced: Announced
    ) -> None:
        payment = asked(remote, "thing")
        remote.pay(payment)
        cancel("thing")
        jobs.run_pending()
        assert reread(payment).state == "succeeded"
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_tries_again_when_no_answer_comes(
        self, remote: RemoteStage, clock: ManualClock
    ) -> None:
        payment = asked(remote, "thing")
        cancel("thing")
        remote.fail_next(server.DROP_BEFORE_EFFECT)
        with pytest.raises(ProviderUnavailable):
            jobs.run_pending()
        clock.advance(minutes=2)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        assert reread(payment).due_at is None

    def test_it_is_cancelled_there_too_when_it_was_begun_while_we_cancelled(
        self, remote: RemoteStage
    ) -> None:
        payment = make.payment("thing", provider=remote.name)
        started = services.start(payment, payer=make.PAYER, now=clock.now())
        cancel("thing")
        with transaction():
            services.record_start(payment_id=payment.id, started=started, now=clock.now())
        assert jobs.run_pending() == 1
        assert (reread(payment).state, payment.due_at) == ("cancelled", None)


def test_it_has_one_effect_of_many_events_in_any_order(
    remote: RemoteStage, announced: Announced
) -> None:
    payments = [asked(remote, f"many-{number}") for number in range(20)]
    for payment in payments:
        remote.pay(payment)
    dice = random.Random(20261122)

    def shuffled(events: list[Any]) -> list[Any]:
        return dice.sample(events, len(events))

    remote.tell(times=10, order=shuffled)
    assert len(announced) == 20
    assert {reread(payment).state for payment in payments} == {"succeeded"}
