"""After-sales over HTTP: asking, deciding, returning, refunding, and each of their Problems."""

from pathlib import Path

from groupbuy.kernel.jobs import run_pending
from tests.doubles.fixtures import picture_folder
from tests.factories.media import picture_body
from tests.journeys.headquarters import made
from tests.orders.conftest import Stand
from tests.orders.test_api import refused

__all__ = ["picture_folder"]


class TestAsking:
    """POST /orders/{id}/after-sales"""

    def test_it_asks_by_units_and_holds_what_is_asked(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Eggs=1, Strawberries=2)
        assert (case["state"], case["kind"], case["amount_fen"]) == ("requested", "request", 5180)
        assert {line["title"]: line["amount_fen"] for line in case["lines"]} == {
            "Strawberries": 3980,
            "Eggs": 1200,
        }
        problem = refused(stand.ask(order, Eggs=2), 409, "refund-exceeds-line")
        assert (problem["left_fen"], problem["left_quantity"]) == (1200, 1)
        line = {"order_line_id": stand.line(order, "Eggs"), "amount_fen": 1201}
        body = {"order_id": order["id"], "lines": [line], "reason": "goodwill"}
        refused(stand.hua.post("/hq/refunds", body), 409, "refund-exceeds-line")

    def test_it_asks_by_amount(self, stand: Stand) -> None:
        order = stand.paid()
        lines = [{"order_line_id": stand.line(order, "Eggs"), "amount_fen": 700}]
        body = {"lines": lines, "reason": "quality"}
        case = made(stand.api.shopper("bo").post(f"/orders/{order['id']}/after-sales", body))
        assert (case["amount_fen"], case["lines"][0]["quantity"]) == (700, 0)

    def test_it_refuses_all_if_one_line_is_too_much(self, stand: Stand) -> None:
        order = stand.paid()
        refused(stand.ask(order, Strawberries=1, Eggs=3), 409, "refund-exceeds-line")
        stand.asked(order, Strawberries=3, Eggs=2)

    def test_it_is_for_the_orders_shopper(self, stand: Stand) -> None:
        order = stand.paid()
        refused(stand.ask(order, name="zed", Eggs=1), 404, "not-found")
        path = f"/orders/{order['id']}/after-sales"
        assert stand.api.anonymous.post(path, {}).status_code == 401
        assert stand.hua.post(path, {}).status_code == 403

    def test_it_knows_only_lines_of_the_order(self, stand: Stand) -> None:
        order, other = stand.paid(), stand.paid("zed")
        lines = [{"order_line_id": other["lines"][0]["id"], "quantity": 1}]
        body = {"lines": lines, "reason": "wrong"}
        answer = stand.api.shopper("bo").post(f"/orders/{order['id']}/after-sales", body)
        refused(answer, 404, "not-found")

    def test_it_begins_with_payment_and_ends_a_day_after_pickup(self, stand: Stand) -> None:
        unpaid = stand.order("bo", stand.group_buy, {"Eggs": 1})
        refused(stand.ask(unpaid, Eggs=1), 409, "not-in-this-state")
        order = stand.picked_up()
        stand.api.clock.advance(hours=24, seconds=-1)
        stand.asked(order, Eggs=1)
        stand.api.clock.advance(seconds=1)
        refused(stand.ask(order, Eggs=1), 409, "after-sale-over")

    def test_it_has_ended_once_the_order_is_completed(self, stand: Stand) -> None:
        order = stand.picked_up()
        stand.wait(hours=24)
        assert stand.shown(order)["state"] == "completed"
        # Whether the sweep has been there already is nothing that a shopper could know.
        refused(stand.ask(order, Eggs=1), 409, "after-sale-over")

    def test_it_has_nothing_to_give_back_for_what_was_free(self, stand: Stand) -> None:
        stand.stock("Sample", price_fen=0, units=5)
        order = stand.order("bo", None, {"Sample": 1}, pickup_point_id=stand.mei["point"])
        refused(stand.ask(order, Sample=1), 409, "nothing-to-refund")

    def test_it_wants_a_known_reason_and_each_line_once(self, stand: Stand) -> None:
        order = stand.paid()
        line = {"order_line_id": stand.line(order, "Eggs"), "quantity": 1}
        for body in (
            {"lines": [line], "reason": "bored"},
            {"lines": [line, line], "reason": "damaged"},
            {"lines": [], "reason": "damaged"},
        ):
            answer = stand.api.shopper("bo").post(f"/orders/{order['id']}/after-sales", body)
            refused(answer, 422, "invalid-input")

    def test_it_takes_ones_own_pictures_once(self, stand: Stand, picture_folder: Path) -> None:
        order = stand.paid()
        bo, zed = stand.api.shopper("bo"), stand.api.shopper("zed")
        own = made(bo.post("/pictures", picture_body()))["id"]
        foreign = made(zed.post("/pictures", picture_body()))["id"]
        line = {"order_line_id": stand.line(order, "Eggs"), "quantity": 1}
        body = {"lines": [line], "reason": "damaged", "picture_ids": [own]}
        path = f"/orders/{order['id']}/after-sales"
        wrong = {**body, "picture_ids": [foreign]}
        assert (
            "/picture_ids"
            in refused(bo.post(path, wrong), 422, "invalid-input")["errors"][0]["pointer"]
        )
        case = made(bo.post(path, body))
        assert case["picture_ids"] == [own]
        assert stand.case(case)["picture_ids"] == [own]
        refused(bo.post(path, body), 422, "invalid-input")
        assert stand.hua.get(f"/pictures/{own}").status_code == 200
        assert zed.get(f"/pictures/{own}").status_code == 404


