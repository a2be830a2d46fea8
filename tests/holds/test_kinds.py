"""What each rule finds, and what it leaves alone."""

from typing import Any

import pytest

from groupbuy.kernel import audit
from groupbuy.kernel.db import session
from tests.attribution.test_policies import in_force
from tests.factories.holds import bought, held, holds, set_rule, swept
from tests.journeys.headquarters import Shop, made

Places = dict[str, str]


class TestSelfPurchaseByAccount:
    RULE = "self_purchase_account"

    def test_it_holds_what_the_leader_bought_where_that_is_paid_for(
        self, shop: Shop, mei: Places
    ) -> None:
        in_force(shop.api, self_purchase="pay")
        own, others = bought(shop, "mei", mei), bought(shop, "bo", mei)
        swept(shop)
        (hold,) = holds(shop)
        assert (hold["order_id"], hold["leader_id"]) == (own, mei["leader"])
        assert (hold["rule"], hold["score"], hold["state"]) == (self.RULE, 100, "held")
        mei_shopper = shop.api.shopper("mei").id
        assert hold["evidence"] == {"shopper_id": mei_shopper, "commissionable": True}
        assert (hold["placed_by"], hold["title"]) == (
            "system",
            "Bought by the leader's own account",
        )
        assert others not in held(shop, self.RULE)

    def test_it_leaves_what_earns_nothing_alone_unless_the_score_is_lowered(
        self, shop: Shop, mei: Places
    ) -> None:
        bought(shop, "mei", mei)
        swept(shop)
        assert holds(shop) == []
        set_rule(shop, self.RULE, score=30)
        second = bought(shop, "mei", mei)
        swept(shop)
        assert held(shop, self.RULE) == {second}


class TestSelfPurchaseByPhone:
    RULE = "self_purchase_phone"

    def apply(self, shop: Shop, name: str, phone: str) -> None:
        body = {"name": name.capitalize(), "phone": phone, "region": "Shanghai"}
        made(shop.api.shopper(name).post("/leader-applications", body))

    def test_it_holds_what_an_applicant_with_the_leaders_number_bought(
        self, shop: Shop, mei: Places
    ) -> None:
        self.apply(shop, "zed", "+86 138-0000-0000")
        self.apply(shop, "bo", "13911111111")
        orders = {name: bought(shop, name, mei) for name in ("zed", "bo", "lan")}
        swept(shop)
        (hold,) = holds(shop)
        assert (hold["order_id"], hold["rule"], hold["score"]) == (orders["zed"], self.RULE, 90)
        assert hold["evidence"].keys() == {
            "shopper_id",
            "leader_application_id",
            "buyer_application_id",
        }

    def test_it_keeps_the_number_out_of_the_evidence_and_the_log(
        self, shop: Shop, mei: Places
    ) -> None:
        self.apply(shop, "zed", "13800000000")
        bought(shop, "zed", mei)
        swept(shop)
        (hold,) = holds(shop)
        assert "13800000000" not in str(hold)
        entries = session().query(audit.AuditEntry).filter_by(subject=hold["id"]).all()
        assert [entry.action for entry in entries] == ["hold.place"]
        assert "13800000000" not in str(entries[0].facts)


class TestSelfPurchaseByPayer:
    RULE = "self_purchase_payer"

    def test_it_holds_what_the_payer_of_the_leaders_own_orders_paid_for(
        self, shop: Shop, mei: Places
    ) -> None:
        own = bought(shop, "mei", mei, payer="meis")
        zeds = bought(shop, "zed", mei, payer="meis")
        bought(shop, "bo", mei, payer="bos")
        bought(shop, "lan", mei)
        swept(shop)
        (hold,) = holds(shop)
        assert (hold["order_id"], hold["rule"], hold["score"]) == (zeds, self.RULE, 80)
        assert hold["evidence"]["own_order_id"] == own
        assert hold["evidence"]["own_orders"] == 1
        assert "meis" not in str(hold["evidence"])

    def test_it_holds_earlier_orders_once_the_leader_buys_by_the_same_hand(
        self, shop: Shop, mei: Places
    ) -> None:
        zeds = bought(shop, "zed", mei, payer="meis")
        swept(shop)
        assert holds(shop) == []
        bought(shop, "mei", shop.recruit("tao"), payer="meis")
        swept(shop)
        assert held(shop, self.RULE) == {zeds}

    def test_it_leaves_orders_of_other_leaders_alone(self, shop: Shop, mei: Places) -> None:
        bought(shop, "mei", mei, payer="meis")
        bought(shop, "zed", shop.recruit("tao"), payer="meis")
        swept(shop)
        assert holds(shop) == []


