"""What follows from refunds: nothing is shipped, earned or kept that was given back."""

from typing import Any

import pytest
from sqlalchemy import text

from groupbuy.commissions.models import CommissionLine
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.leaders.models import Leader
from groupbuy.orders.models import OrderRefund
from groupbuy.payments.models import PaymentRefund
from groupbuy.payments.providers.interface import RefundStatus
from groupbuy.payments.rules.states import RefundState
from groupbuy.payments.services import record_refund_result
from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with fifty eggs and Mei."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1000, units=50)
    return shop


@pytest.fixture
def mei(shop: Shop) -> dict[str, str]:
    """Mei, an accepted leader."""
    return shop.recruit("mei")


@pytest.fixture
def paid(shop: Shop, mei: dict[str, str]) -> dict[str, Any]:
    """Bo's paid order of four eggs."""
    order = shop.order("bo", None, {"Eggs": 4}, pickup_point_id=mei["point"])
    shop.pay("bo", order["id"])
    return order


def shown(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    return made(shop.hua.get(f"/hq/orders/{order['id']}"), 200)


def test_it_returns_every_unit_when_every_fen_is_back(shop: Shop, paid: dict[str, Any]) -> None:
    line = paid["lines"][0]["id"]
    shop.refund(paid["id"], line, amount_fen=1000)
    assert shown(shop, paid)["lines"][0]["returned_quantity"] == 0
    shop.refund(paid["id"], line, amount_fen=3000)
    assert shown(shop, paid)["lines"][0]["returned_quantity"] == 4


def test_it_calls_an_order_off_that_is_refunded_before_it_is_shipped(
    shop: Shop, paid: dict[str, Any], mei: dict[str, str]
) -> None:
    shop.refund(paid["id"], paid["lines"][0]["id"], quantity=4)
    order = shown(shop, paid)
    assert (order["state"], order["refund_status"]) == ("cancelled", "full")
    (pool,) = made(shop.hua.get("/hq/stock"), 200)["items"]
    assert (pool["on_hand"], pool["reserved"]) == (50, 0)
    answer = shop.hua.post("/hq/shipments", {"pickup_point_id": mei["point"]})
    refused(answer, 409, "nothing-to-ship")


def test_it_hands_nothing_over_that_was_refunded_on_its_way(
    shop: Shop, paid: dict[str, Any], mei: dict[str, str]
) -> None:
    shop.deliver(mei["point"])
    shop.refund(paid["id"], paid["lines"][0]["id"], quantity=4)
    order = made(shop.api.shopper("bo").get(f"/orders/{paid['id']}"), 200)
    body = {"pickup_point_id": mei["point"], "code": order["pickup_code"]}
    refused(shop.api.shopper("mei").post("/leader/redemptions", body), 409, "fully-refunded")


def test_it_can_refund_a_cancelled_order_again_when_the_provider_refused(
    shop: Shop, paid: dict[str, Any]
) -> None:
    made(shop.api.shopper("bo").post(f"/orders/{paid['id']}/cancellation"), 200)
    refund = session().query(PaymentRefund).one()
    record_refund_result(
        refund_id=refund.id,
        status=RefundStatus(
            refund_id=refund.id,
            provider_ref="re_refused",
            state=RefundState.FAILED,
            amount_fen=refund.amount_fen,
        ),
        now=shop.api.clock.now(),
    )
    assert session().query(OrderRefund).one().state == "failed"
    run_pending()
    shop.refund(paid["id"], paid["lines"][0]["id"], quantity=4)
    assert shown(shop, paid)["refund_status"] == "full"


def test_it_freezes_the_leaders_level_when_the_order_is_paid(
    shop: Shop, mei: dict[str, str]
) -> None:
    order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
    session().execute(text("update leaders set level = 2"))
    session().expire_all()
    shop.pay("bo", order["id"])
    assert session().query(Leader).one().level == 2
    assert session().query(CommissionLine).one().leader_level == 2


def test_it_holds_the_house_to_a_skus_own_limit_over_all_orders(
    shop: Shop, mei: dict[str, str]
) -> None:
    sku = made(shop.hua.get(f"/hq/skus/{shop.skus['Eggs']}"), 200)
    path = f"/hq/skus/{sku['id']}"
    made(shop.hua.patch(path, {"per_shopper_max": 3}, if_match=sku["version"]), 200)
    shop.order("bo", None, {"Eggs": 2}, pickup_point_id=mei["point"])
    lines = [{"sku_id": sku["id"], "quantity": 2}]
    body = {"lines": lines, "quote_total_fen": 2000, "pickup_point_id": mei["point"]}
    answer = shop.api.shopper("bo").post("/orders", body)
    refused(answer, 409, "shopper-limit-reached")


def test_it_sends_no_goods_to_a_suspended_leader(shop: Shop, mei: dict[str, str]) -> None:
    hosted = shop.host("mei", shop.campaign({"Eggs": 900}), mei)["id"]
    shop.wait(hours=1)
    path = f"/hq/leaders/{mei['leader']}/suspension"
    assert shop.hua.post(path, {"reason": "complaints"}).status_code in (200, 201)
    bo = shop.api.shopper("bo")
    assert made(bo.get("/group-buys"), 200)["items"] == []
    lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
    quote = {"group_buy_id": hosted, "lines": lines}
    refused(bo.post("/quotes", quote), 409, "group-buy-not-open")
    body = {"lines": lines, "quote_total_fen": 1000, "pickup_point_id": mei["point"]}
    refused(bo.post("/orders", body), 409, "pickup-point-closed")
