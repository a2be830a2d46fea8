"""WeChat Pay through our client, over a socket: orders, what the phone needs, refunds, bills."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock, jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.settings import EXTENSION, settings
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments import services
from groupbuy.payments.errors import (
    PaymentMethodUnavailable,
    ProviderUnavailable,
    TooManyRefunds,
)
from groupbuy.payments.models import Payment
from groupbuy.payments.providers.interface import ListUnavailable
from groupbuy.payments.providers.registry import provider_named
from groupbuy.payments.providers.wechat_pay import number_of
from groupbuy.payments.rules.states import Outcome, PaymentState, Subject
from tests.doubles import server, wechat_keys
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make

DAY = timedelta(days=1)


def begun(**options: Any) -> Payment:
    return make.begun_payment(provider="wechatpay", **options)


def paid(double: WeChatPayDouble, **options: Any) -> Payment:
    """Have a payment that we asked about once it was paid."""
    payment = begun(**options)
    double.pay(number_of(payment.id))
    payment_jobs.ask_provider(payment_id=payment.id)
    session().refresh(payment)
    assert payment.state == "succeeded"
    return payment


def start(payment: Payment) -> Payment:
    started = services.start(payment, payer=make.PAYER, now=clock.now())
    with transaction():
        return services.record_start(payment_id=payment.id, started=started, now=clock.now())


class TestOrdering:
    def test_it_orders_under_our_number_and_signs_what_the_phone_needs(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        payment = begun(reference="ord_12345678", amount_fen=12_345)
        [(number, order)] = wechat_pay.orders.items()
        assert (payment.state, payment.method) == ("pending", "jsapi")
        assert number == payment.provider_ref == payment.id.removeprefix("pay_")
        assert order.asked["amount"] == {"total": 12_345, "currency": "CNY"}
        assert order.asked["payer"] == {"openid": make.PAYER}
        assert order.asked["time_expire"] == "2026-03-02T09:05:00+08:00"
        assert order.asked["notify_url"] == wechat_keys.NOTIFY_URL
        assert wechat_pay.phone_accepts(payment.client_parameters)
        assert make.PAYER not in str(vars(payment))

    def test_it_takes_money_until_the_order_expires(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        with transaction():
            payment = services.request_payment(
                reference="thing",
                amount_fen=100,
                provider="wechatpay",
                payable_until=clock.now() + timedelta(minutes=30),
                now=clock.now(),
            )
        start(payment)
        [order] = wechat_pay.orders.values()
        assert order.asked["time_expire"] == "2026-03-02T09:30:00+08:00"

    def test_it_signs_anew_when_resumed_without_asking(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = begun()
        first = dict(payment.client_parameters)
        clock.advance(minutes=119)
        again = start(payment).client_parameters
        assert (again["package"], len(wechat_pay.seen)) == (first["package"], 1)
        assert (again["nonceStr"], again["paySign"]) != (first["nonceStr"], first["paySign"])
        assert wechat_pay.phone_accepts(again)

    def test_it_orders_the_same_again_once_the_prepay_id_is_too_old(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = begun()
        first = dict(payment.client_parameters)
        clock.advance(minutes=120)
        wechat_pay.wall += 7200
        assert not wechat_pay.phone_accepts(first)
        again = start(payment)
        assert again.client_parameters["package"] != first["package"]
        assert wechat_pay.phone_accepts(again.client_parameters)
        assert len(wechat_pay.orders) == 1
        assert start(payment).client_parameters["package"] == again.client_parameters["package"]

    @pytest.mark.parametrize(
        "fault",
        [
            server.DROP_BEFORE_EFFECT,
            server.DROP_AFTER_EFFECT,
            server.ERROR_AFTER_EFFECT,
            server.TOO_MANY,
            server.FORGED,
            server.STALE,
        ],
        ids=lambda fault: fault.kind.value,
    )
    def test_it_repeats_the_order_under_its_number_when_the_answer_is_lost(
        self, app: Flask, wechat_pay: WeChatPayDouble, fault: server.Fault
    ) -> None:
        payment = make.payment(provider="wechatpay")
        wechat_pay.script(fault)
        with pytest.raises(ProviderUnavailable):
            start(payment)
        assert start(payment).state == "pending"
        assert list(wechat_pay.orders) == [number_of(payment.id)]

    def test_it_hears_that_it_was_paid_when_it_begins_again(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        payment = make.payment(provider="wechatpay")
        wechat_pay.script(server.DROP_AFTER_EFFECT)
        with pytest.raises(ProviderUnavailable):
            start(payment)
        wechat_pay.pay(number_of(payment.id))
        assert start(payment).state == "pending"
        payment_jobs.ask_provider(payment_id=payment.id)
        session().refresh(payment)
        assert payment.state == "succeeded"

    def test_it_does_not_know_when_its_number_was_used_for_another_order(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        payment = make.payment(provider="wechatpay")
        services.start(payment, payer="somebody", now=clock.now())
        with pytest.raises(ProviderUnavailable):
            start(payment)

    def test_it_fails_on_a_definite_refusal(self, app: Flask, wechat_pay: WeChatPayDouble) -> None:
        refused, closed = make.payment("a", provider="wechatpay"), begun(reference="b")
        started = services.start(refused, payer="", now=clock.now())
        with transaction():
            services.record_start(payment_id=refused.id, started=started, now=clock.now())
        assert (refused.state, refused.note) == ("failed", "PARAM_ERROR")
        wechat_pay.move_order(number_of(closed.id), "CLOSED")
        assert provider_named("wechatpay").start(closed, make.PAYER).note == "ORDER_CLOSED"

    def test_it_is_refused_as_a_stranger_with_another_key(
        self, app: Flask, wechat_pay: WeChatPayDouble, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = replace(settings(), wechat_pay_key=wechat_keys.private_pem("stranger"))
        monkeypatch.setitem(app.extensions, EXTENSION, wrong)
        with pytest.raises(ProviderUnavailable):
            start(make.payment(provider="wechatpay"))
        assert wechat_pay.orders == {}

    def test_it_is_not_there_without_its_keys(self, app: Flask) -> None:
        with pytest.raises(PaymentMethodUnavailable) as refusal:
            make.payment(provider="wechatpay")
        assert refusal.value.code == "payment-method-unavailable"

    def test_it_shows_no_key(self, app: Flask, wechat_pay: WeChatPayDouble) -> None:
        shown = repr(provider_named("wechatpay"))
        assert wechat_keys.API_V3_KEY not in shown
        assert "PRIVATE" not in shown


class TestAsking:
    @pytest.mark.parametrize(
        ("said", "state", "declined"),
        [
            ("NOTPAY", PaymentState.PENDING, False),
            ("USERPAYING", PaymentState.PENDING, False),
            ("PAYERROR", PaymentState.PENDING, True),
            ("CLOSED", PaymentState.CANCELLED, False),
            ("REVOKED", PaymentState.CANCELLED, False),
        ],
    )
    def test_it_reads_every_state(
        self,
        app: Flask,
        wechat_pay: WeChatPayDouble,
        said: str,
        state: PaymentState,
        declined: bool,
    ) -> None:
        payment = begun()
        wechat_pay.move_order(number_of(payment.id), said)
        status = provider_named("wechatpay").fetch(str(payment.provider_ref))
        assert (status.state, status.declined, status.foreign) == (state, declined, "")

    def test_it_learns_who_paid_and_takes_a_refunded_one_for_paid(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        payment = paid(wechat_pay)
        assert str(payment.payer_ref).startswith("wechat:")
        assert make.PAYER not in str(payment.payer_ref)
        assert paid(wechat_pay).payer_ref == payment.payer_ref
        make.refund(payment)
        jobs.run_pending()
        status = provider_named("wechatpay").fetch(str(payment.provider_ref))
        assert (status.state, status.amount_fen) == (PaymentState.SUCCEEDED, 5_000)

    def test_it_waits_for_a_state_that_lags_behind(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = begun()
        number = number_of(payment.id)
        wechat_pay.pay(number)
        wechat_pay.lag(number, "USERPAYING")
        payment_jobs.ask_provider(payment_id=payment.id)
        assert payment.state == "pending"
        wechat_pay.lag(number, None)
        clock.advance(minutes=5)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        session().refresh(payment)
        assert payment.state == "succeeded"

    @pytest.mark.parametrize(
        ("named", "note"),
        [
            ({"mchid": "1999999999"}, "for the merchant 1999999999, not ours"),
            ({"appid": "wx-other"}, "for the app wx-other, not ours"),
        ],
    )
    def test_it_parks_what_was_paid_to_somebody_else(
        self, app: Flask, wechat_pay: WeChatPayDouble, named: dict[str, str], note: str
    ) -> None:
        payment = begun()
        wechat_pay.pay(number_of(payment.id), named=named)
        payment_jobs.ask_provider(payment_id=payment.id)
        session().refresh(payment)
        assert (payment.state, payment.note, payment.received_fen) == ("parked", note, None)


class TestRefunding:
    def test_it_refunds_under_the_refunds_id(self, app: Flask, wechat_pay: WeChatPayDouble) -> None:
        refund = make.refund(paid(wechat_pay), amount_fen=1_234)
        jobs.run_pending()
        [(number, made)] = wechat_pay.refunds.items()
        assert (number, made["amount"]["refund"]) == (refund.id, 1_234)
        assert (refund.state, refund.provider_ref) == ("succeeded", made["refund_id"])
        assert refund.accepted_at == clock.now()

    def test_it_waits_while_our_balance_there_is_too_small(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = paid(wechat_pay)
        wechat_pay.refund_balance_fen = 999
        refund = make.refund(payment)
        jobs.run_pending()
        session().refresh(refund)
        assert (refund.state, refund.note) == ("requested", "NOT_ENOUGH")
        wechat_pay.refund_balance_fen = 1_000
        clock.advance(hours=1)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        session().refresh(refund)
        assert (refund.state, refund.note, refund.attempts) == ("succeeded", "", 2)

    def test_it_fails_when_less_is_left_there_than_in_our_books(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        payment = paid(wechat_pay)
        wechat_pay.orders[number_of(payment.id)].received = 999
        refund = make.refund(payment)
        jobs.run_pending()
        session().refresh(payment)
        assert (refund.state, refund.note, payment.refunded_fen) == ("failed", "PARAM_ERROR", 0)

    def test_it_fails_when_wechat_pay_closes_it(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = paid(wechat_pay)
        wechat_pay.refunds_settle = False
        refund = make.refund(payment)
        jobs.run_pending()
        assert refund.state == "submitted"
        wechat_pay.settle_refund(refund.id, "CLOSED")
        clock.advance(hours=1)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        session().refresh(payment)
        assert (refund.state, refund.note, payment.refunded_fen) == ("failed", "CLOSED", 0)

    def test_it_shows_what_does_not_go_on_and_ends_once_staff_acted(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = paid(wechat_pay)
        wechat_pay.refunds_settle = False
        refund = make.refund(payment)
        jobs.run_pending()
        wechat_pay.settle_refund(refund.id, "ABNORMAL")
        clock.advance(hours=1)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        session().refresh(refund)
        assert (refund.state, refund.note) == ("submitted", "ABNORMAL")
        wechat_pay.settle_refund(refund.id, "SUCCESS")
        clock.advance(hours=2)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        session().refresh(refund)
        assert (refund.state, refund.note) == ("succeeded", "")

    def test_it_gives_a_payment_back_in_fifty_parts_and_no_more(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        payment = paid(wechat_pay)
        for _ in range(50):
            make.refund(payment, amount_fen=1)
        with pytest.raises(TooManyRefunds) as refusal:
            make.refund(payment, amount_fen=1)
        assert (refusal.value.code, refusal.value.members) == ("too-many-refunds", {"limit": 50})
        session().refresh(payment)
        assert payment.refunded_fen == 50

    def test_it_does_not_take_other_faults_for_a_no(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        refund = make.refund(paid(wechat_pay))
        wechat_pay.say(403, b'{"code": "NO_AUTH"}')
        with pytest.raises(ProviderUnavailable):
            jobs.run_pending()
        jobs.run_pending()
        assert refund.state == "succeeded"


class TestBills:
    def test_it_lists_each_whole_day_of_beijing(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        wechat_pay.wall = clock.now().timestamp()
        payment = paid(wechat_pay, amount_fen=10_000)
        refund = make.refund(payment, amount_fen=2_500)
        jobs.run_pending()
        wechat_pay.wall += 86_400
        provider = provider_named("wechatpay")
        midnight = settings().calendar.midnight(settings().calendar.day_of(clock.now()))
        listed = list(provider.records(midnight - DAY, midnight + DAY) or ())
        assert [(one.subject, one.number, one.amount_fen) for one in listed] == [
            (Subject.PAYMENT, payment.provider_ref, 10_000),
            (Subject.REFUND, refund.id, 2_500),
        ]
        assert {one.state for one in listed} == {Outcome.SUCCEEDED}
        assert [one.fee_fen for one in listed] == [60, -15]
        assert listed[0].at == clock.now()
        assert list(provider.records(midnight, midnight + DAY - timedelta(seconds=1)) or ()) == []

    def test_it_refuses_a_file_that_is_not_the_promised_bill(
        self,
        app: Flask,
        wechat_pay: WeChatPayDouble,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        wechat_pay.wall = clock.now().timestamp()
        paid(wechat_pay)
        wechat_pay.wall += 86_400
        genuine, calls = wechat_pay.bill, []

        def changing(day: str) -> bytes:
            calls.append(day)
            return genuine(day) + b" " * len(calls)

        monkeypatch.setattr(wechat_pay, "bill", changing)
        midnight = settings().calendar.midnight(settings().calendar.day_of(clock.now()))
        with pytest.raises(ListUnavailable, match="not the bill that was promised"):
            list(provider_named("wechatpay").records(midnight, midnight + DAY) or ())

    @pytest.mark.parametrize("fault", [server.DROP_BEFORE_EFFECT, server.TOO_MANY])
    def test_it_says_when_no_bill_came(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock, fault: server.Fault
    ) -> None:
        wechat_pay.script(fault)
        midnight = settings().calendar.midnight(settings().calendar.day_of(clock.now()))
        with pytest.raises(ListUnavailable, match="2026-03-02"):
            list(provider_named("wechatpay").records(midnight, midnight + DAY) or ())
