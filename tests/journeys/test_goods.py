"""The way of the goods: from what is to be bought to who fetched it, and what nobody fetched."""

from typing import Any

from groupbuy.fulfilment.queries import INVARIANTS
from groupbuy.kernel.books import check
from groupbuy.orders.jobs import fulfil_campaigns
from tests.client import Api
from tests.journeys.headquarters import Shop, made


def test_it_brings_the_goods_of_a_week_to_those_who_ordered_them(api: Api) -> None:
    shop = Shop(api)
    farm = str(made(shop.hua.post("/hq/suppliers", {"name": "崇明水产"}))["id"])
    shop.stock("Eggs", price_fen=1500, units=40)
    shop.stock("红虾", price_fen=5900, units=40, storage="frozen", supplier_id=farm)
    mei = shop.recruit("mei")
    rules = {"one_parcel": True, "unclaimed_rule": "refund"}
    campaign = shop.campaign({"Eggs": 1200, "红虾": 5000}, allotment=40, rules=rules)
    group = shop.host("mei", campaign, mei)["id"]
    shop.wait(hours=1)

    # Bo orders twice, Lan once, Zed once.
    baskets: list[tuple[str, dict[str, int]]] = [
        ("bo", {"Eggs": 2}),
        ("lan", {"红虾": 1}),
        ("bo", {"红虾": 2}),
        ("zed", {"Eggs": 1}),
    ]
    orders = [shop.order(name, group, basket)["id"] for name, basket in baskets]
    for (name, _), order in zip(baskets, orders, strict=True):
        shop.pay(name, order)
    shop.wait(days=5)

    # Hua buys what is missing.
    needs = made(shop.hua.get("/hq/purchase-lists", campaign_id=campaign), 200)["items"]
    assert {need["title"]: need["needed"] for need in needs} == {"Eggs": 3, "红虾": 3}
    lines = [{"sku_id": shop.skus["红虾"], "quantity": 3}]
    bought = made(shop.hua.post("/hq/purchase-orders", {"supplier_id": farm, "lines": lines}))
    came = {"lines": lines, "note": "早班车"}
    done = made(shop.hua.post(f"/hq/purchase-orders/{bought['id']}/receipts", came))
    assert [line["difference"] for line in done["lines"]] == [0]

    # Three parcels go out on a route.
    route = {"name": "浦东一线", "pickup_point_ids": [mei["point"]]}
    route_id = made(shop.hua.post("/hq/routes", route))["id"]
    body = {"pickup_point_id": mei["point"], "campaign_id": campaign}
    shipment = made(shop.hua.post("/hq/shipments", body))
    assert shipment["parcels"] == {"preparing": 3}
    path = f"/hq/shipments/{shipment['id']}"
    made(shop.hua.put(f"{path}/route", {"route_id": route_id}), 200)
    sheet = made(shop.hua.get(f"/hq/routes/{route_id}/sheet"), 200)
    goods = sheet["stops"][0]["shipments"][0]["goods"]
    assert goods["frozen"] == {"parcels": 2, "units": 3}
    for step in ("dispatch", "arrival"):
        made(shop.hua.post(f"{path}/{step}"), 200)

    # Bo sends Auntie Wang, who gets both orders; Lan comes herself; Zed never does.
    proxy = made(api.shopper("bo").post(f"/orders/{orders[0]}/pickup-proxies", {"name": "王阿姨"}))
    waiting = {"pickup_point_id": mei["point"]}
    assert len(made(api.shopper("mei").get("/leader/parcels", **waiting), 200)["items"]) == 3
    fetched: dict[str, Any] = made(
        api.shopper("mei").post("/leader/redemptions", {**waiting, "code": proxy["code"]})
    )
    assert (fetched["picked_up_name"], fetched["order_ids"]) == ("王阿姨", [orders[0], orders[2]])
    shop.hand_over("mei", "lan", orders[1])

    shop.wait(days=3)
    shop.wait(days=1)
    shop.wait(minutes=10)
    shown = made(api.shopper("zed").get(f"/orders/{orders[3]}"), 200)
    assert (shown["state"], shown["refund_status"]) == ("completed", "full")
    fulfil_campaigns()
    assert made(shop.hua.get(f"/hq/campaigns/{campaign}"), 200)["state"] == "fulfilled"
    assert [finding for finding in check(INVARIANTS) if finding.faults] == []
