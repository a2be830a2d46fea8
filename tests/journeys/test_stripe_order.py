"""An order paid through Stripe, as the world really is: late, twice and out of order."""

from typing import Any

import pytest

from groupbuy.kernel.jobs import run_pending
from tests.client import Api
from tests.doubles.fixtures import stripe
from tests.doubles.stripe import Delivery, StripeDouble
from tests.journeys.headquarters import Shop, made

__all__ = ["stripe"]


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with two eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=2)
    return shop


@pytest.fixture
def order(shop: Shop) -> dict[str, Any]:
    """Bo's order for both eggs."""
    mei = shop.recruit("mei")
    return shop.order("bo", None, {"Eggs": 2}, pickup_point_id=mei["point"])


def hear(shop: Shop, *deliveries: Delivery) -> None:
    """Deliver webhooks to the endpoint and let the job handle them."""
    client = shop.api.app.test_client()
    for delivery in deliveries:
        answer = client.post("/webhooks/stripe", data=delivery.body, headers=delivery.headers)
        assert answer.status_code == 200
    run_pending()


def state(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    return made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)


def test_it_is_paid_once_however_often_stripe_says_so_and_refunded_by_stripe(
    shop: Shop, order: dict[str, Any], stripe: StripeDouble
) -> None:
    started = shop.pay("bo", order["id"])
    assert started["state"] == "pending"
    assert started["client_parameters"]["client_secret"]
    assert shop.pay("bo", order["id"])["payment_id"] == started["payment_id"]
    (intent_id,) = stripe.intents
    stripe.pay(intent_id)
    hear(shop, *stripe.webhooks(times=10))
    shown = state(shop, order)
    moves = [step["action"] for step in shown["timeline"] if step["kind"] == "order"]
    assert moves == ["place", "pay"]
    line = order["lines"][0]["id"]
    shop.refund(order["id"], line, quantity=1)
    shop.refund(order["id"], line, quantity=1)
    hear(shop, *stripe.webhooks(times=2))
    assert (state(shop, order)["refunded_fen"], len(stripe.refunds)) == (3000, 2)


def test_it_gives_a_late_payment_back_when_the_goods_are_gone(
    shop: Shop, order: dict[str, Any], stripe: StripeDouble
) -> None:
    shop.pay("bo", order["id"])
    shop.wait(minutes=30)
    assert state(shop, order)["cancel_reason"] == "timeout"
    shop.order("zed", None, {"Eggs": 1}, pickup_point_id=order["pickup_point_id"])
    (intent_id,) = stripe.intents
    stripe.pay(intent_id)
    hear(shop, *stripe.webhooks())
    assert state(shop, order)["state"] == "cancelled"
    (refund,) = stripe.refunds.values()
    assert refund["amount"] == 3000


def test_it_brings_a_late_payment_to_its_goods_while_they_are_there(
    shop: Shop, order: dict[str, Any], stripe: StripeDouble
) -> None:
    shop.pay("bo", order["id"])
    shop.wait(minutes=30)
    (intent_id,) = stripe.intents
    stripe.pay(intent_id)
    hear(shop, *stripe.webhooks())
    assert state(shop, order)["state"] == "paid"
    assert not stripe.refunds


def test_it_hears_of_a_payment_whose_news_was_lost_when_it_would_cancel_it_there(
    shop: Shop, order: dict[str, Any], stripe: StripeDouble
) -> None:
    shop.pay("bo", order["id"])
    (intent_id,) = stripe.intents
    stripe.pay(intent_id)
    stripe.webhooks()  # taken, and lost on the way
    shop.wait(minutes=30)
    told = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
    moves = [step["to_state"] for step in told["timeline"] if step["kind"] == "order"]
    assert moves == ["pending_payment", "cancelled", "paid"]


def test_it_gives_a_late_payment_back_to_who_bought_their_share_meanwhile(
    shop: Shop, stripe: StripeDouble
) -> None:
    mei = shop.recruit("mei")
    sku = made(shop.hua.get(f"/hq/skus/{shop.skus['Eggs']}"), 200)
    made(
        shop.hua.patch(f"/hq/skus/{sku['id']}", {"per_shopper_max": 1}, if_match=sku["version"]),
        200,
    )
    first = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
    shop.pay("bo", first["id"])
    shop.wait(minutes=30)
    shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
    (intent_id,) = stripe.intents
    stripe.pay(intent_id)
    hear(shop, *stripe.webhooks())
    assert state(shop, first)["state"] == "cancelled"
    assert len(stripe.refunds) == 1
