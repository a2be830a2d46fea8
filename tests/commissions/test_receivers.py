"""Commissions' receivers: what an order means for its leader's pay."""

import pytest

from groupbuy.commissions.models import CommissionLine, CommissionRefund, ServiceFee
from groupbuy.kernel.db import session
from tests.client import Api
from tests.factories import commissions
from tests.factories.commissions import assigned
from tests.factories.settlement import broken
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

    def test_it_counts_a_campaign_s_sale_for_its_group_buy(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        campaign = shop.campaign({"Eggs": 900})
        hosted = shop.host("mei", campaign, mei)["id"]
        shop.wait(hours=1)
        order = shop.order("bo", hosted, {"Eggs": 1})
        shop.pay("bo", order["id"])
        line = line_of(order["id"])
        assert line is not None
        assert (line.group_buy_id, line.campaign_id) == (hosted, campaign)

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


class TestServiceFee:
    """An order is handed over and completed."""

    def complete(self, shop: Shop, point: str, by: str) -> str:
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=point)
        shop.pay("bo", order["id"])
        shop.deliver(point)
        shop.hand_over(by, "bo", order["id"])
        shop.wait(hours=24)
        return str(order["id"])

    def test_it_pays_whoever_hands_over_whoever_sold(self, shop: Shop) -> None:
        mei, lan = shop.recruit("mei"), shop.recruit("lan")
        now = shop.api.clock.now()
        paying = commissions.published(code="handing-over", service_fee_fen=50)
        assigned(paying.plan_id, "leader", lan["leader"], at=now)
        shared = shop.host("mei", shop.campaign({"Eggs": 900}), mei)["share_code"]
        touch = {"share_code": shared, "scene": "share"}
        assert shop.api.shopper("bo").post("/touches", touch).status_code == 201
        order = self.complete(shop, lan["point"], "lan")
        line = line_of(order)
        assert line is not None
        assert line.leader_id == mei["leader"]
        [fee] = session().query(ServiceFee)
        assert (fee.order_id, fee.leader_id, fee.fee_fen) == (order, lan["leader"], 50)
        assert fee.plan_version_id == paying.id
        assert fee.completed_at == shop.api.clock.now()
        assert broken() == []

    def test_it_pays_nobody_for_what_was_never_fetched(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        commissions.published(code="handing-over", service_fee_fen=50)
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        shop.pay("bo", order["id"])
        shop.deliver(mei["point"])
        shop.refund(order["id"], order["lines"][0]["id"], quantity=1)
        shop.wait(minutes=10)
        shown = shop.api.shopper("bo").get(f"/orders/{order['id']}").json
        assert (shown["state"], shown["refund_status"]) == ("completed", "full")
        assert session().query(ServiceFee).all() == []
        assert broken() == []

    def test_it_pays_none_where_the_plan_has_none(self, shop: Shop) -> None:
        self.complete(shop, shop.recruit("mei")["point"], "mei")
        assert session().query(ServiceFee).count() == 0
