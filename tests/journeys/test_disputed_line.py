"""A line is disputed, over HTTP: Mei finds a mistake, headquarters agrees, the next month pays."""

from datetime import timedelta
from typing import Any

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.journeys.test_first_month import APRIL, MARCH, only_statement, publish_plan, settle
from tests.orders.test_api import refused


def a_month_of_sales(api: Api, shop: Shop) -> None:
    """Let Bo buy rice from Mei, fetch it, and keep it until March is settled."""
    shop.stock("Rice", price_fen=12_000, units=300)
    publish_plan(api)
    mei_at = shop.recruit("mei")
    campaign = shop.campaign({"Rice": 10_000}, allotment=150, opens_in=timedelta(days=2))
    group_buy = shop.host("mei", campaign, mei_at)
    shop.wait(days=2)
    order = shop.order("bo", group_buy["id"], {"Rice": 50})
    shop.pay("bo", order["id"])
    shop.wait(days=1)
    shop.deliver(mei_at["point"])
    shop.hand_over("mei", "bo", order["id"])
    shop.wait(hours=24)
    shop.wait(until=api.clock.at.replace(month=4, day=7, hour=16, minute=10))
    settle(api, MARCH)


def dispute(api: Api, path: str) -> dict[str, Any]:
    """Let Mei dispute the only line of a statement, and finance take it up."""
    mei, finance = api.shopper("mei"), api.staff("finance", "lin")
    body = {"position": 0, "reason": "15 % were agreed for this week"}
    opened = made(mei.post(f"{path}/disputes", body))
    made(finance.post(f"/hq/disputes/{opened['id']}/review"), 200)
    return opened


def test_it_goes_from_a_disputed_line_to_an_adjustment_in_the_next_month(api: Api) -> None:
    shop = Shop(api)
    a_month_of_sales(api, shop)

    # Mei reads her statement and does not agree with its line.
    statement = only_statement(api, "2026-03")
    assert (statement["payout_fen"], statement["standing"]["state"]) == (50_000, "issued")
    path = f"/leader/statements/{statement['id']}"
    opened = dispute(api, path)
    assert opened["held_fen"] == 50_000
    mei, qiao = api.shopper("mei"), api.staff("approver", "qiao")

    # While it is disputed, the month stays as it is: neither silence nor a lock ends it.
    shop.wait(days=4)
    assert only_statement(api, "2026-03")["standing"]["state"] == "disputed"
    refused(qiao.post(f"{MARCH}/lock"), 409, "statements-unanswered")

    # Qiao agrees with her; it takes a second approver to let the money go.
    decision = {"outcome": "upheld", "note": "15 % were agreed", "amount_fen": 25_000}
    decided = made(qiao.post(f"/hq/disputes/{opened['id']}/decision", decision), 200)
    adjustment = f"/hq/adjustments/{decided['adjustment_id']}"
    refused(qiao.post(f"{adjustment}/approval", {"version": 1}), 409, "adjuster-is-proposer")
    made(api.staff("approver", "an").post(f"{adjustment}/approval", {"version": 1}), 200)
    assert made(mei.get(f"/leader/disputes/{opened['id']}"), 200)["state"] == "upheld"
    made(qiao.post(f"{MARCH}/lock"), 200)
    assert only_statement(api, "2026-03")["standing"]["state"] == "final"

    # April holds the adjustment, with its reason; Mei is content and says so.
    shop.wait(until=api.clock.at.replace(month=5, day=7, hour=16, minute=10))
    settle(api, APRIL)
    april = only_statement(api, "2026-04")
    assert (april["adjustment_fen"], april["payout_fen"]) == (25_000, 25_000)
    mei = api.shopper("mei")
    own = f"/leader/statements/{april['id']}"
    (component,) = made(mei.get(f"{own}/components"), 200)["items"]
    assert component["explanation"] == "adjustment: 15 % were agreed"
    assert made(mei.post(f"{own}/confirmation"), 200)["state"] == "confirmed"
    booked = made(api.staff("auditor", "su").get(adjustment), 200)["booked"]
    assert (booked["month"], booked["settled"]) == ("2026-04", True)
    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken
