"""Comparisons by hand, and what becomes of the differences."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel import jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.payments.models import (
    PaymentDifference,
    PaymentReconciliation,
    PaymentRefund,
)
from tests.client import Answer, Api
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make
from tests.journeys.headquarters import made
from tests.payments.comparing import (
    DAY,
    DIFFERENCES,
    NIGHT,
    PATH,
    at_night,
    compared,
    found,
    paid,
    refunded,
)


def ask(api: Api, **body: Any) -> Answer:
    return api.staff("finance").post(PATH, {"provider": "wechatpay", "day": DAY, **body})


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


class TestByHand:
    """POST /hq/payment-reconciliations"""

    def test_it_is_for_finance_and_read_by_those_who_read_payments(self, api: Api) -> None:
        body = {"provider": "wechatpay", "day": DAY}
        for path in (PATH, DIFFERENCES, f"{DIFFERENCES}/file"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
            assert api.staff("auditor").get(path).status_code == 200
        assert api.anonymous.post(PATH, body).status_code == 401
        for caller in (api.shopper("zed"), api.staff("auditor"), api.staff("operator")):
            assert caller.post(PATH, body).status_code == 403

    def test_it_reads_the_bill_that_a_person_downloaded(
        self, api: Api, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = paid(wechat_pay, clock)
        wechat_pay.orders[str(payment.provider_ref)].received = 4_999
        bill = wechat_pay.bill(DAY)
        clock.at = NIGHT
        answer = made(ask(api, records=encoded(bill)))
        assert (answer["state"], answer["by_file"], answer["differing"]) == ("done", True, 1)
        assert found() == [("amount_mismatch", str(payment.provider_ref), 5_000, 4_999)]
        hua = api.staff("finance")
        assert hua.get(f"{PATH}/{answer['id']}").json == answer
        assert [one["id"] for one in hua.get(PATH, day=DAY).json["items"]] == [answer["id"]]
        assert hua.get(PATH, provider="stripe").json["items"] == []
        assert hua.get(PATH, state="failed").json["items"] == []

    def test_it_asks_the_provider_by_a_job(
        self, api: Api, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        paid(wechat_pay, clock)
        clock.at = NIGHT
        wechat_pay.wall = clock.now().timestamp()
        answer = made(ask(api))
        assert (answer["state"], answer["requested_by"]) == ("requested", api.staff("finance").id)
        jobs.run_pending()
        assert (compared().state, compared().matched) == ("done", 1)

    def test_it_compares_demo_money_with_a_plain_list(self, api: Api, clock: ManualClock) -> None:
        payment = make.paid_payment()
        refund = make.refund(payment)
        jobs.run_pending()
        clock.at = NIGHT
        rows = ["subject,number,amount_fen,state", f"payment,{payment.provider_ref},5000,succeeded"]
        answer = made(ask(api, provider="demo", records=encoded("\n".join(rows).encode())))
        assert (answer["matched"], answer["differing"], answer["paid_fen"]) == (1, 1, 5_000)
        assert found() == [("missing_at_provider", refund.id, 1_000, None)]
        rows.append(f"refund,{refund.id},1000,pending")
        made(ask(api, provider="demo", records=encoded("\n".join(rows).encode())))
        assert found() == []

    def test_it_needs_a_list_where_the_provider_has_none(
        self, api: Api, clock: ManualClock
    ) -> None:
        clock.at = NIGHT
        answer = ask(api, provider="demo")
        assert (answer.status_code, answer.json["code"]) == (409, "payment-list-needed")

    def test_it_waits_for_the_day_to_end(self, api: Api, wechat_pay: WeChatPayDouble) -> None:
        answer = ask(api)
        assert (answer.status_code, answer.json["code"]) == (409, "day-not-over")

    def test_it_says_which_rows_cannot_be_read(
        self, api: Api, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        clock.at = NIGHT
        for records in ("!", "é", encoded(b"number\n1\n")):
            answer = ask(api, records=records)
            assert (answer.status_code, answer.json["code"]) == (422, "payment-list-unreadable")
        assert answer.json["errors"][0]["pointer"] == "/records/1"
        assert session().scalars(select(PaymentReconciliation)).all() == []

    def test_it_knows_only_providers_that_are_set_up(self, api: Api, clock: ManualClock) -> None:
        clock.at = NIGHT
        assert ask(api).json["code"] == "payment-method-unavailable"
        assert ask(api, provider="paypal").status_code == 422


class TestDifferences:
    """/hq/payment-differences"""

    @pytest.fixture
    def difference(
        self, api: Api, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> dict[str, Any]:
        paid(wechat_pay, clock)
        wechat_pay.orders.clear()
        at_night(wechat_pay, clock)
        [one] = api.staff("finance").get(DIFFERENCES).json["items"]
        return dict(one)

    def test_it_is_resolved_once_by_finance_with_a_note(
        self, api: Api, difference: dict[str, Any]
    ) -> None:
        path = f"{DIFFERENCES}/{difference['id']}/resolution"
        note = {"note": "paid back by hand"}
        for caller in (api.shopper("zed"), api.staff("auditor")):
            assert caller.post(path, note).status_code == 403
        assert api.anonymous.post(path, note).status_code == 401
        hua = api.staff("finance")
        assert hua.post(path, {}).status_code == 422
        answer = made(hua.post(path, note), 200)
        assert (answer["state"], answer["resolved_by"], answer["note"]) == (
            "resolved",
            hua.id,
            "paid back by hand",
        )
        again = hua.post(path, note)
        assert (again.status_code, again.json["code"]) == (409, "not-in-this-state")

    def test_it_stays_resolved_however_often_the_day_is_compared(
        self,
        api: Api,
        difference: dict[str, Any],
        wechat_pay: WeChatPayDouble,
        clock: ManualClock,
    ) -> None:
        path = f"{DIFFERENCES}/{difference['id']}/resolution"
        made(api.staff("finance").post(path, {"note": "known"}), 200)
        at_night(wechat_pay, clock, days=1)
        assert compared().differing == 1
        assert len(session().scalars(select(PaymentDifference)).all()) == 1
        assert found() == []

    def test_it_is_listed_by_whatever_names_it(self, api: Api, difference: dict[str, Any]) -> None:
        hua = api.staff("finance")
        for name, value, other in (
            ("state", "open", "resolved"),
            ("kind", "missing_at_provider", "missing_here"),
            ("subject", "payment", "refund"),
            ("day", DAY, "2026-03-01"),
            ("provider", "wechatpay", "stripe"),
            ("number", difference["number"], "x"),
            ("reconciliation", difference["reconciliation_id"], f"pyr_{'0' * 32}"),
        ):
            assert len(hua.get(DIFFERENCES, **{name: value}).json["items"]) == 1, name
            assert hua.get(DIFFERENCES, **{name: other}).json["items"] == [], name

    def test_it_costs_the_same_whatever_its_length(
        self,
        api: Api,
        difference: dict[str, Any],
        count_statements: Callable[[], Any],
    ) -> None:
        hua = api.staff("finance")
        lengths = []
        for limit in (1, 100):
            with count_statements() as statements:
                hua.get(DIFFERENCES, limit=limit)
            lengths.append(len(statements))
        assert lengths[0] == lengths[1]

    @pytest.mark.parametrize("format", ["csv", "xlsx"])
    def test_it_is_downloaded(self, api: Api, difference: dict[str, Any], format: str) -> None:
        answer = api.staff("finance").get(f"{DIFFERENCES}/file", format=format, state="open")
        assert answer.status_code == 200
        if format == "csv":
            head, row, *_ = answer.text.lstrip("\ufeff").splitlines()
            assert head.startswith('"Day","Provider"')
            assert f'"{difference["number"]}"' in row
            assert '"50.00"' in row

    def test_it_forgets_no_refund_that_was_accepted(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        payment = paid(wechat_pay, clock)
        refunded(wechat_pay, payment, 100, clock)
        [number] = wechat_pay.refunds
        wechat_pay.refunds.clear()
        at_night(wechat_pay, clock)
        assert found() == [("missing_at_provider", number, 100, None)]
        assert session().get_one(PaymentRefund, number).accepted_at is not None
