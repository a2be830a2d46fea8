"""Comparing with the providers' lists: what differs, who clears it up, and the midnight between."""

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from groupbuy.kernel import jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments.models import (
    Payment,
    PaymentDifference,
    PaymentReconciliation,
    PaymentRefund,
)
from groupbuy.payments.providers.wechat_pay import number_of
from tests.client import Answer, Api
from tests.doubles import server
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat_pay import WeChatPayDouble
from tests.factories import payments as make
from tests.journeys.headquarters import made

DAY = "2026-03-02"
PATH = "/hq/payment-reconciliations"
DIFFERENCES = "/hq/payment-differences"
NIGHT = datetime(2026, 3, 3, 2, 40, tzinfo=UTC)
"""10:40 in Shanghai, the morning after the tests' first day."""


def paid(double: WeChatPayDouble, clock: ManualClock, *, amount_fen: int = 5_000) -> Payment:
    """Have a payment that both sides know, at the clock's time."""
    double.wall = clock.now().timestamp()
    payment = make.begun_payment(provider="wechatpay", amount_fen=amount_fen, now=clock.now())
    double.pay(number_of(payment.id))
    payment_jobs.ask_provider(payment_id=payment.id)
    session().refresh(payment)
    return payment


def refunded(double: WeChatPayDouble, payment: Payment, fen: int, clock: ManualClock) -> None:
    make.refund(payment, amount_fen=fen, now=clock.now())
    jobs.run_pending()


def at_night(double: WeChatPayDouble | StripeDouble, clock: ManualClock, *, days: int = 0) -> None:
    """Let the night's comparison run, on the morning after the first day or later."""
    clock.at = NIGHT
    clock.advance(days=days)
    if isinstance(double, WeChatPayDouble):
        double.wall = clock.now().timestamp()
    payment_jobs.reconcile_last_days()
    jobs.run_pending()


def compared(day: str = DAY, provider: str = "wechatpay") -> PaymentReconciliation:
    """Return the latest comparison of a day."""
    query = select(PaymentReconciliation).where(
        PaymentReconciliation.day == date.fromisoformat(day),
        PaymentReconciliation.provider == provider,
    )
    return session().scalars(query.order_by(PaymentReconciliation.id.desc())).first() or (
        PaymentReconciliation(state="never")
    )


def found() -> list[tuple[str, str, int | None, int | None]]:
    """Return the open differences."""
    query = select(PaymentDifference).where(PaymentDifference.state == "open")
    return sorted(
        (one.kind, one.number, one.our_fen, one.their_fen) for one in session().scalars(query)
    )


def change(table: type[Any], **values: Any) -> None:
    with transaction():
        session().execute(update(table).values(**values))


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

    def test_it_does_nothing_when_the_job_comes_twice(
        self, app: Flask, wechat_pay: WeChatPayDouble, clock: ManualClock
    ) -> None:
        paid(wechat_pay, clock)
        at_night(wechat_pay, clock)
        finished = compared().finished_at
        clock.advance(hours=1)
        payment_jobs.reconcile(reconciliation_id=compared().id)
        assert compared().finished_at == finished


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