class TestManyOrdersOfOnePayer:
    RULE = "many_orders_one_payer"

    def test_it_holds_all_of_five_orders_of_one_payer_by_different_accounts(
        self, shop: Shop, mei: Places
    ) -> None:
        orders = []
        for name in ("bo", "zed", "bo", "lan"):
            orders.append(bought(shop, name, mei, payer="one"))
            shop.wait(hours=1)
        swept(shop)
        assert holds(shop) == []
        orders.append(bought(shop, "wei", mei, payer="one"))
        bought(shop, "wei", mei, payer="another")
        bought(shop, "wei", shop.recruit("tao"), payer="one")
        swept(shop)
        assert held(shop, self.RULE) == set(orders)
        evidence = holds(shop)[0]["evidence"]
        assert evidence == {
            "same": "payer",
            "orders": 5,
            "shoppers": 4,
            "last_order_id": orders[-1],
        }
        assert {hold["score"] for hold in holds(shop)} == {60}

    def test_it_counts_within_the_hours_only(self, shop: Shop, mei: Places) -> None:
        set_rule(shop, self.RULE, parameters={"orders": 2, "hours": 3})
        first = bought(shop, "bo", mei, payer="one")
        shop.wait(hours=3)
        second = bought(shop, "zed", mei, payer="one")
        shop.wait(hours=2)
        third = bought(shop, "lan", mei, payer="one")
        swept(shop)
        assert held(shop, self.RULE) == {second, third}
        assert first not in held(shop, self.RULE)

    def test_it_leaves_one_account_alone_until_it_orders_again_and_again(
        self, shop: Shop, mei: Places
    ) -> None:
        set_rule(shop, self.RULE, parameters={"shopper_orders": 6})
        orders = [bought(shop, "bo", mei, payer="one") for _ in range(5)]
        swept(shop)
        assert holds(shop) == []
        orders.append(bought(shop, "bo", mei))
        swept(shop)
        assert held(shop, self.RULE) == set(orders)
        assert holds(shop)[0]["evidence"]["same"] == "shopper"

    def test_it_leaves_cancelled_orders_alone(self, shop: Shop, mei: Places) -> None:
        set_rule(shop, self.RULE, parameters={"orders": 2})
        first, second = (bought(shop, name, mei, payer="one") for name in ("bo", "zed"))
        made(shop.api.shopper("bo").post(f"/orders/{first}/cancellation"), 200)
        swept(shop)
        assert held(shop, self.RULE) == {second}


class TestBurstRefunded:
    RULE = "burst_refunded"

    @pytest.fixture
    def completed(self, shop: Shop, mei: Places) -> dict[str, dict[str, Any]]:
        """Mei's completed orders of March: Bo's two, Zed's and Lan's, ¥150 each."""
        set_rule(shop, self.RULE, parameters={"volume_fen": 40_000})
        orders = {}
        for key, name in (("bo", "bo"), ("bo2", "bo"), ("zed", "zed"), ("lan", "lan")):
            orders[key] = bought(shop, name, mei, units=10, payer="bos" if key == "lan" else "")
        shop.deliver(mei["point"])
        for key, name in (("bo", "bo"), ("bo2", "bo"), ("zed", "zed"), ("lan", "lan")):
            shop.hand_over("mei", name, orders[key])
        shop.wait(hours=25)
        return {k: made(shop.hua.get(f"/hq/orders/{o}"), 200) for k, o in orders.items()}

    def refund(self, shop: Shop, order: dict[str, Any], units: int = 10) -> None:
        shop.refund(order["id"], order["lines"][0]["id"], quantity=units)

    def test_it_holds_what_the_same_shopper_kept(
        self, shop: Shop, completed: dict[str, dict[str, Any]]
    ) -> None:
        self.refund(shop, completed["bo"])
        self.refund(shop, completed["zed"])
        swept(shop)
        assert held(shop, self.RULE) == {completed["bo2"]["id"]}
        (hold,) = holds(shop)
        assert hold["evidence"] == {
            "month": "2026-03",
            "refunded_orders": 2,
            "taken_fen": 30_000,
            "volume_fen": 60_000,
        }
        assert hold["score"] == 50 + 50 * 2000 // 7000

    def test_it_holds_the_refunded_orders_when_their_shoppers_kept_nothing(
        self, shop: Shop, completed: dict[str, dict[str, Any]]
    ) -> None:
        refunded = [completed["zed"], completed["lan"]]
        for order in refunded:
            self.refund(shop, order, units=9)
        swept(shop)
        assert held(shop, self.RULE) == {order["id"] for order in refunded}

    def test_it_leaves_a_month_alone_of_which_little_was_taken_back(
        self, shop: Shop, completed: dict[str, dict[str, Any]]
    ) -> None:
        self.refund(shop, completed["bo"])
        self.refund(shop, completed["zed"], units=2)
        swept(shop)
        assert holds(shop) == []
        self.refund(shop, completed["zed"], units=1)
        swept(shop)
        assert held(shop, self.RULE) == {completed["bo2"]["id"]}

    def test_it_leaves_late_refunds_and_months_below_the_volume_alone(
        self, shop: Shop, completed: dict[str, dict[str, Any]]
    ) -> None:
        set_rule(shop, self.RULE, parameters={"volume_fen": 60_001})
        self.refund(shop, completed["bo"])
        self.refund(shop, completed["zed"])
        swept(shop)
        set_rule(shop, self.RULE, parameters={"volume_fen": 40_000, "days": 1})
        shop.wait(days=2)
        self.refund(shop, completed["lan"], units=1)
        swept(shop)
        # The first two came in time: they are seen now that something new happened.
        assert held(shop, self.RULE) == {completed["bo2"]["id"]}
        assert holds(shop)[0]["evidence"]["taken_fen"] == 30_000


def test_it_holds_nothing_by_a_rule_that_is_off(shop: Shop, mei: Places) -> None:
    in_force(shop.api, self_purchase="pay")
    set_rule(shop, "self_purchase_account", enabled=False)
    bought(shop, "mei", mei)
    swept(shop)
    assert holds(shop) == []


def test_it_leaves_house_orders_alone(shop: Shop, mei: Places) -> None:
    in_force(shop.api, self_purchase="pay", priority=["lock"])
    bought(shop, "mei", mei)
    swept(shop)
    assert holds(shop) == []
