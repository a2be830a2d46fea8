"""The Stripe double behaves as Stripe's own client library expects of Stripe."""

from collections.abc import Iterator

import pytest
import stripe
from stripe import PaymentIntent, StripeClient

from tests.doubles import server
from tests.doubles.stripe import API_KEY, WEBHOOK_SECRET, StripeDouble


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    with StripeDouble() as running:
        yield running


@pytest.fixture
def client(double: StripeDouble) -> StripeClient:
    return StripeClient(API_KEY, base_addresses={"api": double.url}, max_network_retries=0)


def create(client: StripeClient, amount: int = 5_000, key: str = "key") -> PaymentIntent:
    return client.v1.payment_intents.create(
        {"amount": amount, "currency": "cny"}, {"idempotency_key": key}
    )


class TestIdempotency:
    def test_it_replays_the_first_answer(self, double: StripeDouble, client: StripeClient) -> None:
        first, again = create(client), create(client)
        assert first.id == again.id
        assert again.last_response is not None
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        assert create(client, key="other").id != first.id

    def test_it_refuses_other_parameters(self, client: StripeClient) -> None:
        create(client)
        with pytest.raises(stripe.IdempotencyError):
            create(client, amount=4_000)

    def test_it_replays_a_500_but_not_a_429(
        self, double: StripeDouble, client: StripeClient
    ) -> None:
        double.script(server.ERROR_AFTER_EFFECT, None, server.TOO_MANY)
        for _ in range(2):
            with pytest.raises(stripe.APIError):
                create(client, key="broken")
        assert len(double.intents) == 1
        with pytest.raises(stripe.RateLimitError):
            create(client, key="hasty")
        assert create(client, key="hasty").status == "requires_payment_method"

    def test_it_forgets_keys_after_24_hours_and_not_before(
        self, double: StripeDouble, client: StripeClient
    ) -> None:
        first = create(client)
        double.advance(24 * 3600 - 1)
        assert create(client).id == first.id
        double.advance(1)
        assert create(client).id != first.id


class TestTransfers:
    def test_it_pays_out_of_the_balance_and_takes_back_what_is_reversed(
        self, double: StripeDouble, client: StripeClient
    ) -> None:
        double.accounts.add("acct_mei")
        double.balance_fen = 1_000
        made = client.v1.transfers.create(
            {"amount": 700, "currency": "cny", "destination": "acct_mei"}
        )
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.transfers.create(
                {"amount": 301, "currency": "cny", "destination": "acct_mei"}
            )
        assert refusal.value.code == "balance_insufficient"
        double.reverse(made.id)
        assert double.balance_fen == 1_000
        [listed] = client.v1.transfers.list().data
        assert (listed.reversed, listed.amount_reversed) == (True, 700)


class TestPaymentIntents:
    def test_it_is_cancelled_once_and_never_after_being_paid(
        self, double: StripeDouble, client: StripeClient
    ) -> None:
        first, paid = create(client), create(client, key="other")
        assert client.v1.payment_intents.cancel(first.id).status == "canceled"
        double.pay(paid.id)
        for intent in (first, paid):
            with pytest.raises(stripe.InvalidRequestError):
                client.v1.payment_intents.cancel(intent.id)

    def test_it_knows_its_own_only_and_needs_the_key(
        self, double: StripeDouble, client: StripeClient
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.retrieve("pi_unknown")
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.charges.retrieve("ch_1")
        stranger = StripeClient("sk_test_other", base_addresses={"api": double.url})
        with pytest.raises(stripe.AuthenticationError):
            create(stranger)

    @pytest.mark.parametrize(
        "parameters",
        [{"amount": 0, "currency": "cny"}, {"amount": 5, "currency": "CNY"}, {"currency": "cny"}],
    )
    def test_it_refuses_nonsense(self, client: StripeClient, parameters: dict[str, str]) -> None:
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.create(parameters)  # type: ignore[arg-type]


class TestRefunds:
    def test_it_never_refunds_more_than_is_left(
        self, double: StripeDouble, client: StripeClient
    ) -> None:
        intent = create(client)
        with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
            client.v1.refunds.create({"payment_intent": intent.id})
        double.pay(intent.id)
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 3_000})
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
            client.v1.refunds.create({"payment_intent": intent.id, "amount": 2_001})
        assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 2_000
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"payment_intent": intent.id})
        assert refusal.value.code == "charge_already_refunded"


class TestWebhooks:
    def test_it_signs_so_that_stripes_library_is_satisfied(
        self, double: StripeDouble, client: StripeClient
    ) -> None:
        double.pay(create(client).id)
        [delivery] = double.webhooks()
        event = stripe.Webhook.construct_event(
            delivery.body, delivery.headers["Stripe-Signature"], WEBHOOK_SECRET, 300
        )
        assert event.type == "payment_intent.succeeded"
        assert double.webhooks() == []
