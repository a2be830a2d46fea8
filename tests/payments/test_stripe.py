"""Stripe through its real client, over a socket: every way a request can go wrong."""

import time

import pytest
from flask import Flask

from groupbuy.kernel import clock, jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments import services
from groupbuy.payments.errors import ProviderUnavailable
from groupbuy.payments.models import Payment
from groupbuy.payments.providers import stripe as stripe_provider
from groupbuy.payments.providers.registry import provider_named
from tests.doubles import server
from tests.doubles.server import Fault
from tests.doubles.stripe import StripeDouble
from tests.factories import payments as make

Announced = list[tuple[str, str]]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a fifth of a second for Stripe, no longer."""
    monkeypatch.setattr(stripe_provider, "TIMEOUT_SECONDS", (0.2, 0.2))


def paid_at_stripe(stripe: StripeDouble, reference: str = "") -> Payment:
    """Begin a payment, pay it in the double, and hear of it by asking."""
    payment = make.begun_payment(reference)
    stripe.pay(str(payment.provider_ref))
    payment_jobs.ask_provider(payment_id=payment.id)
    assert payment.state == "succeeded"
    return payment


class TestStarting:
    def test_it_creates_a_payment_intent_and_keeps_what_the_client_needs(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = make.begun_payment("ord_1", amount_fen=12_345)
        [intent] = stripe.intents.values()
        assert (payment.state, payment.provider_ref) == ("pending", intent["id"])
        assert payment.client_parameters == {"client_secret": intent["client_secret"]}
        assert (intent["amount"], intent["currency"]) == (12_345, "cny")
        assert intent["metadata"] == {"payment_id": payment.id, "reference": "ord_1"}
        [request] = stripe.seen
        assert request.headers["Idempotency-Key"] == payment.id
        assert request.form["automatic_payment_methods[enabled]"] == "true"

    def test_it_resumes_without_asking_again(self, app: Flask, stripe: StripeDouble) -> None:
        payment = make.begun_payment()
        started = services.start(payment, now=clock.now())
        assert started.client_parameters == payment.client_parameters
        assert len(stripe.seen) == 1

    @pytest.mark.parametrize(
        "fault",
        [
            server.DROP_BEFORE_EFFECT,
            server.DROP_AFTER_EFFECT,
            server.TOO_MANY,
            server.delay(0.5),
        ],
        ids=lambda fault: fault.kind.value,
    )
    @pytest.mark.usefixtures("impatient")
    def test_it_leaves_an_unanswered_start_unknown_and_repeats_it_as_one(
        self, app: Flask, stripe: StripeDouble, fault: Fault
    ) -> None:
        payment = make.payment(provider="stripe")
        stripe.script(fault)
        with pytest.raises(ProviderUnavailable):
            services.start(payment, now=clock.now())
        session().refresh(payment)
        assert payment.state == "created"
        again = make.begun_payment(payment.reference)
        assert (again.id, again.state) == (payment.id, "pending")
        assert len(stripe.intents) == 1

    @pytest.mark.parametrize(
        "fault",
        [server.ERROR_BEFORE_EFFECT, server.ERROR_AFTER_EFFECT],
        ids=lambda fault: fault.kind.value,
    )
    def test_it_meets_the_same_500_under_its_key_until_stripe_forgets_it(
        self, app: Flask, stripe: StripeDouble, fault: Fault
    ) -> None:
        payment = make.payment(provider="stripe")
        stripe.script(fault)
        for _ in range(3):
            with pytest.raises(ProviderUnavailable):
                services.start(payment, now=clock.now())
        assert {seen.headers["Idempotency-Key"] for seen in stripe.seen} == {payment.id}
        stripe.forget_keys()
        assert make.begun_payment(payment.reference).state == "pending"

    def test_it_fails_on_a_definite_refusal_and_may_be_asked_anew(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        stripe.minimum_fen = 400
        refused = make.begun_payment("thing", amount_fen=399)
        assert (refused.state, refused.note) == ("failed", "amount_too_small")
        assert refused.failed_at is not None
        assert make.payment("thing", amount_fen=399, provider="stripe").id != refused.id

    def test_it_does_not_take_a_wrong_key_of_ours_for_a_refusal(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        provider = stripe_provider.StripeProvider("sk_test_wrong", "", stripe.url)
        with pytest.raises(ProviderUnavailable):
            provider.start(make.payment(provider="stripe"), "")

    def test_it_refuses_to_call_inside_a_transaction(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        with transaction(), pytest.raises(RuntimeError, match="inside a transaction"):
            services.start(make.payment(provider="stripe"), now=clock.now())
        assert stripe.seen == []

    def test_it_says_nothing_of_the_request_in_the_problem(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        stripe.script(server.DROP_BEFORE_EFFECT)
        with pytest.raises(ProviderUnavailable) as problem:
            services.start(make.payment(provider="stripe"), now=clock.now())
        document = problem.value.document("en")
        assert (document["status"], document["code"]) == (503, "payment-provider-unavailable")
        assert problem.value.headers == {"Retry-After": "5"}
        assert problem.value.__suppress_context__
        assert problem.value.members == {}


class TestAsking:
    def test_it_asks_about_pending_payments_nobody_told_us_of(
        self, app: Flask, stripe: StripeDouble, clock: ManualClock, announced: Announced
    ) -> None:
        payment = make.begun_payment()
        stripe.pay(str(payment.provider_ref))
        payment_jobs.take_up_unfinished()
        assert jobs.run_pending() == 0
        clock.advance(minutes=5)
        payment_jobs.take_up_unfinished()
        payment_jobs.take_up_unfinished()
        assert jobs.run_pending() == 1
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_asks_less_and_less_often_while_nothing_happens(
        self, app: Flask, stripe: StripeDouble, clock: ManualClock
    ) -> None:
        payment = make.begun_payment()
        asked = 0
        for _ in range(24 * 12):
            clock.advance(minutes=5)
            payment_jobs.take_up_unfinished()
            asked += jobs.run_pending()
        assert payment.state == "pending"
        assert 20 <= asked <= 30

    def test_it_raises_when_nobody_answers_so_that_the_job_is_retried(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = make.begun_payment()
        stripe.script(server.DROP_AFTER_EFFECT)
        with pytest.raises(ProviderUnavailable):
            payment_jobs.ask_provider(payment_id=payment.id)
        assert payment.state == "pending"

    def test_it_learns_of_a_cancellation_and_of_a_declined_card(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        cancelled, declined = make.begun_payment(), make.begun_payment()
        stripe.cancel(str(cancelled.provider_ref))
        stripe.decline(str(declined.provider_ref))
        for payment in (cancelled, declined):
            payment_jobs.ask_provider(payment_id=payment.id)
        assert (cancelled.state, declined.state) == ("cancelled", "pending")
        assert declined.failed_at is not None

    def test_it_asks_nothing_about_a_paid_one(self, app: Flask, stripe: StripeDouble) -> None:
        payment = paid_at_stripe(stripe)
        before = len(stripe.seen)
        payment_jobs.ask_provider(payment_id=payment.id)
        assert len(stripe.seen) == before


class TestRefunding:
    def test_it_refunds_under_the_refunds_own_key(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = paid_at_stripe(stripe)
        refund = make.refund(payment, amount_fen=1_500)
        jobs.run_pending()
        [made] = stripe.refunds.values()
        assert (refund.state, refund.provider_ref) == ("succeeded", made["id"])
        assert (made["amount"], made["metadata"]["refund_id"]) == (1_500, refund.id)
        assert stripe.seen[-1].headers["Idempotency-Key"] == refund.id
        assert announced[1:] == [("refund_succeeded", refund.id)]

    @pytest.mark.parametrize(
        "fault",
        [
            server.DROP_BEFORE_EFFECT,
            server.DROP_AFTER_EFFECT,
            server.ERROR_AFTER_EFFECT,
            server.TOO_MANY,
            server.delay(0.5),
        ],
        ids=lambda fault: fault.kind.value,
    )
    @pytest.mark.usefixtures("impatient")
    def test_it_gives_back_once_however_the_answer_was_lost(
        self, app: Flask, stripe: StripeDouble, announced: Announced, fault: Fault
    ) -> None:
        refund = make.refund(paid_at_stripe(stripe))
        stripe.script(fault)
        with pytest.raises(ProviderUnavailable):
            jobs.run_pending()
        assert (refund.state, refund.attempts) == ("requested", 1)
        jobs.run_pending()
        assert (refund.state, refund.attempts) == ("succeeded", 2)
        assert len(stripe.refunds) == 1
        assert announced[1:] == [("refund_succeeded", refund.id)]

    def test_it_asks_before_repeating_even_when_stripe_has_forgotten_the_key(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        refund = make.refund(paid_at_stripe(stripe))
        stripe.script(server.DROP_AFTER_EFFECT)
        with pytest.raises(ProviderUnavailable):
            jobs.run_pending()
        stripe.forget_keys()
        jobs.run_pending()
        assert refund.state == "succeeded"
        assert len(stripe.refunds) == 1

    def test_it_finds_its_refund_among_many_pages(self, app: Flask, stripe: StripeDouble) -> None:
        payment = paid_at_stripe(stripe)
        refund = make.refund(payment, amount_fen=1)
        stripe.script(server.DROP_AFTER_EFFECT)
        with pytest.raises(ProviderUnavailable):
            jobs.run_pending()
        provider = provider_named("stripe")
        for number in range(120):
            others = make.refund(payment, amount_fen=1, reference=f"other-{number}")
            provider.refund(others, payment)
        found = provider.find_refund(refund, payment)
        assert found is not None
        assert found.refund_id == refund.id

    def test_it_fails_when_stripe_has_less_left_than_our_books(
        self, app: Flask, stripe: StripeDouble, announced: Announced
    ) -> None:
        payment = paid_at_stripe(stripe)
        stripe.refunds["re_dashboard"] = {
            "id": "re_dashboard",
            "amount": 4_500,
            "payment_intent": payment.provider_ref,
            "status": "succeeded",
            "metadata": {},
        }
        refund = make.refund(payment, amount_fen=1_000)
        jobs.run_pending()
        session().refresh(payment)
        assert (refund.state, payment.refunded_fen) == ("failed", 0)
        assert announced[1:] == [("refund_failed", refund.id)]

    def test_it_waits_for_the_bank_and_asks_by_itself(
        self, app: Flask, stripe: StripeDouble, clock: ManualClock
    ) -> None:
        stripe.refunds_settle = False
        refund = make.refund(paid_at_stripe(stripe))
        jobs.run_pending()
        assert (refund.state, refund.settled_at) == ("submitted", None)
        stripe.settle_refund(str(refund.provider_ref))
        clock.advance(hours=1)
        payment_jobs.take_up_unfinished()
        jobs.run_pending()
        assert (refund.state, refund.settled_at) == ("succeeded", clock.now())

    def test_it_takes_up_a_refund_whose_job_was_given_up(
        self, app: Flask, stripe: StripeDouble, clock: ManualClock
    ) -> None:
        from sqlalchemy import text

        refund = make.refund(paid_at_stripe(stripe))
        with transaction():
            session().execute(text("delete from procrastinate_jobs"))
        clock.advance(minutes=2)
        payment_jobs.take_up_unfinished()
        assert jobs.run_pending() == 1
        assert refund.state == "succeeded"


class TestTimeouts:
    @pytest.mark.usefixtures("impatient")
    def test_it_does_not_wait_for_ever(self, app: Flask, stripe: StripeDouble) -> None:
        stripe.script(server.delay(2))
        payment = make.payment(provider="stripe")
        begun = time.perf_counter()
        with pytest.raises(ProviderUnavailable):
            services.start(payment, now=clock.now())
        assert time.perf_counter() - begun < 1.5


def test_it_reads_the_clock_of_the_application(app: Flask, stripe: StripeDouble) -> None:
    payment = paid_at_stripe(stripe)
    assert payment.succeeded_at == clock.now()
