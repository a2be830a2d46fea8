"""The whole story of a month, over HTTP: Mei, Bo, Hua and Zed."""

from datetime import timedelta
from typing import Any

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused

MARCH = "/hq/settlement-periods/2026-03"
APRIL = "/hq/settlement-periods/2026-04"


def publish_plan(api: Api) -> None:
    """Finance drafts a plan of 10 %, 15 % from ¥10,000; the approver publishes it."""
    finance, approver = api.staff("finance", "lin"), api.staff("approver", "qiao")
    plan = made(finance.post("/hq/commission-plans", {"code": "standard", "name": "Standard"}))
    path = f"/hq/commission-plans/{plan['id']}/versions"
    draft = {
        "effective_from": (api.clock.now() + timedelta(hours=1)).isoformat(),
        "mode": "marginal",
        "tiers": [[0, 1000], [1_000_000, 1500]],
    }
    version = made(finance.post(path, draft))
    publication = f"{path}/{version['number']}/publication"
    refused(finance.post(publication, {"version": version["version"]}), 403, "not-permitted")
    made(approver.post(publication, {"version": version["version"]}), 200)


def settle(api: Api, path: str) -> dict[str, Any]:
    """Finance prepares the month, the approver approves what was submitted."""
    finance, approver = api.staff("finance", "lin"), api.staff("approver", "qiao")
    for step in ("closing", "calculation", "submission"):
        period = made(finance.post(f"{path}/{step}"), 200)
    return made(approver.post(f"{path}/approval", {"digest": period["digest"]}), 200)


def only_statement(api: Api, month: str) -> dict[str, Any]:
    """Return Mei's statement of a month."""
    items = made(api.shopper("mei").get("/leader/statements"), 200)["items"]
    (found,) = [statement for statement in items if statement["month"] == month]
    return dict(found)


def test_it_goes_from_an_application_to_a_settled_month_and_a_clawback(api: Api) -> None:
    shop = Shop(api)
    shop.stock("Rice", price_fen=12_000, units=200)
    shop.stock("Strawberries", price_fen=6_000, units=500)
    publish_plan(api)

    # Mei is recruited and hosts what Hua planned; Bo comes by her share.
    mei_at = shop.recruit("mei")
    campaign = shop.campaign(
        {"Rice": 10_000, "Strawberries": 5_000}, allotment=150, opens_in=timedelta(days=2)
    )
    group_buy = shop.host("mei", campaign, mei_at)
    bo, mei, zed = api.shopper("bo"), api.shopper("mei"), api.shopper("zed")
    touch = made(bo.post("/touches", {"share_code": group_buy["share_code"]}))
    assert touch["result"] == "LOCKED"
    shop.wait(days=2)
    (shown,) = made(bo.get("/group-buys"), 200)["items"]
    assert shown["id"] == group_buy["id"]

    # Bo buys for his canteen, Zed for a party; both pay.
    bos = shop.order("bo", group_buy["id"], {"Rice": 100, "Strawberries": 100})
    zeds = shop.order("zed", group_buy["id"], {"Strawberries": 50})
    assert (bos["total_fen"], zeds["total_fen"]) == (1_500_000, 250_000)
    for name, order in (("bo", bos), ("zed", zeds)):
        assert shop.pay(name, order["id"])["state"] == "succeeded"
    why = made(mei.get(f"/leader/attributions/{bos['id']}"), 200)
    assert (why["mine"], why["rule"]) == (True, "hosted")
    refused(zed.get(f"/orders/{bos['id']}"), 404, "not-found")

    # The goods come, are fetched against the code, and the orders complete a day later.
    shop.wait(days=1)
    shop.deliver(mei_at["point"])
    for name, order in (("bo", bos), ("zed", zeds)):
        shop.hand_over("mei", name, order["id"])
    shop.wait(hours=24)
    assert made(bo.get(f"/orders/{bos['id']}"), 200)["state"] == "completed"

    # Zed's strawberries were bad: refunded before the cutoff, netted in March.
    shop.refund(zeds["id"], zeds["lines"][0]["id"], quantity=50)

    # Before the cutoff nobody can close March; ten minutes after it finance can.
    finance, approver = api.staff("finance", "lin"), api.staff("approver", "qiao")
    refused(finance.post(f"{MARCH}/closing"), 409, "cutoff-not-reached")
    shop.wait(until=api.clock.at.replace(month=4, day=7, hour=16, minute=10))
    period = settle(api, MARCH)
    assert period["state"] == "approved"
    refused(approver.post(f"{MARCH}/calculation"), 403, "not-permitted")
    refused(finance.post(f"{MARCH}/calculation"), 409, "not-in-this-state")

    # Mei reads how each fen came about: 10 % up to ¥10,000, 15 % above.
    statement = only_statement(api, "2026-03")
    assert (statement["volume_fen"], statement["sales_fen"]) == (1_500_000, 175_000)
    assert (statement["payout_fen"], statement["carry_out_fen"]) == (175_000, 0)
    mei, zed = api.shopper("mei"), api.shopper("zed")
    lines = made(mei.get(f"/leader/statements/{statement['id']}/lines"), 200)["items"]
    assert sum(line["amount_fen"] for line in lines) == 175_000
    refused(zed.get("/leader/statements"), 403, "not-permitted")
    tao = shop.recruit("tao")
    assert tao["leader"]
    refused(api.shopper("tao").get(f"/leader/statements/{statement['id']}"), 404, "not-found")

    # In late April a fifth of Bo's rice is refunded: March stays, April takes 20 % of its
    # commission back, and the negative balance is carried, never debited.
    shop.wait(days=12)
    rice = next(line for line in bos["lines"] if line["title"] == "Rice")
    shop.refund(bos["id"], rice["id"], quantity=20)
    earned = next(line["amount_fen"] for line in lines if line["order_line_id"] == rice["id"])
    shop.wait(until=api.clock.at.replace(month=5, day=7, hour=16, minute=10))
    settle(api, APRIL)
    april = only_statement(api, "2026-04")
    assert april["clawback_fen"] == april["payable_fen"] == -earned // 5
    assert (april["payout_fen"], april["carry_out_fen"]) == (0, april["payable_fen"])
    march = only_statement(api, "2026-03")
    assert march.pop("standing")["state"] == "auto_confirmed"
    assert statement.pop("standing")["state"] == "issued"
    assert march == statement

    # Headquarters, the auditor and the books agree.
    assert api.staff("auditor", "su").get(f"{APRIL}/statements").status_code == 200
    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken
