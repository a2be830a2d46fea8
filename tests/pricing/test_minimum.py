"""Some goods are sold from a number on: a quote and an order of fewer are refused."""

from typing import Any

import pytest

from tests.client import Answer, Api
from tests.journeys.headquarters import Shop, made


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop where eggs are sold by six, and rice as one likes."""
    shop = Shop(api)
    for title in ("Eggs", "Rice"):
        shop.stock(title, price_fen=100, units=50)
    eggs = f"/hq/skus/{shop.skus['Eggs']}"
    made(shop.hua.patch(eggs, {"min_quantity": 6}, if_match=1), 200)
    return shop


def lines(shop: Shop, **basket: int) -> list[dict[str, Any]]:
    return [{"sku_id": shop.skus[title], "quantity": n} for title, n in basket.items()]


def refused(shop: Shop, answer: Answer) -> None:
    assert (answer.status_code, answer.json["code"]) == (409, "below-minimum"), answer.text
    assert answer.json["sku_ids"] == [shop.skus["Eggs"]]
    assert answer.json["min_quantities"] == {shop.skus["Eggs"]: 6}


class TestMinimum:
    def test_it_quotes_and_sells_the_minimum_and_no_fewer(self, api: Api, shop: Shop) -> None:
        bo, point = api.shopper("bo"), shop.recruit("mei")["point"]
        few = {"lines": lines(shop, Eggs=5, Rice=1), "pickup_point_id": point}
        refused(shop, bo.post("/quotes", few))
        refused(shop, bo.post("/orders", {**few, "quote_total_fen": 600}))
        assert shop.order("bo", None, {"Eggs": 6, "Rice": 1}, pickup_point_id=point)

    def test_it_sums_the_lines_of_one_sku(self, api: Api, shop: Shop) -> None:
        twice = lines(shop, Eggs=3) + lines(shop, Eggs=3)
        made(api.shopper("bo").post("/quotes", {"lines": twice}), 200)

    def test_it_shows_a_cart_without_a_price_for_what_has_become_too_few(
        self, api: Api, shop: Shop
    ) -> None:
        bo = api.shopper("bo")
        refused(shop, bo.put(f"/cart/lines/{shop.skus['Eggs']}", {"quantity": 5}))
        for title, quantity in (("Eggs", 6), ("Rice", 1)):
            made(bo.put(f"/cart/lines/{shop.skus[title]}", {"quantity": quantity}), 200)
        eggs = f"/hq/skus/{shop.skus['Eggs']}"
        made(shop.hua.patch(eggs, {"min_quantity": 10}, if_match=2), 200)
        cart = made(bo.get("/cart"), 200)
        assert [line["for_sale"] for line in cart["lines"]] == [False, True]
        assert cart["total_fen"] == 100

    def test_it_holds_in_a_group_buy_too(self, api: Api, shop: Shop) -> None:
        places = shop.recruit("mei")
        group_buy = shop.host("mei", shop.campaign({"Eggs": 90}), places)["id"]
        shop.wait(hours=1)
        few = {"group_buy_id": group_buy, "lines": lines(shop, Eggs=5)}
        refused(shop, api.shopper("bo").post("/quotes", few))
        enough = {"group_buy_id": group_buy, "lines": lines(shop, Eggs=6)}
        assert made(api.shopper("bo").post("/quotes", enough), 200)["total_fen"] == 540


class TestWindow:
    def test_it_sells_nothing_outside_of_its_window(self, api: Api, shop: Shop) -> None:
        product = made(shop.hua.get("/hq/products", q="rice"), 200)["items"][0]
        until = {"on_sale_until": "2026-03-02T10:00:00+08:00"}
        path = f"/hq/products/{product['id']}"
        made(shop.hua.patch(path, until, if_match=product["version"]), 200)
        basket = {"lines": lines(shop, Rice=1)}
        made(api.shopper("bo").post("/quotes", basket), 200)
        shop.wait(hours=1)
        late = api.shopper("bo").post("/quotes", basket)
        assert (late.status_code, late.json["code"]) == (409, "not-for-sale")

    def test_it_plans_a_campaign_with_what_is_on_sale_when_it_opens(
        self, api: Api, shop: Shop
    ) -> None:
        product = made(shop.hua.get("/hq/products", q="rice"), 200)["items"][0]
        path = f"/hq/products/{product['id']}"
        later = {"on_sale_from": "2026-03-02T10:00:00+08:00"}
        made(shop.hua.patch(path, later, if_match=product["version"]), 200)
        assert shop.campaign({"Rice": 90})
        later = {"on_sale_from": "2026-03-02T10:00:01+08:00"}
        made(shop.hua.patch(path, later, if_match=product["version"] + 1), 200)
        with pytest.raises(AssertionError, match="not_for_sale"):
            shop.campaign({"Rice": 90}, allotment=5)
