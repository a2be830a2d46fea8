"""What headquarters decides: parked payments, refused refunds; and the ways to pay on offer."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel import clock, jobs
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.settings import EXTENSION, settings
from groupbuy.payments import services
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.providers.interface import ProviderStatus, RefundStatus
from groupbuy.payments.rules.states import PaymentState, RefundState
from tests.client import Answer, Api
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make
from tests.journeys.headquarters import Shop, made

Announced = list[tuple[str, str]]


def reported(
    payment: Payment, *, fen: int = 5_000, currency: str = "cny", foreign: str = ""
) -> Payment:
    """Have its provider say that it was paid."""
    status = ProviderStatus(
        provider_ref=f"demo_{payment.id}",
        payment_id=payment.id,
        state=PaymentState.SUCCEEDED,
        amount_fen=fen,
        currency=currency,
        foreign=foreign,
    )
    with transaction():
        return services.record_status(payment_id=payment.id, status=status, now=clock.now())


def decide(api: Api, payment: Payment, action: str) -> Answer:
    body = {"action": action, "reason": "counted twice"}
    return api.staff("finance").post(f"/hq/payments/{payment.id}/resolution", body)


class TestResolution:
    """/hq/payments/{id}/resolution"""

    def test_it_is_for_finance(self, api: Api) -> None:
        payment = reported(make.payment(), fen=1)
        path = f"/hq/payments/{payment.id}/resolution"
        body = {"action": "refund", "reason": "x"}
        assert api.anonymous.post(path, body).status_code == 401
        for caller in (api.shopper("zed"), api.staff("auditor"), api.staff("operator")):
            assert caller.post(path, body).status_code == 403

    @pytest.mark.parametrize("fen", [4_999, 5_001])
    def test_it_gives_back_what_came_and_lets_it_be_paid_again(
        self, api: Api, announced: Announced, fen: int
    ) -> None:
        payment = reported(make.payment("thing"), fen=fen)
        hua = api.staff("finance")
        [listed] = hua.get("/hq/payments", undecided="true").json["items"]
        assert (listed["id"], listed["received_fen"]) == (payment.id, fen)
        answer = decide(api, payment, "refund")
        assert (answer.status_code, answer.json["state"]) == (200, "parked")
        assert answer.json["refunded_fen"] == fen
        jobs.run_pending()
        assert [fact for fact, _ in announced] == ["refund_succeeded"]
        assert hua.get("/hq/payments", undecided="true").json["items"] == []
        assert make.payment("thing").id != payment.id
        [decision] = hua.get(f"/hq/payments/{payment.id}/resolution").json["items"]
        assert (decision["action"], decision["reason"]) == ("refund", "counted twice")
        assert decision["decided_by"] == hua.id
        entry = (
            session().scalars(select(AuditEntry).where(AuditEntry.action == "payment.refund")).one()
        )
        assert (entry.subject, entry.facts) == (payment.id, {"reason": "counted twice"})

    def test_it_lets_more_than_was_asked_count_and_gives_the_surplus_back(
        self, api: Api, announced: Announced
    ) -> None:
        payment = reported(make.payment(), fen=5_300)
        answer = decide(api, payment, "accept")
        assert (answer.json["state"], answer.json["refunded_fen"]) == ("succeeded", 300)
        jobs.run_pending()
        assert [fact for fact, _ in announced] == ["payment_succeeded", "refund_succeeded"]
        make.refund(payment, amount_fen=5_000)

    @pytest.mark.parametrize(("fen", "currency"), [(4_999, "cny"), (5_000, "usd")])
    def test_it_does_not_let_less_count_or_another_currency(
        self, api: Api, announced: Announced, fen: int, currency: str
    ) -> None:
        payment = reported(make.payment(), fen=fen, currency=currency)
        answer = decide(api, payment, "accept")
        assert (answer.status_code, answer.json["code"]) == (409, "payment-not-acceptable")
        assert answer.json["received_fen"] == fen
        session().refresh(payment)
        assert (payment.state, payment.resolved_at, announced) == ("parked", None, [])

    def test_it_dismisses_what_brought_no_money_and_only_that(self, api: Api) -> None:
        foreign = reported(make.payment("a"), foreign="for the merchant 1, not ours")
        paid = reported(make.payment("b"), fen=1)
        answer = decide(api, foreign, "refund")
        assert (answer.status_code, answer.json["code"]) == (409, "nothing-received")
        assert decide(api, foreign, "dismiss").json["resolved_at"] is not None
        answer = decide(api, paid, "dismiss")
        assert (answer.status_code, answer.json["code"]) == (409, "money-received")

    def test_it_counts_money_that_comes_after_a_dismissal(
        self, api: Api, announced: Announced
    ) -> None:
        payment = reported(make.payment(), foreign="a test, our key is live")
        decide(api, payment, "dismiss")
        reported(payment)
        assert (payment.state, payment.resolved_at) == ("succeeded", None)
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_decides_once_and_only_about_parked_ones(
        self, api: Api, announced: Announced
    ) -> None:
        payment = reported(make.payment(), fen=1)
        assert decide(api, payment, "refund").status_code == 200
        for one in (payment, make.paid_payment()):
            answer = decide(api, one, "refund")
            assert (answer.status_code, answer.json["code"]) == (409, "payment-not-parked")
        reported(payment, fen=1)
        assert payment.resolved_at is not None

    def test_it_needs_a_reason_and_a_known_action(self, api: Api) -> None:
        payment = reported(make.payment(), fen=1)
        hua = api.staff("finance")
        path = f"/hq/payments/{payment.id}/resolution"
        for body in ({"action": "refund"}, {"action": "burn", "reason": "x"}, {}):
            assert hua.post(path, body).status_code == 422
        assert hua.get(f"/hq/payments/pay_{'0' * 32}/resolution").status_code == 404
        assert hua.get(f"/hq/payments/{payment.id}").json["note"] == "paid 1 fen, asked 5000"


def refused(refund: PaymentRefund) -> None:
    """Have its provider refuse a refund for good."""
    status = RefundStatus(None, refund.id, RefundState.FAILED, refund.amount_fen, "closed account")
    with transaction():
        services.record_refund_result(refund_id=refund.id, status=status, now=clock.now())


def automatic(reference: str = "late:1") -> PaymentRefund:
    payment = make.paid_payment()
    with transaction():
        return services.request_refund(
            payment_id=payment.id,
            amount_fen=5_000,
            reason="late_payment",
            reference=reference,
            automatic=True,
            now=clock.now(),
        )


class TestRefundRetry:
    """/hq/payment-refunds"""

    def test_it_is_for_staff_who_read_payments_and_for_finance(self, api: Api) -> None:
        refund = automatic()
        path = f"/hq/payment-refunds/{refund.id}/retry"
        assert api.anonymous.get("/hq/payment-refunds").status_code == 401
        assert api.anonymous.post(path).status_code == 401
        assert api.staff("trainer").get("/hq/payment-refunds").status_code == 403
        for caller in (api.shopper("zed"), api.staff("auditor"), api.staff("operator")):
            assert caller.post(path).status_code == 403

    def test_it_repeats_under_another_key_what_definitely_failed(
        self, api: Api, announced: Announced
    ) -> None:
        failed = automatic()
        refused(failed)
        hua = api.staff("finance")
        query = {"state": "failed", "automatic": "true", "payment": failed.payment_id}
        [listed] = hua.get("/hq/payment-refunds", **query).json["items"]
        assert (listed["id"], listed["note"]) == (failed.id, "closed account")
        again = made(hua.post(f"/hq/payment-refunds/{failed.id}/retry"))
        assert (again["retry_of"], again["state"]) == (failed.id, "requested")
        assert again["id"] != failed.id
        jobs.run_pending()
        assert announced[-1] == ("refund_succeeded", again["id"])
        answer = hua.post(f"/hq/payment-refunds/{failed.id}/retry")
        assert (answer.status_code, answer.json["code"]) == (409, "refund-not-repeatable")

    def test_it_repeats_nothing_whose_end_is_unknown(self, api: Api) -> None:
        hua = api.staff("finance")
        pending, own = automatic(), make.refund(make.paid_payment())
        refused(own)
        for refund in (pending, own):
            answer = hua.post(f"/hq/payment-refunds/{refund.id}/retry")
            assert (answer.status_code, answer.json["code"]) == (409, "refund-not-repeatable")
        assert hua.post(f"/hq/payment-refunds/prf_{'0' * 32}/retry").status_code == 404

    def test_it_gives_back_no_more_than_came(self, api: Api) -> None:
        failed = automatic()
        refused(failed)
        make.refund(session().get_one(Payment, failed.payment_id), amount_fen=1)
        answer = api.staff("finance").post(f"/hq/payment-refunds/{failed.id}/retry")
        assert (answer.status_code, answer.json["code"]) == (409, "refund-exceeds-payment")

    def test_it_lists_by_reference(self, api: Api) -> None:
        automatic("late:2")
        hua = api.staff("finance")
        assert len(hua.get("/hq/payment-refunds", reference="late:2").json["items"]) == 1
        assert hua.get("/hq/payment-refunds", reference="late:3").json["items"] == []


@pytest.fixture
def shop(api: Api) -> Shop:
    opened = Shop(api)
    opened.stock("Eggs", price_fen=1500, units=50)
    return opened


def placed(shop: Shop) -> str:
    """Have Bo place an order that is not paid; return the path of its payment."""
    campaign = shop.campaign({"Eggs": 1500})
    group_buy = shop.host("mei", campaign, shop.recruit("mei"))["id"]
    shop.wait(hours=1)
    return f"/orders/{shop.order('bo', group_buy, {'Eggs': 1})['id']}"


def offer(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setitem(app.extensions, EXTENSION, replace(settings(), **changes))


class TestMethods:
    """GET /payment-methods, and the choice in POST /orders/{id}/payment"""

    def test_it_is_for_shoppers(self, api: Api) -> None:
        assert api.anonymous.get("/payment-methods").status_code == 401
        assert api.staff("finance").get("/payment-methods").status_code == 403

    def test_it_offers_what_is_set_and_the_default_first(
        self, app: Flask, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bo = api.shopper("bo")
        assert bo.get("/payment-methods").json == {
            "items": [{"provider": "demo", "method": "demo", "default": True}]
        }
        offer(
            app,
            monkeypatch,
            payment_provider="stripe",
            payment_methods="wechatpay:jsapi,stripe:alipay,stripe:card,stripe:cash",
        )
        items = bo.get("/payment-methods").json["items"]
        ways = [(one["provider"], one["method"], one["default"]) for one in items]
        assert ways == [
            ("stripe", "alipay", True),
            ("wechatpay", "jsapi", False),
            ("stripe", "card", False),
        ]

    @pytest.mark.parametrize(
        ("method", "sent"),
        [
            ("card", {"allowed_payment_method_types[0]": "card"}),
            ("alipay", {"allowed_payment_method_types[0]": "alipay"}),
            (
                "wechat_pay",
                {
                    "allowed_payment_method_types[0]": "wechat_pay",
                    "payment_method_options[wechat_pay][client]": "web",
                },
            ),
            ("automatic", {"automatic_payment_methods[enabled]": "true"}),
        ],
    )
    def test_it_tells_stripe_how_the_shopper_wants_to_pay(
        self, app: Flask, stripe: StripeDouble, method: str, sent: dict[str, str]
    ) -> None:
        assert make.begun_payment(method=method).method == method
        form = stripe.seen[0].form
        chosen = {name: form[name] for name in form if "payment_method" in name}
        assert chosen == sent

    def test_it_fails_where_the_account_does_not_have_the_method(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        stripe.methods.remove("alipay")
        refused = make.begun_payment("thing", method="alipay")
        assert (refused.state, refused.note) == ("failed", "the account has no alipay")
        assert make.begun_payment("thing", method="card").state == "pending"

    def test_it_pays_through_wechat_with_the_shoppers_own_openid(
        self, api: Api, shop: Shop, wechat_pay: WeChatPayDouble
    ) -> None:
        path = f"{placed(shop)}/payment"
        bo = api.shopper("bo")
        started = made(bo.post(path, {"provider": "wechatpay"}), 200)
        assert (started["method"], started["state"]) == ("jsapi", "pending")
        assert wechat_pay.phone_accepts(started["client_parameters"])
        [asked] = wechat_pay.orders.values()
        assert asked.asked["payer"]["openid"].endswith("bo")
        assert asked.asked["time_expire"] == "2026-03-02T10:30:00+08:00"
        again = made(bo.post(path), 200)
        assert (again["provider"], again["payment_id"]) == ("wechatpay", started["payment_id"])

    def test_it_changes_the_way_and_closes_the_first(
        self, api: Api, shop: Shop, wechat_pay: WeChatPayDouble
    ) -> None:
        path = f"{placed(shop)}/payment"
        bo = api.shopper("bo")
        made(bo.post(path, {"provider": "wechatpay"}), 200)
        paid = made(bo.post(path, {"provider": "demo", "method": "demo"}), 200)
        assert (paid["state"], paid["provider"]) == ("succeeded", "demo")
        jobs.run_pending()
        assert [one.state for one in wechat_pay.orders.values()] == ["CLOSED"]

    @pytest.mark.parametrize(
        "choice", [{"provider": "stripe"}, {"method": "card"}, {"provider": "x", "method": "demo"}]
    )
    def test_it_refuses_a_way_that_is_not_offered(
        self, api: Api, shop: Shop, choice: dict[str, str]
    ) -> None:
        answer = api.shopper("bo").post(f"{placed(shop)}/payment", choice)
        assert (answer.status_code, answer.json["code"]) == (409, "payment-method-unavailable")

    def test_it_closes_what_expired_at_its_provider(
        self, api: Api, shop: Shop, wechat_pay: WeChatPayDouble
    ) -> None:
        path = placed(shop)
        bo = api.shopper("bo")
        made(bo.post(f"{path}/payment", {"provider": "wechatpay"}), 200)
        made(bo.post(f"{path}/cancellation", {}), 200)
        jobs.run_pending()
        assert [one.state for one in wechat_pay.orders.values()] == ["CLOSED"]

    def test_it_gives_money_back_that_came_for_a_cancelled_order(
        self, api: Api, shop: Shop, wechat_pay: WeChatPayDouble
    ) -> None:
        path = placed(shop)
        bo = api.shopper("bo")
        made(bo.post(f"{path}/payment", {"provider": "wechatpay"}), 200)
        [number] = wechat_pay.orders
        wechat_pay.pay(number)
        made(bo.post(f"{path}/cancellation", {}), 200)
        jobs.run_pending()
        assert [one["amount"]["refund"] for one in wechat_pay.refunds.values()] == [1500]
        assert made(bo.get(path), 200)["state"] == "cancelled"
