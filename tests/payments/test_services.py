"""Payments and refunds through the demo provider, and what must never happen."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from groupbuy.kernel import clock, jobs
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import EXTENSION, settings
from groupbuy.kernel.variables import Mode
from groupbuy.payments import queries, services
from groupbuy.payments.errors import (
    DemoPaymentsRefused,
    PaymentAlreadyMade,
    PaymentUnderReview,
    ProviderUnavailable,
    RefundExceedsPayment,
    WebhookRejected,
)
from groupbuy.payments.models import Payment
from groupbuy.payments.providers.interface import RefundStatus
from groupbuy.payments.providers.registry import provider_named
from groupbuy.payments.rules.states import RefundState
from tests.doubles.stripe import StripeDouble
from tests.factories import payments as make

Announced = list[tuple[str, str]]


def succeed(payment: Payment, *, ref: str = "pi_1", fen: int = 5_000) -> Payment:
    with transaction():
        return services.record_success(
            payment_id=payment.id,
            provider_ref=ref,
            amount_fen=fen,
            currency="cny",
            now=clock.now(),
        )


class TestRequesting:
    def test_it_returns_the_same_payment_for_the_same_amount(self, app: Flask) -> None:
        first = make.payment("thing")
        assert (first.state, first.currency, first.refunded_fen) == ("created", "cny", 0)
        assert make.payment("thing").id == first.id

    def test_it_cancels_an_unpaid_one_over_another_amount(self, app: Flask) -> None:
        first = make.payment("thing", amount_fen=5_000)
        second = make.payment("thing", amount_fen=4_000)
        session().refresh(first)
        assert (first.state, second.state) == ("cancelled", "created")
        assert first.cancelled_at is not None

    def test_it_returns_the_paid_one(self, app: Flask) -> None:
        paid = make.paid_payment("thing")
        assert make.payment("thing").id == paid.id
        live = queries.live_payment("thing")
        assert live is not None
        assert live.id == paid.id

    def test_it_refuses_another_amount_once_paid(self, app: Flask) -> None:
        make.paid_payment("thing", amount_fen=5_000)
        with pytest.raises(PaymentAlreadyMade) as refusal:
            make.payment("thing", amount_fen=4_000)
        assert refusal.value.code == "payment-already-made"
        assert refusal.value.members == {"paid_fen": 5_000}

    def test_it_asks_for_nothing_while_staff_look_at_a_mismatch(self, app: Flask) -> None:
        succeed(make.payment("thing"), fen=1)
        with pytest.raises(PaymentUnderReview) as refusal:
            make.payment("thing")
        assert refusal.value.code == "payment-under-review"

    def test_it_begins_anew_after_a_cancellation(self, app: Flask) -> None:
        first = make.payment("thing")
        with transaction():
            services.cancel_payment(reference="thing", now=clock.now())
        assert make.payment("thing").id != first.id


class TestDemoProvider:
    def test_it_is_paid_at_once_and_announced_once(self, app: Flask, announced: Announced) -> None:
        paid = make.paid_payment()
        started = services.start(paid, now=clock.now())
        with transaction():
            services.record_start(payment_id=paid.id, started=started, now=clock.now())
        assert (paid.state, paid.provider_ref) == ("succeeded", f"demo_{paid.id}")
        assert paid.succeeded_at == clock.now()
        assert announced == [("payment_succeeded", paid.id)]

    def test_it_works_inside_one_transaction_with_its_refund(
        self, app: Flask, announced: Announced
    ) -> None:
        with transaction():
            paid = make.paid_payment()
            refund = make.refund(paid)
            jobs.run_pending()
        session().refresh(refund)
        assert (refund.state, refund.settled_at) == ("succeeded", clock.now())
        assert announced[1:] == [("refund_succeeded", refund.id)]

    def test_it_is_refused_outside_demo_mode(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payment = make.payment()
        production = replace(settings(), mode=Mode.PRODUCTION)
        monkeypatch.setitem(app.extensions, EXTENSION, production)
        with pytest.raises(DemoPaymentsRefused) as refusal:
            make.payment()
        assert refusal.value.code == "demo-payments-refused"
        with pytest.raises(DemoPaymentsRefused):
            services.start(payment, now=clock.now())

    def test_it_sends_no_events_and_has_nothing_pending(self, app: Flask) -> None:
        from werkzeug.datastructures import Headers

        demo = provider_named("demo")
        with pytest.raises(WebhookRejected):
            demo.parse_webhook(b"{}", Headers())
        with pytest.raises(ProviderUnavailable):
            demo.fetch("demo_1")
        assert demo.read_event({}) is None


class TestSuccess:
    def test_it_is_announced_once_however_often_it_is_reported(
        self, app: Flask, announced: Announced
    ) -> None:
        payment = make.payment()
        for _ in range(3):
            succeed(payment)
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_counts_after_a_cancellation(self, app: Flask, announced: Announced) -> None:
        payment = make.payment("thing")
        with transaction():
            services.cancel_payment(reference="thing", now=clock.now())
        assert succeed(payment).state == "succeeded"
        assert announced == [("payment_succeeded", payment.id)]

    def test_it_takes_the_place_of_a_newer_unpaid_payment(
        self, app: Flask, announced: Announced
    ) -> None:
        old = make.payment("thing", amount_fen=5_000)
        new = make.payment("thing", amount_fen=4_000)
        succeed(old)
        session().refresh(new)
        assert (old.state, new.state) == ("succeeded", "cancelled")
        assert new.note == f"{old.id} was paid"

    def test_it_gives_a_second_payment_of_the_same_thing_back(
        self, app: Flask, announced: Announced
    ) -> None:
        old = make.payment("thing", amount_fen=5_000)
        new = make.payment("thing", amount_fen=4_000)
        succeed(new, ref="pi_2", fen=4_000)
        succeed(old, ref="pi_1")
        jobs.run_pending()
        session().refresh(old)
        assert (new.state, old.state, old.refunded_fen) == ("succeeded", "parked", 5_000)
        facts = [fact for fact, _ in announced]
        assert facts == ["payment_succeeded", "refund_succeeded"]

    @pytest.mark.parametrize(("fen", "currency"), [(4_999, "cny"), (5_001, "cny"), (5_000, "usd")])
    def test_it_parks_what_does_not_match_and_nothing_else_happens(
        self, app: Flask, announced: Announced, fen: int, currency: str
    ) -> None:
        payment = make.payment()
        with transaction():
            services.record_success(
                payment_id=payment.id,
                provider_ref="pi_1",
                amount_fen=fen,
                currency=currency,
                now=clock.now(),
            )
        assert (payment.state, payment.succeeded_at) == ("parked", None)
        assert payment.note.startswith("paid ")
        assert announced == []
        [decision] = session().scalars(select(AuditEntry)).all()
        assert (decision.actor_id, decision.action) == ("system", "payment.park")
        assert (decision.subject, decision.facts) == (payment.id, {"note": payment.note})
        succeed(payment, fen=fen + 1)
        assert session().scalar(select(func.count()).select_from(AuditEntry)) == 1


class TestCancelling:
    def test_it_leaves_a_paid_one_alone(self, app: Flask) -> None:
        paid = make.paid_payment("thing")
        with transaction():
            services.cancel_payment(reference="thing", now=clock.now())
        session().refresh(paid)
        assert paid.state == "succeeded"

    def test_it_stays_cancelled_when_the_provider_answers_afterwards(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = make.payment("thing", provider="stripe")
        started = services.start(payment, now=clock.now())
        with transaction():
            services.cancel_payment(reference="thing", now=clock.now())
        with transaction():
            services.record_start(payment_id=payment.id, started=started, now=clock.now())
        assert payment.state == "cancelled"
        assert payment.provider_ref is not None


class TestRefunds:
    def test_it_never_refunds_more_than_was_paid(self, app: Flask) -> None:
        paid = make.paid_payment(amount_fen=5_000)
        make.refund(paid, amount_fen=3_000)
        with pytest.raises(RefundExceedsPayment) as refusal:
            make.refund(paid, amount_fen=2_001)
        assert refusal.value.code == "refund-exceeds-payment"
        assert refusal.value.members == {"refundable_fen": 2_000}
        make.refund(paid, amount_fen=2_000)
        session().refresh(paid)
        assert paid.refunded_fen == 5_000

    def test_it_leaves_nothing_of_a_refused_refund_behind(self, app: Flask) -> None:
        paid = make.paid_payment(amount_fen=5_000)
        with transaction(), pytest.raises(RefundExceedsPayment):
            make.refund(paid, amount_fen=5_001, reference="too-much")
        assert make.refund(paid, amount_fen=5_000, reference="too-much").amount_fen == 5_000

    def test_it_is_the_same_refund_under_the_same_reference(
        self, app: Flask, announced: Announced
    ) -> None:
        paid = make.paid_payment()
        first = make.refund(paid, reference="line-1")
        again = make.refund(paid, reference="line-1")
        jobs.run_pending()
        session().refresh(paid)
        assert (first.id, paid.refunded_fen) == (again.id, 1_000)
        assert announced[1:] == [("refund_succeeded", first.id)]
        with pytest.raises(ValueError, match="belongs to another refund"):
            make.refund(paid, amount_fen=999, reference="line-1")

    def test_it_needs_money_that_came_in(self, app: Flask) -> None:
        with pytest.raises(NotInThisState) as refusal:
            make.refund(make.payment())
        assert refusal.value.members == {"state": "created", "action": "refund"}

    def test_it_needs_a_payment(self, app: Flask) -> None:
        unknown = Payment(id=f"pay_{'0' * 32}")
        with pytest.raises(NotFound):
            make.refund(unknown)

    def test_it_makes_the_amount_refundable_again_when_it_fails(
        self, app: Flask, announced: Announced
    ) -> None:
        paid = make.paid_payment()
        refund = make.refund(paid, amount_fen=5_000)
        failed = RefundStatus(None, refund.id, RefundState.FAILED, 5_000, "closed account")
        for _ in range(2):
            with transaction():
                services.record_refund_result(refund_id=refund.id, status=failed, now=clock.now())
        session().refresh(paid)
        assert (refund.state, refund.note, paid.refunded_fen) == ("failed", "closed account", 0)
        assert announced[1:] == [("refund_failed", refund.id)]
        assert make.refund(paid, amount_fen=5_000).state == "requested"

    def test_it_does_nothing_for_a_settled_one(self, app: Flask, clock: ManualClock) -> None:
        refund = make.refund(make.paid_payment())
        jobs.run_pending()
        with transaction():
            again = services.begin_refund_attempt(refund_id=refund.id, now=clock.now())
        assert again is None