class TestApproving:
    """POST /hq/after-sales/{id}/approval"""

    def test_it_refunds_what_was_asked_for(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.decide(stand.asked(order, Eggs=1), "approval")
        assert (case["state"], case["approved_fen"]) == ("refunding", 1200)
        run_pending()
        done = stand.case(case)
        assert (done["state"], done["ended_at"] is not None) == ("refunded", True)
        assert [move["action"] for move in done["moves"]] == [
            "request",
            "approve",
            "refund",
            "settle",
        ]
        assert done["moves"][1]["actor"] == stand.hua.id
        shown = stand.shown(order)
        assert (shown["refunded_fen"], shown["refund_status"]) == (1200, "partial")
        eggs = next(line for line in shown["lines"] if line["title"] == "Eggs")
        assert (eggs["returned_quantity"], eggs["refunded_fen"]) == (1, 1200)

    def test_it_may_give_less_and_then_no_unit_comes_back(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Eggs=2, Strawberries=1)
        eggs, berries = stand.line(order, "Eggs"), stand.line(order, "Strawberries")
        lines = [
            {"order_line_id": eggs, "amount_fen": 500},
            {"order_line_id": berries, "amount_fen": 0},
        ]
        decided = stand.decide(case, "approval", lines=lines, words="half of them were fine")
        assert decided["approved_fen"] == 500
        run_pending()
        assert stand.case(case)["state"] == "refunded"
        line = next(line for line in stand.shown(order)["lines"] if line["id"] == eggs)
        assert (line["returned_quantity"], line["refunded_fen"]) == (0, 500)
        stand.asked(order, Strawberries=3)

    def test_it_refuses_more_than_was_asked_for_and_nothing(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Eggs=1)
        path = f"/hq/after-sales/{case['id']}/approval"
        line = {"order_line_id": stand.line(order, "Eggs"), "amount_fen": 1201}
        refused(stand.hua.post(path, {"lines": [line]}), 422, "approved-more-than-asked")
        refused(stand.hua.post(path, {"lines": [{**line, "amount_fen": 0}]}), 422, "invalid-input")
        other = {"order_line_id": stand.line(order, "Strawberries"), "amount_fen": 1}
        refused(stand.hua.post(path, {"lines": [other]}), 404, "not-found")
        assert stand.case(case)["state"] == "requested"
        stand.decide(case, "approval")
        refused(stand.hua.post(path), 409, "not-in-this-state")

    def test_it_waits_for_the_goods_where_they_must_come_back(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.decide(stand.asked(order, Eggs=1), "approval", return_needed=True)
        assert (case["state"], case["refund_id"]) == ("returning", None)
        assert case["return_by"] is not None
        refused(stand.ask(order, Eggs=2), 409, "refund-exceeds-line")
        assert stand.decide(case, "return-received")["state"] == "refunding"
        run_pending()
        assert stand.case(case)["state"] == "refunded"
        answer = stand.hua.post(f"/hq/after-sales/{case['id']}/return-received")
        refused(answer, 409, "not-in-this-state")

    def test_it_has_nothing_to_come_back_before_pickup(self, stand: Stand) -> None:
        case = stand.asked(stand.paid(), Eggs=1)
        path = f"/hq/after-sales/{case['id']}/approval"
        refused(stand.hua.post(path, {"return_needed": True}), 409, "nothing-to-return")
        assert stand.case(case)["state"] == "requested"

    def test_it_is_for_service_staff(self, stand: Stand) -> None:
        case = stand.asked(stand.paid(), Eggs=1)
        for decision in ("approval", "rejection", "return-received", "retry", "notes"):
            path = f"/hq/after-sales/{case['id']}/{decision}"
            assert stand.api.shopper("bo").post(path, {}).status_code == 403
            assert stand.api.staff("finance").post(path, {}).status_code == 403
            assert stand.api.anonymous.post(path, {}).status_code == 401

    def test_it_tries_again_what_the_provider_refused(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.decide(stand.asked(order, Eggs=2), "approval")
        refused(stand.hua.post(f"/hq/after-sales/{case['id']}/retry"), 409, "not-in-this-state")
        stand.refuse_refunds()
        failed = stand.case(case)
        assert (failed["state"], failed["refund_id"]) == ("approved", None)
        refused(stand.ask(order, Eggs=1), 409, "refund-exceeds-line")
        assert stand.decide(case, "retry")["state"] == "refunding"
        run_pending()
        assert stand.case(case)["state"] == "refunded"
        assert stand.shown(order)["refunded_fen"] == 2400


class TestEnding:
    """Rejected, withdrawn, or overtaken by a cancellation."""

    def test_it_rejects_with_a_reason_and_frees_what_was_held(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Eggs=2)
        refused(stand.hua.post(f"/hq/after-sales/{case['id']}/rejection", {}), 422, "invalid-input")
        rejected = stand.decide(case, "rejection", reason="the picture shows other eggs")
        assert (rejected["state"], rejected["moves"][-1]["reason"]) == (
            "rejected",
            "the picture shows other eggs",
        )
        answer = stand.hua.post(f"/hq/after-sales/{case['id']}/rejection", {"reason": "again"})
        refused(answer, 409, "not-in-this-state")
        stand.asked(order, Eggs=2)

    def test_it_is_withdrawn_by_its_shopper_until_the_refund(self, stand: Stand) -> None:
        order = stand.picked_up()
        case = stand.asked(order, Eggs=2)
        path = f"/after-sales/{case['id']}/withdrawal"
        refused(stand.api.shopper("zed").post(path), 404, "not-found")
        bo = stand.api.shopper("bo")
        assert made(bo.post(path, {"reason": "found them"}), 200)["state"] == "withdrawn"
        refused(bo.post(path), 409, "not-in-this-state")
        second = stand.decide(stand.asked(order, Eggs=2), "approval")
        refused(bo.post(f"/after-sales/{second['id']}/withdrawal"), 409, "not-in-this-state")

    def test_it_ends_with_its_order_and_everything_goes_back(self, stand: Stand) -> None:
        order = stand.paid()
        case = stand.asked(order, Eggs=1)
        bo = stand.api.shopper("bo")
        made(bo.post(f"/orders/{order['id']}/cancellation"), 200)
        run_pending()
        assert stand.case(case)["state"] == "withdrawn"
        shown = stand.shown(order)
        assert (shown["refund_status"], shown["refunded_fen"]) == ("full", shown["total_fen"])

    def test_it_leaves_a_refund_under_way_alone_when_its_order_is_cancelled(
        self, stand: Stand
    ) -> None:
        order = stand.paid()
        case = stand.decide(stand.asked(order, Eggs=1), "approval")
        made(stand.api.shopper("bo").post(f"/orders/{order['id']}/cancellation"), 200)
        run_pending()
        assert stand.case(case)["state"] == "refunded"
        assert stand.shown(order)["refunded_fen"] == order["total_fen"]

    def test_it_cancels_an_order_of_which_everything_was_given_back(self, stand: Stand) -> None:
        order = stand.paid(Eggs=2)
        stand.decide(stand.asked(order, Eggs=2), "approval")
        run_pending()
        shown = stand.shown(order)
        assert (shown["state"], shown["refund_status"]) == ("cancelled", "full")
