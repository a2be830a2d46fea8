"""Commissions' receivers: what an order means for its leader's pay."""

import pytest

from groupbuy.commissions.models import CommissionLine, CommissionRefund
from groupbuy.kernel.db import session
from tests.client import Api
from tests.journeys.headquarters import Shop
from tests.journeys.test_first_month import publish_plan


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with eggs and a published plan."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1000, units=50)
    publish_plan(api)
    shop.wait(hours=1)
    return shop


def line_of(order_id: str) -> CommissionLine | None:
    session().expire_all()
    return session().query(CommissionLine).filter_by(order_id=order_id).one_or_none()


class TestAccrual:
    """An order is paid."""

    def buy(self, shop: Shop, name: str, point: str) -> str:
        order = shop.order(name, None, {"Eggs": 2}, pickup_point_id=point)
        shop.pay(name, order["id"])
        return str(order["id"])

    def test_it_freezes_the_terms_for_the_leader_whose_order_it_is(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        line = line_of(self.buy(shop, "bo", mei["point"]))
        assert line is not None
        assert (line.leader_id, line.base_fen, line.kind) == (mei["leader"], 2000, "tiers")

    def test_it_pays_nothing_for_what_a_leader_buys_from_themself(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        line = line_of(self.buy(shop, "mei", mei["point"]))
        assert line is not None
        assert (line.leader_id, line.kind) == (mei["leader"], "exclude")

    def test_it_pays_nothing_for_an_item_that_earns_none(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        hosted = shop.host("mei", shop.campaign({"Eggs": 900}, earns_commission=False), mei)["id"]
        shop.wait(hours=1)
        order = shop.order("bo", hosted, {"Eggs": 1})
        shop.pay("bo", order["id"])
        line = line_of(order["id"])
        assert line is not None
        assert line.kind == "exclude"

    def test_it_nets_refunds_and_completions(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        order = shop.order("bo", None, {"Eggs": 2}, pickup_point_id=mei["point"])
        shop.pay("bo", order["id"])
        shop.deliver(mei["point"])
        shop.hand_over("mei", "bo", order["id"])
        shop.refund(order["id"], order["lines"][0]["id"], quantity=1)
        shop.wait(hours=24)
        line = line_of(order["id"])
        assert line is not None
        assert line.completed_at == shop.api.clock.now()
        refund = session().query(CommissionRefund).one()
        assert (refund.amount_fen, refund.quantity) == (1000, 1)
