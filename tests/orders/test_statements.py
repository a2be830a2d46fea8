"""What a checkout of three lines costs in round trips: it may not grow unnoticed."""

from typing import Any

from tests.client import Api
from tests.journeys.headquarters import Shop, made


def test_it_costs_so_many_statements_to_quote_place_and_pay_three_lines(
    api: Api, count_statements: Any
) -> None:
    shop = Shop(api)
    for title in ("Eggs", "Rice", "Milk"):
        shop.stock(title, price_fen=1500, units=50)
    campaign = shop.campaign({"Eggs": 1000, "Rice": 900, "Milk": 800})
    group_buy = shop.host("mei", campaign, shop.recruit("mei"))["id"]
    shop.wait(hours=1)
    bo = api.shopper("bo")
    lines = [{"sku_id": sku_id, "quantity": 1} for sku_id in shop.skus.values()]
    body = {"group_buy_id": group_buy, "lines": lines}
    with count_statements() as quoting:
        made(bo.post("/quotes", body), 200)
    with count_statements() as placing:
        order = made(bo.post("/orders", {**body, "quote_total_fen": 2700}))
    with count_statements() as paying:
        made(bo.post(f"/orders/{order['id']}/payment"), 200)
    assert (len(quoting), len(placing), len(paying)) == (5, 15, 20)
