"""One's own data: all of it shown, and erased when nothing needs it any more."""

import sqlalchemy as sa

from groupbuy.app import registry
from groupbuy.kernel.db import Base, session
from tests.client import Api
from tests.journeys.headquarters import Shop, made


def test_it_shows_everything_that_is_kept_about_a_shopper(api: Api) -> None:
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=10)
    point = shop.recruit("mei")["point"]
    order = shop.order("bo", None, {"Eggs": 2}, pickup_point_id=point)
    shop.pay("bo", order["id"])
    shop.order("zed", None, {"Eggs": 1}, pickup_point_id=point)
    sections = made(api.shopper("bo").get("/me/export"), 200)["sections"]
    assert sections["profile"][0]["openid"] == "demo-bo"
    assert [row["order_id"] for row in sections["orders"]] == [order["id"]]
    assert [row["title"] for row in sections["order_lines"]] == ["Eggs"]
    assert sections["payments"][0]["amount_fen"] == 3000
    assert "token" not in str(sections)
    leader = made(api.shopper("mei").get("/me/export"), 200)["sections"]
    assert leader["leader"][0]["phone"] == "13800000000"


def test_it_knows_every_table_that_names_a_shopper() -> None:
    told = " ".join(f"{part.rows} {' '.join(part.erase)}" for part in registry.personal())
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.column.table.name == "shoppers" for key in table.foreign_keys)
    }
    unknown = {name for name in naming if f" {name} " not in f"{told} "}
    assert unknown - {"leaders", "erasures"} == set()


def test_it_erases_who_somebody_was_and_keeps_what_they_bought(api: Api) -> None:
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=10)
    point = shop.recruit("mei")["point"]
    bo = api.shopper("bo")
    application = {"name": "Bo", "phone": "13900000000", "region": "Shanghai"}
    made(bo.post("/leader-applications", application))
    order = shop.order("bo", None, {"Eggs": 2}, pickup_point_id=point)
    refused = bo.post("/me/erasure", {"confirmed": True}, language="en")
    assert (refused.status_code, refused.json["code"]) == (409, "cannot-erase-yet")
    assert "order on its way" in refused.json["reasons"][0]
    made(bo.post(f"/orders/{order['id']}/cancellation"), 200)
    made(bo.post("/me/erasure", {"confirmed": True}), 200)
    assert bo.get("/me").status_code == 401
    kept = sa.text("select openid, unionid, name from shoppers where id = :id")
    rows = session().execute(kept, {"id": bo.id.removeprefix("shp_")}).all()
    assert [(row.unionid, row.name) for row in rows] == [(None, "")]
    assert rows[0].openid.startswith("erased:")
    applied = session().execute(sa.text("select name, phone, state from leader_applications"))
    assert ("", "", "withdrawn") in [tuple(row) for row in applied]
    assert made(shop.hua.get(f"/hq/orders/{order['id']}"), 200)["state"] == "cancelled"
    token = api.anonymous.post("/auth/wechat-sessions", {"code": "demo:bo"}).json
    assert token["shopper"]["id"] != bo.id


def test_it_asks_to_be_sure_and_keeps_leaders_records(api: Api) -> None:
    shop = Shop(api)
    shop.recruit("mei")
    mei = api.shopper("mei")
    assert mei.post("/me/erasure", {"confirmed": False}).status_code == 422
    assert mei.post("/me/erasure", {}).status_code == 422
    refused = mei.post("/me/erasure", {"confirmed": True}, language="zh-CN")
    assert refused.status_code == 409
    assert "团长" in refused.json["reasons"][0]
    assert mei.get("/me").status_code == 200
