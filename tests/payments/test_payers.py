"""Who paid: what the provider tells, kept for comparing and shown to nobody."""

from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock, jobs
from groupbuy.kernel.db import session, transaction
from groupbuy.payments import jobs as payment_jobs
from groupbuy.payments import services, signals
from groupbuy.payments.errors import ProviderUnavailable
from groupbuy.payments.models import Payment
from tests.client import Api
from tests.doubles import server
from tests.doubles.stripe import StripeDouble
from tests.factories import payments as make
from tests.payments.test_webhooks import handle


def paid_by(stripe: StripeDouble, payer: str) -> Payment:
    """Begin a payment and let it be paid by a card, with nobody told yet."""
    payment = make.begun_payment()
    stripe.pay(str(payment.provider_ref), payer=payer)
    return payment


class TestPayer:
    def test_it_learns_the_payer_after_an_event_told_of_the_payment(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        heard: list[tuple[str, str | None]] = []

        def hear(sender: Payment, **arguments: Any) -> None:
            heard.append((sender.id, sender.payer_ref))

        payments = [paid_by(stripe, card) for card in ("meis", "bos", "meis")]
        with signals.payer_learned.connected_to(hear):
            handle(app, stripe)
        refs = [session().get_one(Payment, payment.id).payer_ref for payment in payments]
        assert refs == ["card:meis", "card:bos", "card:meis"]
        assert heard == [(p.id, ref) for p, ref in zip(payments, refs, strict=True)]

    def test_it_learns_the_payer_when_it_asks_for_the_payment(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = paid_by(stripe, "meis")
        payment_jobs.ask_provider(payment_id=payment.id)
        assert (payment.state, payment.payer_ref) == ("succeeded", "card:meis")
        assert jobs.run_pending() == 0

    def test_it_asks_again_later_when_no_answer_comes(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = paid_by(stripe, "meis")
        stripe.script(server.DROP_BEFORE_EFFECT)
        with pytest.raises(ProviderUnavailable):
            handle(app, stripe)
        assert session().get_one(Payment, payment.id).payer_ref is None
        jobs.run_pending()
        assert session().get_one(Payment, payment.id).payer_ref == "card:meis"

    def test_it_keeps_and_announces_the_first_payer_only(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = paid_by(stripe, "meis")
        handle(app, stripe)
        with transaction():
            services.record_payer(payment_id=payment.id, payer_ref="card:x", now=clock.now())
        payment_jobs.learn_payer(payment_id=payment.id)
        session().expire_all()
        assert session().get_one(Payment, payment.id).payer_ref == "card:meis"

    def test_it_does_without_where_the_provider_cannot_tell(self, app: Flask) -> None:
        payment = make.paid_payment()
        assert (payment.payer_ref, jobs.run_pending()) == (None, 0)

    def test_it_does_without_when_the_charge_names_no_card(
        self, app: Flask, stripe: StripeDouble
    ) -> None:
        payment = paid_by(stripe, "meis")
        stripe.charges.clear()
        handle(app, stripe)
        assert session().get_one(Payment, payment.id).payer_ref is None

    def test_it_shows_the_payer_to_nobody(self, api: Api, app: Flask, stripe: StripeDouble) -> None:
        paid_by(stripe, "meis")
        handle(app, stripe)
        assert "meis" not in api.staff("finance").get("/hq/payments").text
