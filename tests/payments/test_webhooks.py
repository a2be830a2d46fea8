"""POST /webhooks/stripe: verified, stored once, handled by a job, in any order."""

import random
import threading
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from werkzeug.serving import make_server

from groupbuy.kernel import jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments.models import Payment, PaymentRefund, ProviderEvent
from tests.client import Answer, Api
from tests.doubles.stripe import Delivery, StripeDouble, Thing
from tests.factories import payments as make

Announced = list[tuple[str, str]]


def deliver(app: Flask, *deliveries: Delivery) -> list[Answer]:
    client = app.test_client(use_cookies=False)
    return [
        cast(Answer, client.post("/webhooks/stripe", data=one.body, headers=one.headers))
        for one in deliveries
    ]


def handle(app: Flask, stripe: StripeDouble, **options: Any) -> None:
    """Deliver everything that happened at Stripe, then let the jobs run."""
    answers = deliver(app, *stripe.webhooks(**options))
    assert {answer.status_code for answer in answers} <= {200}
    jobs.run_pending()


def only_event() -> ProviderEvent:
    return session().scalars(select(ProviderEvent)).one()


def begun(stripe: StripeDouble, reference: str = "", *, amount_fen: int = 5_000) -> Payment:
    return make.begun_payment(reference, amount_fen=amount_fen)


def refunded(app: Flask, stripe: StripeDouble) -> PaymentRefund:
    """Have a paid payment whose refund the bank has not finished."""
    stripe.refunds_settle = False
    payment = begun(stripe)
    stripe.pay(str(payment.provider_ref))
    handle(app, stripe)
    refund = make.refund(payment)
    jobs.run_pending()
    handle(app, stripe)
    return refund


