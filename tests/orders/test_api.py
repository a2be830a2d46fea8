"""Orders over HTTP: placing, paying, cancelling, refunding, and each of their Problems."""

from typing import Any

import pytest

from groupbuy.kernel.jobs import run_pending
from tests.client import Answer, Api
from tests.journeys.headquarters import Shop, made


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with strawberries and eggs."""
    shop = Shop(api)
    shop.stock("Strawberries", price_fen=2990, units=50)
    shop.stock("Eggs", price_fen=1500, units=50)
    return shop


@pytest.fixture
def mei(shop: Shop) -> dict[str, str]:
    """Mei, an accepted leader."""
    return shop.recruit("mei")


@pytest.fixture
def group_buy(shop: Shop, mei: dict[str, str]) -> str:
    """Mei's open group buy: strawberries at 19.90 and eggs at 12.00, 20 units of each."""
    campaign = shop.campaign({"Strawberries": 1990, "Eggs": 1200}, allotment=20)
    hosted = shop.host("mei", campaign, mei)
    shop.wait(hours=1)
    return str(hosted["id"])


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Return the Problem that the answer must be."""
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


class TestQuote:
    """POST /quotes"""

    def test_it_prices_by_the_campaign_and_explains_each_line(
        self, shop: Shop, group_buy: str
    ) -> None:
        lines = [{"sku_id": shop.skus["Strawberries"], "quantity": 2}]
        body = {"group_buy_id": group_buy, "lines": lines}
        quote = made(shop.api.shopper("bo").post("/quotes", body), 200)
        assert quote["total_fen"] == 3980
        (line,) = quote["lines"]
        assert line["effects"][0]["step"] == "unit_price"
        assert line["unit_price_fen"] == 1990

    def test_it_prices_from_the_house_without_a_group_buy(self, shop: Shop) -> None:
        body = {"lines": [{"sku_id": shop.skus["Eggs"], "quantity": 3}]}
        assert made(shop.api.shopper("bo").post("/quotes", body), 200)["total_fen"] == 4500

    def test_it_names_what_is_not_for_sale_there(self, shop: Shop, group_buy: str) -> None:
        shop.stock("Fish", price_fen=5000, units=5)
        lines = [{"sku_id": shop.skus["Fish"], "quantity": 1}]
        answer = shop.api.shopper("bo").post("/quotes", {"group_buy_id": group_buy, "lines": lines})
        assert refused(answer, 409, "not-for-sale")["sku_ids"] == [shop.skus["Fish"]]

    def test_it_needs_a_shopper_and_a_basket(self, shop: Shop) -> None:
        assert shop.api.anonymous.post("/quotes", {"lines": []}).status_code == 401
        assert shop.hua.post("/quotes", {"lines": []}).status_code == 403
        refused(shop.api.shopper("bo").post("/quotes", {"lines": []}), 422, "invalid-input")


class TestPlacing:
    """POST /orders"""

    def test_it_places_reserves_and_shows_the_order(self, shop: Shop, group_buy: str) -> None:
        order = shop.order("bo", group_buy, {"Strawberries": 2, "Eggs": 1})
        assert (order["state"], order["total_fen"]) == ("pending_payment", 5180)
        assert [step["to_state"] for step in order["timeline"]] == ["pending_payment"]
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert shown == order

    def test_it_answers_a_changed_quote_with_the_new_one(self, shop: Shop, group_buy: str) -> None:
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
        body = {"group_buy_id": group_buy, "lines": lines, "quote_total_fen": 1100}
        problem = refused(shop.api.shopper("bo").post("/orders", body), 409, "quote-changed")
        assert problem["quote"]["total_fen"] == 1200

    def test_it_refuses_more_than_is_left_and_reserves_nothing(
        self, shop: Shop, group_buy: str
    ) -> None:
        lines = [
            {"sku_id": shop.skus["Eggs"], "quantity": 5},
            {"sku_id": shop.skus["Strawberries"], "quantity": 21},
        ]
        body = {"group_buy_id": group_buy, "lines": lines, "quote_total_fen": 5 * 1200 + 21 * 1990}
        problem = refused(shop.api.shopper("bo").post("/orders", body), 409, "out-of-stock")
        assert problem["sku_ids"] == [shop.skus["Strawberries"]]
        assert made(shop.api.shopper("bo").get("/orders"), 200)["items"] == []
        shop.order("bo", group_buy, {"Eggs": 20})

    def test_it_sums_lines_of_one_sku_before_it_looks_at_stock(
        self, shop: Shop, group_buy: str
    ) -> None:
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 11}] * 2
        body = {"group_buy_id": group_buy, "lines": lines, "quote_total_fen": 22 * 1200}
        refused(shop.api.shopper("bo").post("/orders", body), 409, "out-of-stock")

    def test_it_keeps_a_shoppers_limit_over_all_their_orders(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        campaign = shop.campaign({"Eggs": 1000}, limit_per_shopper=3)
        hosted = shop.host("mei", campaign, mei)["id"]
        shop.wait(hours=1)
        shop.order("bo", hosted, {"Eggs": 2})
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 2}]
        body = {"group_buy_id": hosted, "lines": lines, "quote_total_fen": 2000}
        answer = shop.api.shopper("bo").post("/orders", body)
        assert refused(answer, 409, "shopper-limit-reached")["limits"] == {shop.skus["Eggs"]: 3}
        shop.order("zed", hosted, {"Eggs": 3})

    def test_it_opens_and_closes_to_the_instant_even_if_no_sweep_came(
        self, shop: Shop, mei: dict[str, str]
    ) -> None:
        hosted = shop.host("mei", shop.campaign({"Eggs": 1000}), mei)["id"]
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
        body = {"group_buy_id": hosted, "lines": lines, "quote_total_fen": 1000}
        bo = shop.api.shopper("bo")
        shop.api.clock.advance(hours=1, microseconds=-1)
        refused(bo.post("/orders", body), 409, "group-buy-not-open")
        shop.api.clock.advance(microseconds=1)
        made(bo.post("/orders", body))
        shop.api.clock.advance(days=5)
        refused(bo.post("/orders", body), 409, "group-buy-not-open")

    def test_it_needs_a_pickup_point_from_the_house(self, shop: Shop, mei: dict[str, str]) -> None:
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
        body: dict[str, Any] = {"lines": lines, "quote_total_fen": 1500}
        bo = shop.api.shopper("bo")
        refused(bo.post("/orders", body), 422, "pickup-point-needed")
        assert made(bo.post("/orders", {**body, "pickup_point_id": mei["point"]}))["lines"]

    def test_it_replays_the_first_answer_for_the_same_key(self, shop: Shop, group_buy: str) -> None:
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
        body = {"group_buy_id": group_buy, "lines": lines, "quote_total_fen": 1200}
        bo = shop.api.shopper("bo")
        first, again = bo.post("/orders", body, key="k-1"), bo.post("/orders", body, key="k-1")
        assert first.data == again.data
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(made(bo.get("/orders"), 200)["items"]) == 1
        other = {**body, "quote_total_fen": 1}
        refused(bo.post("/orders", other, key="k-1"), 422, "idempotency-key-reused")
        refused(bo.post("/orders", body, key=None), 400, "idempotency-key-missing")
        # Somebody else's key is another key.
        made(shop.api.shopper("zed").post("/orders", body, key="k-1"))


class TestPaying:
    """POST /orders/{id}/payment, with the demo provider"""

    def test_it_pays_at_once_and_only_once(self, shop: Shop, group_buy: str) -> None:
        order = shop.order("bo", group_buy, {"Eggs": 1})
        assert shop.pay("bo", order["id"])["state"] == "succeeded"
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert shown["state"] == "paid"
        answer = shop.api.shopper("bo").post(f"/orders/{order['id']}/payment")
        refused(answer, 409, "not-in-this-state")

    def test_it_refuses_after_the_time_to_pay(self, shop: Shop, group_buy: str) -> None:
        order = shop.order("bo", group_buy, {"Eggs": 1})
        shop.api.clock.advance(minutes=30)
        answer = shop.api.shopper("bo").post(f"/orders/{order['id']}/payment")
        refused(answer, 409, "order-expired")

    def test_it_gives_goods_back_when_the_time_is_over(self, shop: Shop, group_buy: str) -> None:
        order = shop.order("bo", group_buy, {"Eggs": 20})
        shop.wait(minutes=30)
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert (shown["state"], shown["cancel_reason"]) == ("cancelled", "timeout")
        shop.order("zed", group_buy, {"Eggs": 20})


class TestReading:
    """GET /orders, /leader/orders, /hq/orders"""

    def test_it_hides_somebody_elses_order(self, shop: Shop, group_buy: str) -> None:
        path = f"/orders/{shop.order('bo', group_buy, {'Eggs': 1})['id']}"
        zed = shop.api.shopper("zed")
        refused(zed.get(path), 404, "not-found")
        refused(zed.post(f"{path}/payment"), 404, "not-found")
        refused(zed.post(f"{path}/cancellation"), 404, "not-found")
        assert shop.api.anonymous.get(path).status_code == 401

    def test_it_lists_for_shopper_leader_and_headquarters(
        self, shop: Shop, group_buy: str, count_statements: Any
    ) -> None:
        for name in ("bo", "bo", "zed"):
            shop.order(name, group_buy, {"Eggs": 1, "Strawberries": 1})
        bo, mei = shop.api.shopper("bo"), shop.api.shopper("mei")
        assert len(made(bo.get("/orders"), 200)["items"]) == 2
        assert len(made(mei.get("/leader/orders"), 200)["items"]) == 3
        assert made(mei.get("/leader/orders", state="paid"), 200)["items"] == []
        page = made(shop.hua.get("/hq/orders", group_buy_id=group_buy, limit=2), 200)
        rest = made(shop.hua.get("/hq/orders", limit=2, cursor=page["next_cursor"]), 200)
        assert [len(page["items"]), len(rest["items"])] == [2, 1]
        shop.recruit("tao")
        assert made(shop.api.shopper("tao").get("/leader/orders"), 200)["items"] == []

    def test_it_lists_in_a_constant_number_of_statements(
        self, shop: Shop, group_buy: str, count_statements: Any
    ) -> None:
        bo = shop.api.shopper("bo")
        counts = []
        for _ in range(2):
            shop.order("bo", group_buy, {"Eggs": 1, "Strawberries": 1})
            with count_statements() as statements:
                bo.get("/orders")
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 4


class TestCancelling:
    """POST …/cancellation"""

    def test_it_cancels_an_unpaid_order(self, shop: Shop, group_buy: str) -> None:
        order = shop.order("bo", group_buy, {"Eggs": 20})
        path = f"/orders/{order['id']}/cancellation"
        assert made(shop.api.shopper("bo").post(path), 200)["state"] == "cancelled"
        refused(shop.api.shopper("bo").post(path), 409, "not-in-this-state")
        shop.order("zed", group_buy, {"Eggs": 20})

    def test_it_gives_money_and_goods_back_for_a_paid_one(self, shop: Shop, group_buy: str) -> None:
        order = shop.order("bo", group_buy, {"Eggs": 20, "Strawberries": 1})
        shop.pay("bo", order["id"])
        path = f"/hq/orders/{order['id']}/cancellation"
        refused(shop.hua.post(path, {}), 422, "invalid-input")
        made(shop.hua.post(path, {"reason": "the lorry broke down"}), 200)
        run_pending()
        shown = made(shop.api.shopper("bo").get(f"/orders/{order['id']}"), 200)
        assert (shown["state"], shown["refund_status"]) == ("cancelled", "full")
        assert shown["refunded_fen"] == shown["total_fen"]
        shop.order("zed", group_buy, {"Eggs": 20})

    def test_it_does_not_cancel_what_was_shipped(
        self, shop: Shop, group_buy: str, mei: dict[str, str]
    ) -> None:
        order = shop.order("bo", group_buy, {"Eggs": 1})
        shop.pay("bo", order["id"])
        shop.deliver(mei["point"])
        answer = shop.api.shopper("bo").post(f"/orders/{order['id']}/cancellation")
        refused(answer, 409, "not-in-this-state")


class TestRefunding:
    """POST /hq/refunds"""

    @pytest.fixture
    def paid(self, shop: Shop, group_buy: str) -> dict[str, Any]:
        """Bo's paid order: 3 boxes of strawberries and one of eggs."""
        order = shop.order("bo", group_buy, {"Strawberries": 3, "Eggs": 1})
        shop.pay("bo", order["id"])
        return order

    def line(self, order: dict[str, Any], title: str) -> str:
        return next(str(line["id"]) for line in order["lines"] if line["title"] == title)

    def test_it_refunds_units_and_amounts_up_to_what_was_paid(
        self, shop: Shop, paid: dict[str, Any]
    ) -> None:
        line = self.line(paid, "Strawberries")
        assert shop.refund(paid["id"], line, quantity=1)["amount_fen"] == 1990
        assert shop.refund(paid["id"], line, amount_fen=90)["amount_fen"] == 90
        assert shop.refund(paid["id"], line, quantity=2)["amount_fen"] == 3 * 1990 - 1990 - 90
        shown = made(shop.hua.get(f"/hq/orders/{paid['id']}"), 200)
        assert (shown["refunded_fen"], shown["refund_status"]) == (3 * 1990, "partial")
        assert {refund["state"] for refund in shown["refunds"]} == {"succeeded"}

    def test_it_refuses_more_than_is_left_and_refunds_nothing(
        self, shop: Shop, paid: dict[str, Any]
    ) -> None:
        eggs, berries = self.line(paid, "Eggs"), self.line(paid, "Strawberries")
        lines = [
            {"order_line_id": berries, "quantity": 1},
            {"order_line_id": eggs, "amount_fen": 1201},
        ]
        body = {"order_id": paid["id"], "lines": lines, "reason": "bruised"}
        problem = refused(shop.hua.post("/hq/refunds", body), 409, "refund-exceeds-line")
        assert (problem["order_line_id"], problem["left_fen"]) == (eggs, 1200)
        assert made(shop.hua.get("/hq/refunds", order_id=paid["id"]), 200)["items"] == []
        shop.refund(paid["id"], eggs, quantity=1)
        body["lines"] = [{"order_line_id": eggs, "quantity": 1}]
        refused(shop.hua.post("/hq/refunds", body), 409, "refund-exceeds-line")

    def test_it_wants_quantity_or_amount_and_each_line_once(
        self, shop: Shop, paid: dict[str, Any]
    ) -> None:
        eggs = self.line(paid, "Eggs")
        for lines in (
            [{"order_line_id": eggs}],
            [{"order_line_id": eggs, "quantity": 1, "amount_fen": 1}],
            [{"order_line_id": eggs, "amount_fen": 1}] * 2,
            [],
        ):
            body = {"order_id": paid["id"], "lines": lines, "reason": "bruised"}
            refused(shop.hua.post("/hq/refunds", body), 422, "invalid-input")

    def test_it_knows_only_lines_of_that_order(
        self, shop: Shop, paid: dict[str, Any], group_buy: str
    ) -> None:
        other = shop.order("zed", group_buy, {"Eggs": 1})
        body = {
            "order_id": paid["id"],
            "lines": [{"order_line_id": other["lines"][0]["id"], "quantity": 1}],
            "reason": "bruised",
        }
        refused(shop.hua.post("/hq/refunds", body), 404, "not-found")
        body["order_id"] = other["id"]
        refused(shop.hua.post("/hq/refunds", body), 409, "nothing-to-refund")

    def test_it_is_for_service_staff_only(self, shop: Shop, paid: dict[str, Any]) -> None:
        for caller in (shop.api.shopper("bo"), shop.api.staff("finance")):
            assert caller.post("/hq/refunds", {}).status_code == 403
