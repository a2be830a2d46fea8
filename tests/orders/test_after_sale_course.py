"""The course of after-sales: what waits for them, deadlines, words, lists."""

from typing import Any

import pytest

from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.jobs import settle_campaigns
from groupbuy.orders.rules.after_sales import MAX_NOTES
from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.orders.closed import threshold
from tests.orders.conftest import Stand
from tests.orders.test_api import refused


class TestCompletion:
    """An order waits for what is open."""

    def test_it_is_not_completed_while_an_after_sale_is_open(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Strawberries=3)
        stand.wait(hours=30)
        assert stand.shown(order)["state"] == "picked_up"
        stand.decide(case, "rejection", reason="eaten")
        stand.wait(seconds=10)
        assert stand.shown(order)["state"] == "completed"

    def test_it_is_handed_over_while_a_request_waits_but_not_while_money_goes_back(
        self, stand: Stand
    ) -> None:
        order = stand.paid()
        case = stand.asked(order, Eggs=1)
        stand.deliver(stand.mei["point"])
        stand.decide(case, "approval")
        code = stand.shown(order)["pickup_code"]
        body = {"pickup_point_id": stand.mei["point"], "code": code}
        mei = stand.api.shopper("mei")
        refused(mei.post("/leader/redemptions", body), 409, "refund-open")
        run_pending()
        stand.asked(order, Eggs=1)
        made(mei.post("/leader/redemptions", body))


class TestFailedGroup:
    """A group buy that did not make it."""

    def test_it_withdraws_what_is_open_and_gives_everything_back(self, api: Api) -> None:
        shop = Shop(api)
        shop.stock("Eggs", price_fen=1500, units=100)
        sale = threshold(shop, ["bo", "zed"], minimum=8)
        bo = api.shopper("bo")
        order = made(bo.get(f"/orders/{sale.orders['bo']}"), 200)
        lines = [{"order_line_id": order["lines"][0]["id"], "quantity": 1}]
        body = {"lines": lines, "reason": "other"}
        case = made(bo.post(f"/orders/{order['id']}/after-sales", body))
        sale.close()
        settle_campaigns()
        run_pending()
        shown = made(bo.get(f"/orders/{order['id']}"), 200)
        assert (shown["state"], shown["refunded_fen"]) == ("cancelled", shown["total_fen"])
        assert made(bo.get(f"/after-sales/{case['id']}"), 200)["state"] == "withdrawn"


