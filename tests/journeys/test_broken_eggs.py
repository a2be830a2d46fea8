"""Bo's eggs are broken: a picture, a question, an answer, the money, Mei's commission."""

from pathlib import Path

from groupbuy.kernel.jobs import run_pending
from tests.client import Api
from tests.doubles.fixtures import picture_folder
from tests.factories import commissions
from tests.factories.media import picture_body
from tests.journeys.headquarters import Shop, made

__all__ = ["picture_folder"]


def test_it_gives_bo_the_money_for_broken_eggs_and_mei_less_commission(
    api: Api, picture_folder: Path
) -> None:
    commissions.published()
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=50)
    mei = shop.recruit("mei")
    group_buy = shop.host("mei", shop.campaign({"Eggs": 1200}), mei)["id"]
    shop.wait(hours=1)
    bo, hua = api.shopper("bo"), shop.hua

    # Bo buys three boxes and fetches them; one box is broken.
    order = shop.order("bo", group_buy, {"Eggs": 3})
    shop.pay("bo", order["id"])
    shop.deliver(mei["point"])
    shop.hand_over("mei", "bo", order["id"])
    picture = made(bo.post("/pictures", picture_body()))["id"]
    case = made(
        bo.post(
            f"/orders/{order['id']}/after-sales",
            {
                "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": 1}],
                "reason": "damaged",
                "words": "One box is wet",
                "picture_ids": [picture],
            },
        )
    )
    assert (case["state"], case["amount_fen"]) == ("requested", 1200)

    # Hua looks at the picture and asks; Bo answers. The order waits.
    assert hua.get(f"/pictures/{picture}").status_code == 200
    made(hua.post(f"/hq/after-sales/{case['id']}/notes", {"words": "How many are whole?"}))
    made(bo.post(f"/after-sales/{case['id']}/notes", {"words": "Half of them"}))
    shop.wait(hours=25)
    assert made(bo.get(f"/orders/{order['id']}"), 200)["state"] == "picked_up"

    # Half the box is given back; then the order is completed.
    line = {"order_line_id": order["lines"][0]["id"], "amount_fen": 600}
    body = {"lines": [line], "words": "We give you half of it back"}
    made(hua.post(f"/hq/after-sales/{case['id']}/approval", body), 200)
    run_pending()
    assert made(bo.get(f"/after-sales/{case['id']}"), 200)["state"] == "refunded"
    shop.wait(seconds=10)
    shown = made(bo.get(f"/orders/{order['id']}"), 200)
    assert (shown["state"], shown["refunded_fen"]) == ("completed", 600)
    assert [step["text"] for step in shown["timeline"] if step["kind"] == "after_sale"] == [
        "After-sale requested",
        "After-sale approved",
        "After-sale: refund started",
        "After-sale settled",
    ]

    # Mei earns on what Bo kept: 5 % of 30.00.
    earnings = made(api.shopper("mei").get("/leader/earnings", month="2026-03"), 200)
    assert earnings["pending_fen"] == 150
