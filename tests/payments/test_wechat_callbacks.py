"""POST /webhooks/wechatpay: verified, opened, stored once, answered as WeChat Pay expects."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from groupbuy.kernel import jobs
from groupbuy.kernel.db import session
from groupbuy.payments.models import Payment, ProviderEvent
from groupbuy.payments.providers.registry import provider_named
from groupbuy.payments.providers.wechat_pay import number_of
from tests.doubles.stripe import Delivery
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make

PATH = "/webhooks/wechatpay"


def deliver(app: Flask, one: Delivery) -> Any:
    client = app.test_client(use_cookies=False)
    return client.post(PATH, data=one.body, headers=one.headers)


def handle(app: Flask, double: WeChatPayDouble) -> None:
    for one in double.webhooks():
        assert deliver(app, one).status_code == 204
    jobs.run_pending()


def event_of(double: WeChatPayDouble) -> Any:
    payment = make.begun_payment(provider="wechatpay")
    return double.pay(number_of(payment.id))


def payer_of(payment: Payment) -> str | None:
    """Return who paid as WeChat Pay says when it is asked."""
    return provider_named("wechatpay").fetch(str(payment.provider_ref)).payer_ref


def stored() -> int:
    return session().scalar(select(func.count()).select_from(ProviderEvent)) or 0


def changed(one: Delivery, **headers: str) -> Delivery:
    return Delivery(one.body, one.headers | headers)


class TestReceiving:
    def test_it_answers_without_a_body_and_keeps_what_was_told_opened(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        event = event_of(wechat_pay)
        answer = deliver(app, wechat_pay.signed(event))
        assert (answer.status_code, answer.data) == (204, b"")
        kept = session().scalars(select(ProviderEvent)).one()
        assert (kept.event_id, kept.kind) == (event["id"], "TRANSACTION.SUCCESS")
        assert (kept.account, kept.state) == ("1900000001", "received")
        assert kept.payload["told"]["trade_state"] == "SUCCESS"

    @pytest.mark.parametrize(
        "forge",
        [
            lambda double, event: double.signed(event, whose="stranger"),
            lambda double, event: double.signed(event, age_seconds=301),
            lambda double, event: double.signed(event, age_seconds=-310),
            lambda double, event: double.signed(
                event, api_v3_key="another key of 32 characters ..."
            ),
            lambda double, event: Delivery(
                double.signed(event).body + b" ", double.signed(event).headers
            ),
            lambda double, event: Delivery(double.signed(event).body, {}),
            lambda double, event: changed(
                double.signed(event), **{"Wechatpay-Signature": "WECHATPAY/SIGNTEST/AAAA"}
            ),
            lambda double, event: changed(
                double.signed(event), **{"Wechatpay-Serial": "PUB_KEY_ID_OTHER"}
            ),
            lambda double, event: changed(
                double.signed(event), **{"Wechatpay-Timestamp": "yesterday"}
            ),
            lambda double, event: double.signed({**event, "id": 7}),
            lambda double, event: double.signed({**event, "resource": []}),
        ],
        ids=[
            "another's key",
            "old",
            "of the future",
            "sealed under another key",
            "changed body",
            "unsigned",
            "probe",
            "another serial",
            "garbled timestamp",
            "no id",
            "tells nothing",
        ],
    )
    def test_it_refuses_what_wechat_pay_did_not_send_just_now(
        self, app: Flask, wechat_pay: WeChatPayDouble, forge: Any
    ) -> None:
        answer = deliver(app, forge(wechat_pay, event_of(wechat_pay)))
        assert answer.status_code == 400
        assert answer.json == {"code": "FAIL", "message": "回调签名无效"}
        assert stored() == 0

    def test_it_accepts_a_signature_almost_five_minutes_old(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        event = event_of(wechat_pay)
        assert deliver(app, wechat_pay.signed(event, age_seconds=295)).status_code == 204

    def test_it_refuses_everything_when_it_is_not_set_up(self, app: Flask) -> None:
        double = WeChatPayDouble()
        answer = deliver(app, double.signed(double.event("TRANSACTION.SUCCESS", {})))
        assert (answer.status_code, answer.json["code"]) == (409, "FAIL")
        double._server.server_close()

    def test_it_stores_a_replayed_callback_once(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        one = wechat_pay.signed(event_of(wechat_pay))
        assert [deliver(app, one).status_code for _ in range(10)] == [204] * 10
        assert stored() == 1

    def test_it_delivers_over_a_socket_what_the_double_signs(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        delivery = wechat_pay.signed(event_of(wechat_pay))
        assert wechat_pay.send(delivery, wechat_pay.url + "/webhooks") == 401


class TestHandling:
    def test_it_records_the_payment_with_who_paid(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        event_of(wechat_pay)
        handle(app, wechat_pay)
        payment = session().scalars(select(Payment)).one()
        assert (payment.state, payment.payer_ref) == ("succeeded", payer_of(payment))
        assert make.PAYER not in str(session().scalars(select(ProviderEvent.payload)).all())

    def test_it_parks_the_news_of_a_refund_that_needs_a_person(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        event_of(wechat_pay)
        handle(app, wechat_pay)
        wechat_pay.refunds_settle = False
        refund = make.refund(session().scalars(select(Payment)).one())
        jobs.run_pending()
        wechat_pay.settle_refund(refund.id, "ABNORMAL")
        handle(app, wechat_pay)
        session().refresh(refund)
        parked = select(ProviderEvent.note).where(ProviderEvent.state == "parked")
        assert session().scalars(parked).all() == ["ABNORMAL"]
        assert (refund.state, refund.note) == ("submitted", "ABNORMAL")
        wechat_pay.settle_refund(refund.id, "CLOSED")
        handle(app, wechat_pay)
        session().refresh(refund)
        assert (refund.state, refund.note) == ("failed", "CLOSED")

    def test_it_ignores_events_that_are_nothing_to_us(
        self, app: Flask, wechat_pay: WeChatPayDouble
    ) -> None:
        deliver(app, wechat_pay.signed(wechat_pay.event("COUPON.USE", {"coupon_id": "1"})))
        jobs.run_pending()
        assert session().scalars(select(ProviderEvent.note)).one() == "ignored"
