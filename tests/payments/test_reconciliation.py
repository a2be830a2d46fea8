"""Comparing with the providers' lists at night: what differs, and the midnight between."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel import jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.kernel.settings import EXTENSION, settings
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments.models import (
    Payment,
    PaymentDifference,
    PaymentReconciliation,
)
from groupbuy.payments.providers.wechat_pay import number_of
from tests.doubles import server
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make
from tests.payments.comparing import (
    DAY,
    NIGHT,
    at_night,
    change,
    compared,
    found,
    paid,
    refunded,
)


class TestNight:
    def test_it_matches_a_day_and_says_what_the_provider_took(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = paid(wechat_pay, clock, amount_fen=10_000)
        refunded(wechat_pay, payment, 2_500, clock)
        paid(wechat_pay, clock, amount_fen=333)
        at_night(wechat_pay, clock)
        one = compared()
        assert (one.state, one.matched, one.differing, one.requested_by) == ("done", 3, 0, "system")
        assert (one.paid_fen, one.refunded_fen, one.fee_fen) == (10_333, 2_500, 60 + 2 - 15)
        assert found() == []

    def test_it_finds_each_kind_of_difference_both_ways(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        lost, cheaper, unknown = (paid(wechat_pay, clock) for _ in range(3))
        refunded(wechat_pay, cheaper, 700, clock)
        del wechat_pay.orders[str(lost.provider_ref)]
        wechat_pay.orders[str(cheaper.provider_ref)].received = 4_000
        wechat_pay.orders["elsewhere1234567"] = wechat_pay.orders.pop(str(unknown.provider_ref))
        [number] = wechat_pay.refunds
        wechat_pay.refunds[number]["status"] = "CLOSED"
        wechat_pay.refunds["console-1"] = wechat_pay.refunds[number] | {
            "out_refund_no": "console-1",
            "status": "SUCCESS",
        }
        at_night(wechat_pay, clock)
        assert found() == sorted(
            [
                ("amount_mismatch", str(cheaper.provider_ref), 5_000, 4_000),
                ("missing_at_provider", str(lost.provider_ref), 5_000, None),
                ("missing_at_provider", str(unknown.provider_ref), 5_000, None),
                ("missing_here", "console-1", None, 700),
                ("missing_here", "elsewhere1234567", None, 5_000),
                ("status_mismatch", number, 700, 700),
            ]
        )
        assert compared().differing == 6

    def test_it_compares_with_stripes_charges_and_refunds_page_by_page(
        self, app: Flask, stripe: StripeDouble, clock: ManualClock
    ) -> None:
        stripe.clock = clock.now().timestamp()
        for number in range(3):
            payment = make.begun_payment(f"thing-{number}")
            stripe.pay(str(payment.provider_ref))
            payment_jobs.ask_provider(payment_id=payment.id)
        refund = make.refund(payment, amount_fen=100)
        jobs.run_pending()
        stripe.charges["ch_else"] = stripe.charges[
            stripe.intents[str(payment.provider_ref)]["latest_charge"]
        ] | {"id": "ch_else", "payment_intent": "pi_else"}
        for number in range(120):
            stripe.charges[f"ch_{number}"] = {
                "id": f"ch_{number}",
                "created": int(stripe.clock),
                "status": "failed",
                "payment_intent": None,
                "object": "charge",
            }
        at_night(stripe, clock)
        one = compared(provider="stripe")
        assert (one.state, one.matched, one.differing) == ("done", 4, 1)
        assert (one.paid_fen, one.refunded_fen, one.fee_fen) == (20_000, 100, 600)
        assert found() == [("missing_here", "pi_else", None, 5_000)]
        assert refund.state == "succeeded"

    def test_it_takes_the_payment_in_whose_news_were_lost(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = make.begun_payment(provider="wechatpay", now=clock.now())
        wechat_pay.wall = clock.now().timestamp()
        wechat_pay.pay(number_of(payment.id))
        change(Payment, state="cancelled", cancelled_at=clock.now(), due_at=None)
        at_night(wechat_pay, clock)
        session().refresh(payment)
        assert payment.state == "succeeded"
        assert [kind for kind, *_ in found()] == ["status_mismatch"]
        at_night(wechat_pay, clock, days=1)
        assert found() == []
        [cleared] = session().scalars(select(PaymentDifference)).all()
        assert (cleared.state, cleared.resolved_by) == ("resolved", "system")
        assert cleared.note == f"no longer so by {compared().id}"

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [("15:59", "16:01"), ("16:01", "15:59")],
        ids=["first in our books", "first in their list"],
    )
    def test_it_matches_what_stands_on_both_sides_of_midnight(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock, ours: str, theirs: str
    ) -> None:
        payment = paid(wechat_pay, clock)
        change(Payment, succeeded_at=datetime.fromisoformat(f"2026-03-02T{ours}:00+00:00"))
        at = datetime.fromisoformat(f"2026-03-02T{theirs}:00+00:00").timestamp()
        wechat_pay.orders[number_of(payment.id)].paid_at = at
        for night in range(3):
            at_night(wechat_pay, clock, days=night)
            assert found() == []
        assert compared(DAY).state == compared("2026-03-03").state == "done"

    def test_it_finds_on_the_second_night_what_the_list_never_had(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        clock.at = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
        payment = paid(wechat_pay, clock)
        wechat_pay.orders.clear()
        at_night(wechat_pay, clock)
        assert found() == []
        at_night(wechat_pay, clock, days=1)
        assert [kind for kind, *_ in found()] == ["missing_at_provider"]
        assert payment.state == "succeeded"

    def test_it_catches_up_with_days_whose_list_did_not_come(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        paid(wechat_pay, clock)
        clock.at = NIGHT
        wechat_pay.wall = clock.now().timestamp()
        payment_jobs.reconcile_last_days()
        wechat_pay.script(*[server.DROP_BEFORE_EFFECT] * 40)
        jobs.run_pending()
        assert (compared().state, compared().matched) == ("failed", None)
        assert compared().reason.endswith("no answer")
        wechat_pay._faults.clear()
        at_night(wechat_pay, clock, days=4)
        assert (compared().state, compared().matched) == ("done", 1)
        before = compared().id
        at_night(wechat_pay, clock, days=5)
        assert compared().id == before

    def test_it_has_nothing_to_compare_where_only_demo_money_is(
        self, app: Flask, clock: ManualClock
    ) -> None:
        make.paid_payment()
        clock.at = NIGHT
        payment_jobs.reconcile_last_days()
        assert session().scalars(select(PaymentReconciliation)).all() == []

    def test_it_leaves_out_a_provider_that_is_set_up_no_more(
        self,
        app: Flask,
        stripe: StripeDouble,
        wechat_pay: WeChatPayDouble,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        paid(wechat_pay, clock)
        without = replace(settings(), wechat_pay_api_v3_key="", payment_methods="stripe:card")
        monkeypatch.setitem(app.extensions, EXTENSION, without)
        at_night(stripe, clock)
        compared_with = session().scalars(select(PaymentReconciliation.provider)).all()
        assert set(compared_with) == {"stripe"}

    def test_it_does_nothing_when_the_job_comes_twice(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        paid(wechat_pay, clock)
        at_night(wechat_pay, clock)
        finished = compared().finished_at
        clock.advance(hours=1)
        payment_jobs.reconcile(reconciliation_id=compared().id)
        assert compared().finished_at == finished
