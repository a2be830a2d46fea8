"""Rivals on own connections, interleaving forced."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.payments import services
from groupbuy.payments.errors import (
    PaymentNotParked,
    RefundExceedsPayment,
    RefundNotRepeatable,
    TooManyRefunds,
)
from groupbuy.payments.models import Payment, PaymentRefund, ProviderEvent
from groupbuy.payments.providers.interface import IncomingEvent, RefundStatus
from groupbuy.payments.rules.states import RefundState, ResolutionAction
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed

Announced = list[tuple[str, str]]


def request(reference: str) -> Any:
    return services.request_payment(
        reference=reference, amount_fen=5_000, provider="demo", now=clock.now()
    )


def succeed(payment: Payment, ref: str = "pi_1") -> Any:
    return services.record_success(
        payment_id=payment.id,
        provider_ref=ref,
        amount_fen=payment.amount_fen,
        currency="cny",
        now=clock.now(),
    )


def refund(payment: Payment, amount_fen: int, reference: str) -> Any:
    return services.request_refund(
        payment_id=payment.id,
        amount_fen=amount_fen,
        reason="race",
        reference=reference,
        now=clock.now(),
    )


def reread(payment: Payment) -> Payment:
    session().refresh(payment)
    return payment


class TestPayments:
    def test_it_creates_one_payment_for_many_who_ask_at_once(self, app: Flask) -> None:
        found = at_once(app, [lambda: request("thing")] * 8)
        assert len({payment.id for payment in found}) == 1

    def test_it_returns_the_others_payment_when_it_had_to_wait(self, app: Flask) -> None:
        first, second = second_waits_for_first(
            app, lambda: request("thing"), lambda: request("thing")
        )
        assert first.id == second.id

    def test_it_announces_one_success_of_ten_at_once(
        self, app: Flask, announced: Announced
    ) -> None:
        payment = make.payment()
        at_once(app, [lambda: succeed(payment)] * 10)
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_lets_money_win_over_a_cancellation_whichever_comes_first(self, app: Flask) -> None:
        def cancel() -> None:
            services.cancel_payment(reference="thing", now=clock.now())

        payment = make.payment("thing")
        second_waits_for_first(app, cancel, lambda: succeed(payment))
        assert reread(payment).state == "succeeded"
        other = make.payment("other")
        second_waits_for_first(
            app,
            lambda: succeed(other, "pi_2"),
            lambda: services.cancel_payment(reference="other", now=clock.now()),
        )
        assert reread(other).state == "succeeded"

    def test_it_keeps_one_of_two_payments_of_a_thing_and_gives_the_other_back(
        self, app: Flask, announced: Announced
    ) -> None:
        old = make.payment("thing", amount_fen=5_000)
        new = make.payment("thing", amount_fen=4_000)
        second_waits_for_first(app, lambda: succeed(old, "pi_1"), lambda: succeed(new, "pi_2"))
        assert (reread(old).state, reread(new).state) == ("succeeded", "parked")
        assert new.refunded_fen == 4_000
        assert announced == [("payment_succeeded", old.id)]


class TestRefunds:
    def test_it_never_gives_back_more_than_was_paid(self, app: Flask) -> None:
        paid = make.paid_payment(amount_fen=5_000)
        works = [lambda n=n: refund(paid, 1_500, f"line-{n}") for n in range(10)]
        results = at_once(app, works)
        refused = [result for result in results if isinstance(result, RefundExceedsPayment)]
        assert len(refused) == 7
        assert reread(paid).refunded_fen == 4_500

    def test_it_waits_for_a_rival_and_then_sees_what_is_left(self, app: Flask) -> None:
        paid = make.paid_payment(amount_fen=5_000)
        first, second = second_waits_for_first(
            app, lambda: refund(paid, 3_000, "line-1"), lambda: refund(paid, 3_000, "line-2")
        )
        assert isinstance(first, PaymentRefund)
        assert isinstance(second, RefundExceedsPayment)
        assert second.members == {"refundable_fen": 2_000}

    def test_it_is_one_refund_under_one_reference(self, app: Flask) -> None:
        paid = make.paid_payment(amount_fen=5_000)
        results = at_once(app, [lambda: refund(paid, 1_000, "line-1")] * 6)
        assert len({result.id for result in results}) == 1
        assert reread(paid).refunded_fen == 1_000


class TestDecisions:
    def test_it_decides_about_a_payment_once(self, app: Flask) -> None:
        payment = make.payment("thing")
        with transaction():
            services.record_success(
                payment_id=payment.id,
                provider_ref="demo_1",
                amount_fen=4_999,
                currency="cny",
                now=clock.now(),
            )

        def decide() -> Any:
            return services.resolve_payment(
                payment_id=payment.id,
                action=ResolutionAction.REFUND,
                reason="too little",
                actor=SYSTEM,
                now=clock.now(),
            )

        results = at_once(app, [decide] * 4)
        assert len([one for one in results if isinstance(one, PaymentNotParked)]) == 3
        assert reread(payment).refunded_fen == 4_999

    def test_it_repeats_a_failed_refund_once(self, app: Flask) -> None:
        paid = make.paid_payment(amount_fen=5_000)
        with transaction():
            failed = services.request_refund(
                payment_id=paid.id,
                amount_fen=2_000,
                reason="late_payment",
                reference="late:1",
                automatic=True,
                now=clock.now(),
            )
            status = RefundStatus(None, failed.id, RefundState.FAILED, 2_000, "closed account")
            services.record_refund_result(refund_id=failed.id, status=status, now=clock.now())
        results = at_once(
            app,
            [lambda: services.retry_refund(refund_id=failed.id, actor=SYSTEM, now=clock.now())] * 4,
        )
        assert len([one for one in results if isinstance(one, RefundNotRepeatable)]) == 3
        assert reread(paid).refunded_fen == 2_000

    def test_it_gives_fifty_parts_back_and_no_more_when_many_ask_at_once(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        payment = make.begun_payment(provider="wechatpay")
        with transaction():
            succeed(payment, str(payment.provider_ref))
        for number in range(47):
            make.refund(payment, amount_fen=1, reference=f"part-{number}")
        works = [lambda n=n: refund(payment, 1, f"more-{n}") for n in range(8)]
        results = at_once(app, works)
        assert len([one for one in results if isinstance(one, TooManyRefunds)]) == 5
        assert reread(payment).refunded_fen == 50


class TestEvents:
    def test_it_handles_an_event_once_that_two_jobs_took_up(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = make.begun_payment()
        paid = stripe.pay(str(payment.provider_ref))
        now: datetime = clock.now()
        incoming = IncomingEvent(paid["id"], paid["type"], None, False, paid)
        at_once(
            app,
            [lambda: services.store_event(provider="stripe", event=incoming, now=now)] * 4,
        )
        event = session().scalars(select(ProviderEvent)).one()
        second_waits_for_first(
            app,
            lambda: services.handle_event(event_id=event.id, now=now),
            lambda: services.handle_event(event_id=event.id, now=now),
        )
        session().refresh(event)
        assert (event.state, event.attempts) == ("handled", 1)
        assert announced == [("payment_succeeded", payment.id)]