class TestReceiving:
    def test_it_answers_and_keeps_no_client_secret(self, app: Flask, stripe: StripeDouble) -> None:
        stripe.pay(str(begun(stripe).provider_ref))
        [answer] = deliver(app, *stripe.webhooks())
        assert (answer.status_code, answer.json) == (200, {"received": True})
        event = only_event()
        assert (event.kind, event.state, event.livemode, event.account) == (
            "payment_intent.succeeded",
            "received",
            False,
            None,
        )
        assert "_secret_" not in str(event.payload)

    @pytest.mark.parametrize(
        "forge",
        [
            lambda stripe, event: stripe.signed(event, secret="whsec_other"),
            lambda stripe, event: stripe.signed(event, age_seconds=301),
            lambda stripe, event: Delivery(stripe.signed(event).body + b" ", {}),
            lambda stripe, event: Delivery(
                stripe.signed(event).body + b" ", stripe.signed(event).headers
            ),
            lambda stripe, event: Delivery(b"{}", {"Stripe-Signature": "t=x,v1=y"}),
            lambda stripe, event: Delivery(b"\xff", stripe.signed(event).headers),
        ],
        ids=["other secret", "stale", "unsigned", "changed body", "garbled header", "not text"],
    )
    def test_it_refuses_what_stripe_did_not_sign_just_now_and_stores_nothing(
        self, app: Flask, stripe: StripeDouble, forge: Any
    ) -> None:
        event = stripe.pay(str(begun(stripe).provider_ref))
        [answer] = deliver(app, forge(stripe, event))
        assert (answer.status_code, answer.json["code"]) == (400, "webhook-rejected")
        assert session().scalar(select(func.count()).select_from(ProviderEvent)) == 0

    def test_it_accepts_a_signature_almost_five_minutes_old(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        event = stripe.pay(str(begun(stripe).provider_ref))
        [answer] = deliver(app, stripe.signed(event, age_seconds=295))
        assert answer.status_code == 200

    def test_it_refuses_everything_when_no_secret_is_set(self, app: Flask) -> None:
        double = StripeDouble()
        [answer] = deliver(app, double.signed(double.event("x", {"id": "pi_1"}), secret=""))
        assert answer.status_code == 400
        double._server.server_close()

    def test_it_has_one_effect_when_it_comes_ten_times(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = begun(stripe)
        stripe.pay(str(payment.provider_ref))
        handle(app, stripe, times=10)
        assert only_event().state == "handled"
        assert announced == [("payment_succeeded", payment.id)]


class TestPayments:
    def test_it_records_the_payment(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = begun(stripe)
        stripe.pay(str(payment.provider_ref))
        handle(app, stripe)
        event = only_event()
        assert (payment.state, event.state, event.attempts) == ("succeeded", "handled", 1)
        assert event.handled_at == payment.succeeded_at
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_stays_payable_after_a_declined_card(self, app: Flask, stripe: StripeDouble) -> None:
        payment = begun(stripe)
        stripe.decline(str(payment.provider_ref))
        handle(app, stripe)
        assert (payment.state, only_event().state) == ("pending", "handled")
        assert payment.failed_at is not None
        stripe.pay(str(payment.provider_ref))
        handle(app, stripe)
        assert payment.state == "succeeded"

    @pytest.mark.parametrize("seed", range(6))
    def test_it_comes_to_the_same_end_in_any_order(
        self, app: Flask, stripe: StripeDouble, announced: Announced, seed: int
    ) -> None:
        payment = begun(stripe)
        stripe.decline(str(payment.provider_ref))
        stripe.pay(str(payment.provider_ref))
        shuffled = random.Random(seed)

        def shuffle(events: list[Thing]) -> list[Thing]:
            return shuffled.sample(events, len(events))

        handle(app, stripe, times=5, order=shuffle)
        assert payment.state == "succeeded"
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_records_a_payment_before_we_heard_that_it_began(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        from groupbuy.kernel import clock
        from groupbuy.payments import services

        payment = make.payment(provider="stripe")
        started = services.start(payment, now=clock.now())
        stripe.pay(str(started.provider_ref))
        handle(app, stripe)
        with transaction():
            services.record_start(payment_id=payment.id, started=started, now=clock.now())
        assert (payment.state, payment.provider_ref) == ("succeeded", started.provider_ref)
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_cancels_with_stripe(self, app: Flask, stripe: StripeDouble) -> None:
        payment = begun(stripe)
        stripe.cancel(str(payment.provider_ref))
        handle(app, stripe)
        assert payment.state == "cancelled"
        assert payment.cancelled_at is not None

    def test_it_lets_an_unknown_payment_wait_and_handles_it_later(
        self, app: Flask, stripe: StripeDouble, clock: ManualClock, announced: Announced
    ) -> None:
        payment = begun(stripe)
        stripe.pay(str(payment.provider_ref))
        # As if the webhook had overtaken our own transaction: the row is not there yet.
        with transaction():
            session().execute(text("delete from payments"))
        session().expunge(payment)
        handle(app, stripe)
        event = only_event()
        assert (event.state, event.note, event.handled_at) == ("waiting", "unknown payment", None)
        with transaction():
            session().merge(payment)
        clock.advance(minutes=2)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        assert (event.state, event.note, event.attempts) == ("handled", "", 2)
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_lets_payments_of_other_systems_wait_for_ever(
        self, app: Flask, stripe: StripeDouble, clock: ManualClock
    ) -> None:
        strange = {"id": "pi_x", "status": "succeeded", "amount": 1, "amount_received": 1}
        intent = {**strange, "currency": "cny", "metadata": {"payment_id": "4711"}}
        event = stripe.event("payment_intent.succeeded", intent)
        deliver(app, stripe.signed(event))
        for _ in range(5):
            jobs.run_pending()
            clock.advance(days=1)
            payment_jobs.take_up_unfinished()
        assert only_event().state == "waiting"

    def test_it_ignores_what_is_nothing_to_us(self, app: Flask, stripe: StripeDouble) -> None:
        event = stripe.event("customer.created", {"id": "cus_1"})
        deliver(app, stripe.signed(event))
        jobs.run_pending()
        stored = only_event()
        assert (stored.state, stored.note) == ("handled", "ignored")

    @pytest.mark.parametrize("received", [4_999, 5_001])
    def test_it_parks_a_wrong_amount(
        self, app: Flask, stripe: StripeDouble, announced: Announced, received: int
    ) -> None:
        payment = begun(stripe)
        stripe.pay(str(payment.provider_ref), received=received)
        handle(app, stripe)
        event = only_event()
        assert (payment.state, event.state) == ("parked", "parked")
        assert payment.note == event.note == f"paid {received} fen, asked 5000"
        assert announced == []

    @pytest.mark.parametrize(
        ("changes", "note"),
        [
            ({"livemode": True}, "live, our key is for tests"),
            ({"account": "acct_other"}, "for the account acct_other, not ours"),
        ],
    )
    def test_it_parks_what_comes_from_another_mode_or_account(
        self,
        app: Flask,
        stripe: StripeDouble,
        announced: Announced,
        changes: dict[str, Any],
        note: str,
    ) -> None:
        payment = begun(stripe)
        paid = stripe.pay(str(payment.provider_ref))
        deliver(app, stripe.signed({**paid, **changes}))
        jobs.run_pending()
        event = only_event()
        assert (payment.state, event.state, event.note) == ("parked", "parked", note)
        assert announced == []

    def test_it_parks_another_currency(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = begun(stripe)
        stripe.intents[str(payment.provider_ref)]["currency"] = "usd"
        stripe.pay(str(payment.provider_ref))
        handle(app, stripe)
        assert (payment.state, payment.note) == ("parked", "paid in usd, asked in cny")
        assert announced == []

    def test_it_parks_a_second_charge_for_a_paid_payment_and_leaves_the_payment(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = begun(stripe)
        stripe.pay(str(payment.provider_ref))
        handle(app, stripe)
        other = {**stripe.intents[str(payment.provider_ref)], "id": "pi_other"}
        deliver(app, stripe.signed(stripe.event("payment_intent.succeeded", other)))
        jobs.run_pending()
        events = session().scalars(select(ProviderEvent).order_by(ProviderEvent.id)).all()
        assert [event.state for event in events] == ["handled", "parked"]
        assert payment.state == "succeeded"
        assert len(announced) == 1

    def test_it_does_not_cancel_a_payment_with_another_payment_intent(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = begun(stripe)
        other = {**stripe.intents[str(payment.provider_ref)], "id": "pi_other"}
        event = stripe.event("payment_intent.canceled", {**other, "status": "canceled"})
        deliver(app, stripe.signed(event))
        jobs.run_pending()
        assert payment.state == "pending"


class TestRefunds:
    @pytest.mark.parametrize("status", ["succeeded", "failed"])
    def test_it_settles_when_the_bank_does_once(
        self, app: Flask, stripe: StripeDouble, announced: Announced, status: str
    ) -> None:
        refund = refunded(app, stripe)
        assert refund.state == "submitted"
        stripe.settle_refund(str(refund.provider_ref), status)
        handle(app, stripe, times=3)
        assert refund.state == status
        assert announced[1:] == [(f"refund_{status}", refund.id)]

    def test_it_settles_a_refund_whose_answer_never_came(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        refund = refunded(app, stripe)
        with transaction():
            session().execute(update(PaymentRefund).values(state="requested", provider_ref=None))
        stripe.settle_refund(_first(stripe))
        handle(app, stripe)
        assert (refund.state, refund.provider_ref) == ("succeeded", _first(stripe))

    def test_it_parks_a_failure_that_comes_after_a_success(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        refund = refunded(app, stripe)
        stripe.settle_refund(str(refund.provider_ref))
        handle(app, stripe)
        stripe.settle_refund(str(refund.provider_ref), "failed")
        handle(app, stripe)
        parked = session().scalars(
            select(ProviderEvent.note).where(ProviderEvent.state == "parked")
        )
        assert set(parked) == {"failed after it had succeeded"}
        assert refund.state == "succeeded"
        assert announced[1:] == [("refund_succeeded", refund.id)]

    def test_it_parks_another_amount_and_another_mode(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        refund = refunded(app, stripe)
        made = {**stripe.refunds[str(refund.provider_ref)], "status": "succeeded"}
        wrong = stripe.event("refund.updated", {**made, "amount": 999})
        live = stripe.event("refund.updated", made, livemode=True)
        deliver(app, stripe.signed(wrong), stripe.signed(live))
        jobs.run_pending()
        parked = session().scalars(
            select(ProviderEvent.note)
            .where(ProviderEvent.state == "parked")
            .order_by(ProviderEvent.id)
        )
        assert list(parked) == ["999 fen, asked 1000", "live, our key is for tests"]
        assert refund.state == "submitted"

    def test_it_lets_refunds_made_by_hand_wait(self, app: Flask, stripe: StripeDouble) -> None:
        made = {"id": "re_x", "status": "succeeded", "amount": 1, "metadata": {}}
        deliver(app, stripe.signed(stripe.event("refund.updated", made)))
        jobs.run_pending()
        event = only_event()
        assert (event.state, event.note) == ("waiting", "unknown refund")


def _first(stripe: StripeDouble) -> str:
    return next(iter(stripe.refunds))


@pytest.mark.committed
class TestAtOnce:
    def test_it_has_one_effect_when_ten_come_at_once_over_sockets(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = begun(stripe)
        stripe.pay(str(payment.provider_ref))
        deliveries = stripe.webhooks(times=10)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        statuses: list[int] = []
        url = f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
        rivals = [
            threading.Thread(target=lambda one=one: statuses.append(stripe.send(one, url)))
            for one in deliveries
        ]
        for rival in rivals:
            rival.start()
        for rival in rivals:
            rival.join()
        server.shutdown()
        server.server_close()
        serving.join()
        assert statuses == [200] * 10
        # One event to handle, and one question to Stripe: who paid.
        assert jobs.run_pending() == 2
        assert announced == [("payment_succeeded", payment.id)]


def test_it_is_open_to_everybody_but_only_by_post(api: Api) -> None:
    assert api.anonymous.get("/webhooks/stripe").status_code == 405
    assert api.anonymous.post("/webhooks/stripe", {}).status_code == 400
