"""What headquarters sees of payments: each endpoint anonymous, outsider, happy path, Problems."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import jobs
from groupbuy.payments.models import Payment
from groupbuy.payments.providers.stripe import StripeProvider
from tests.client import Api
from tests.doubles.stripe import StripeDouble
from tests.factories import payments as make

Counting = Callable[[], Any]


def parked(app: Flask, stripe: StripeDouble) -> Payment:
    """Have a live event about a payment that was begun in test mode."""
    payment = make.begun_payment("thing")
    event = {**stripe.pay(str(payment.provider_ref)), "livemode": True}
    delivery = stripe.signed(event)
    app.test_client().post("/webhooks/stripe", data=delivery.body, headers=delivery.headers)
    jobs.run_pending()
    return payment


class TestPayments:
    """GET /hq/payments"""

    def test_it_is_for_staff_who_read_payments(self, api: Api) -> None:
        assert api.anonymous.get("/hq/payments").status_code == 401
        for caller in (api.shopper("zed"), api.staff("trainer")):
            assert caller.get("/hq/payments").status_code == 403

    def test_it_filters_and_shows_no_client_secret(self, api: Api, stripe: StripeDouble) -> None:
        begun = make.begun_payment("thing")
        make.paid_payment("other")
        answer = api.staff("finance").get("/hq/payments", reference="thing", state="pending")
        assert answer.status_code == 200
        assert [item["id"] for item in answer.json["items"]] == [begun.id]
        assert answer.json["items"][0]["provider_ref"] == begun.provider_ref
        assert "secret" not in answer.text

    def test_it_costs_the_same_whatever_its_length(
        self, api: Api, count_statements: Counting
    ) -> None:
        hua = api.staff("finance")
        lengths = []
        for _ in range(2):
            make.paid_payment()
            with count_statements() as statements:
                hua.get("/hq/payments")
            lengths.append(len(statements))
        assert lengths[0] == lengths[1]

    def test_it_refuses_states_there_are_not(self, api: Api) -> None:
        assert api.staff("finance").get("/hq/payments", state="lost").status_code == 422


class TestEvents:
    """GET /hq/provider-events"""

    def test_it_is_for_staff_who_read_payments(self, api: Api) -> None:
        assert api.anonymous.get("/hq/provider-events").status_code == 401
        for caller in (api.shopper("zed"), api.staff("trainer")):
            assert caller.get("/hq/provider-events").status_code == 403

    def test_it_shows_what_needs_a_persons_eye(
        self, app: Flask, api: Api, stripe: StripeDouble
    ) -> None:
        parked(app, stripe)
        hua = api.staff("finance")
        [item] = hua.get("/hq/provider-events", state="parked").json["items"]
        assert item["note"] == "live, our key is for tests"
        assert "payload" not in item
        assert hua.get("/hq/provider-events", state="waiting").json["items"] == []
        assert hua.get("/hq/provider-events", state="lost").status_code == 422

    def test_it_costs_the_same_whatever_its_length(
        self, app: Flask, api: Api, stripe: StripeDouble, count_statements: Counting
    ) -> None:
        hua = api.staff("finance")
        lengths = []
        for number in range(2):
            make.begun_payment(f"thing-{number}")
            delivery = stripe.signed(stripe.event("customer.created", {"id": f"cus_{number}"}))
            app.test_client().post("/webhooks/stripe", data=delivery.body, headers=delivery.headers)
            with count_statements() as statements:
                assert len(hua.get("/hq/provider-events").json["items"]) == number + 1
            lengths.append(len(statements))
        assert lengths[0] == lengths[1]


class TestRetry:
    """POST /hq/provider-events/{id}/retry"""

    def test_it_is_for_finance(self, app: Flask, api: Api, stripe: StripeDouble) -> None:
        parked(app, stripe)
        [event] = api.staff("auditor").get("/hq/provider-events").json["items"]
        path = f"/hq/provider-events/{event['id']}/retry"
        assert api.anonymous.post(path).status_code == 401
        for caller in (api.shopper("zed"), api.staff("auditor"), api.staff("operator")):
            assert caller.post(path).status_code == 403

    def test_it_handles_the_event_again_and_refuses_once_it_is_done(
        self,
        app: Flask,
        api: Api,
        stripe: StripeDouble,
        monkeypatch: pytest.MonkeyPatch,
        announced: list[tuple[str, str]],
    ) -> None:
        payment = parked(app, stripe)
        hua = api.staff("finance")
        [event] = hua.get("/hq/provider-events").json["items"]
        path = f"/hq/provider-events/{event['id']}/retry"
        # Staff find that it was our key that was set wrongly, and mend it.
        monkeypatch.setattr(StripeProvider, "livemode", property(lambda self: True))
        answer = hua.post(path)
        assert (answer.status_code, answer.json["state"]) == (200, "received")
        jobs.run_pending()
        assert payment.state == "succeeded"
        assert announced == [("payment_succeeded", payment.id)]
        again = hua.post(path)
        assert (again.status_code, again.json["code"]) == (409, "not-in-this-state")

    def test_it_finds_only_events_there_are(self, api: Api) -> None:
        hua = api.staff("finance")
        assert hua.post(f"/hq/provider-events/evt_{'0' * 32}/retry").status_code == 404
        assert hua.post("/hq/provider-events/evt_1/retry").status_code == 404