class TestDeadlines:
    """What happens by the clock."""

    def test_it_approves_small_requests_nobody_decided(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Eggs=2)
        stand.wait(hours=48, seconds=-1)
        assert stand.case(case)["state"] == "requested"
        stand.wait(seconds=1)
        done = stand.case(case)
        assert (done["state"], done["moves"][1]["actor"]) == ("refunded", "system")

    def test_it_approves_only_so_much_of_one_order(self, stand: Stand) -> None:
        order = stand.picked_up(Strawberries=6)
        first, second = stand.asked(order, Strawberries=2), stand.asked(order, Strawberries=2)
        stand.wait(hours=48)
        assert stand.case(first)["state"] == "refunded"
        waiting = stand.case(second)
        assert (waiting["state"], waiting["escalated_at"] is not None) == ("requested", True)

    def test_it_marks_large_ones_as_urgent(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Strawberries=3)
        urgent = {"overdue": "true"}
        assert made(stand.hua.get("/hq/after-sales", **urgent), 200)["items"] == []
        stand.wait(hours=48)
        (found,) = made(stand.hua.get("/hq/after-sales", **urgent), 200)["items"]
        assert (found["id"], found["state"]) == (case["id"], "requested")
        assert found["escalated_at"] is not None
        assert made(stand.hua.get("/hq/after-sales", overdue="false"), 200)["items"] == []
        stand.decide(case, "approval")

    def test_it_gives_up_on_goods_that_never_came_back(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.decide(stand.asked(order, Eggs=2), "approval", return_needed=True)
        stand.wait(days=7, seconds=-1)
        assert stand.case(case)["state"] == "returning"
        stand.wait(seconds=1)
        done = stand.case(case)
        assert (done["state"], done["moves"][-1]["reason"]) == ("withdrawn", "not_returned")
        assert stand.shown(order)["state"] == "completed"


class TestWriting:
    """POST …/notes"""

    def test_it_carries_question_and_answer(self, stand: Stand) -> None:
        case = stand.asked(stand.paid(), Eggs=1)
        words = {"words": "How many are broken?"}
        made(stand.hua.post(f"/hq/after-sales/{case['id']}/notes", words))
        path = f"/after-sales/{case['id']}/notes"
        shown = made(stand.api.shopper("bo").post(path, {"words": "All six."}))
        assert [(note["by_staff"], note["words"]) for note in shown["notes"]] == [
            (True, "How many are broken?"),
            (False, "All six."),
        ]
        assert "author" not in shown["notes"][0]
        assert stand.case(case)["notes"][0]["author"] == stand.hua.id
        refused(stand.api.shopper("zed").post(path, words), 404, "not-found")

    def test_it_ends_with_the_after_sale_and_somewhere(self, stand: Stand) -> None:
        case = stand.asked(stand.paid(), Eggs=1)
        path = f"/after-sales/{case['id']}/notes"
        bo = stand.api.shopper("bo")
        for number in range(MAX_NOTES):
            made(bo.post(path, {"words": f"And {number} more"}))
        refused(bo.post(path, {"words": "One more"}), 409, "too-many-notes")
        made(bo.post(f"/after-sales/{case['id']}/withdrawal"), 200)
        refused(bo.post(path, {"words": "Sorry"}), 409, "not-in-this-state")


class TestReading:
    """GET /after-sales, /leader/after-sales, /hq/after-sales"""

    @pytest.fixture
    def cases(self, stand: Stand) -> list[dict[str, Any]]:
        """One of Bo, one of Zed."""
        return [
            stand.asked(stand.paid(), Eggs=1),
            stand.asked(stand.paid("zed"), name="zed", reason="wrong", Strawberries=1),
        ]

    def test_it_shows_each_their_own(self, stand: Stand, cases: list[dict[str, Any]]) -> None:
        bo, zed = stand.api.shopper("bo"), stand.api.shopper("zed")
        (own,) = made(bo.get("/after-sales"), 200)["items"]
        assert own["id"] == cases[0]["id"]
        refused(zed.get(f"/after-sales/{own['id']}"), 404, "not-found")
        assert made(bo.get(f"/after-sales/{own['id']}"), 200)["moves"][0]["action"] == "request"
        assert made(bo.get("/after-sales", order_id=cases[1]["order_id"]), 200)["items"] == []
        leaders = made(stand.api.shopper("mei").get("/leader/after-sales"), 200)["items"]
        assert len(leaders) == 2
        assert "picture_ids" not in leaders[0]
        stand.recruit("tao")
        assert made(stand.api.shopper("tao").get("/leader/after-sales"), 200)["items"] == []

    def test_it_filters_and_pages(self, stand: Stand, cases: list[dict[str, Any]]) -> None:
        stand.decide(cases[1], "rejection", reason="no")

        def found(**filters: Any) -> list[str]:
            page = made(stand.hua.get("/hq/after-sales", **filters), 200)
            return [item["id"] for item in page["items"]]

        first, second = (case["id"] for case in cases)
        assert found() == [second, first]
        assert found(state="rejected") == [second]
        assert found(reason="damaged") == [first]
        assert found(kind="weight") == []
        assert found(leader_id=stand.mei["leader"]) == [second, first]
        assert found(campaign_id=stand.sale, shopper_id=stand.api.shopper("zed").id) == [second]
        page = made(stand.hua.get("/hq/after-sales", limit=1), 200)
        rest = made(stand.hua.get("/hq/after-sales", limit=1, cursor=page["next_cursor"]), 200)
        assert [rest["items"][0]["id"], rest["next_cursor"]] == [first, None]

    def test_it_lists_in_a_constant_number_of_statements(
        self, stand: Stand, count_statements: Any
    ) -> None:
        counts = []
        for _ in range(2):
            stand.asked(stand.paid(), Eggs=1)
            with count_statements() as statements:
                made(stand.hua.get("/hq/after-sales"), 200)
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 6


class TestErasure:
    """POST /me/erasure"""

    def test_it_waits_for_what_is_open_and_takes_the_words_away(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Eggs=1)
        bo = stand.api.shopper("bo")
        made(bo.post(f"/after-sales/{case['id']}/notes", {"words": "Call Bo at 13900000000"}))
        made(bo.put(f"/cart/lines/{stand.skus['Eggs']}", {"quantity": 1}), 200)
        sections = made(bo.get("/me/export"), 200)["sections"]
        assert [row["words"] for row in sections["after_sales"]] == ["broken in the box"]
        assert [row["words"] for row in sections["after_sale_notes"]] == ["Call Bo at 13900000000"]
        assert [row["title"] for row in sections["carts"]] == ["Eggs"]
        answer = bo.post("/me/erasure", {"confirmed": True}, language="en")
        assert "An after-sale of yours is not over." in answer.json["reasons"]
        stand.decide(case, "rejection", reason="no")
        stand.wait(hours=24)
        made(bo.post("/me/erasure", {"confirmed": True}), 200)
        kept = stand.case(case)
        assert (kept["state"], kept["words"], kept["notes"]) == ("rejected", "", [])
