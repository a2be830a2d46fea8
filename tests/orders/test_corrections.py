"""Shortages and missing weight over HTTP: previewed, started, settled order by order."""

from typing import Any

import pytest

from groupbuy.kernel import clock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders import queries
from groupbuy.orders.jobs import resume_corrections, settle_correction
from groupbuy.orders.models import Correction
from groupbuy.orders.rules.corrections import worth_of_missing_weight
from groupbuy.orders.services import correcting
from tests.client import Caller
from tests.journeys.headquarters import made
from tests.orders.conftest import Stand
from tests.orders.test_api import refused


class Found:
    """What headquarters or a leader says was found."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand

    def light(self, **changes: Any) -> dict[str, Any]:
        """Strawberries came with 450 of 500 g, at Mei's point."""
        return {
            "kind": "weight",
            "sku_id": self.stand.skus["Strawberries"],
            "pickup_point_id": self.stand.mei["point"],
            "ordered_g": 500,
            "delivered_g": 450,
            "reason": "10 % light",
            **changes,
        }

    def short(self, *lines: tuple[str, int]) -> dict[str, Any]:
        """Units of lines did not come."""
        return {
            "kind": "shortage",
            "lines": [{"order_line_id": line, "quantity": n} for line, n in lines],
            "reason": "not in the crate",
        }


@pytest.fixture
def found(stand: Stand) -> Found:
    """What may be found."""
    return Found(stand)


def rows(caller: Caller, path: str, **filters: Any) -> list[dict[str, Any]]:
    """Return the orders of a correction."""
    return list(made(caller.get(f"{path}/orders", **filters), 200)["items"])


def run(caller: Caller, path: str) -> dict[str, Any]:
    """Start a correction, let it happen, and return it."""
    assert made(caller.post(f"{path}/execution"), 200)["state"] == "running"
    run_pending()
    return made(caller.get(path), 200)


class TestWeight:
    """A SKU came light for everybody at a point."""

    def test_it_previews_then_refunds_everybody_their_share(
        self, stand: Stand, found: Found
    ) -> None:
        bo, zed = stand.paid(Strawberries=3), stand.paid("zed", Strawberries=1, Eggs=1)
        stand.deliver(stand.mei["point"])
        draft = made(stand.hua.post("/hq/corrections", found.light()))
        assert (draft["state"], draft["orders"], draft["amount_fen"]) == (
            "draft",
            {"planned": 2},
            597 + 199,
        )
        path = f"/hq/corrections/{draft['id']}"
        preview = rows(stand.hua, path)
        assert [(row["order_id"], row["amount_fen"]) for row in preview] == [
            (bo["id"], 597),
            (zed["id"], 199),
        ]
        assert preview[0]["lines"][0]["quantity"] == 0
        assert stand.shown(bo)["refunded_fen"] == 0
        done = run(stand.hua, path)
        assert (done["state"], done["orders"]) == ("done", {"refunded": 2})
        assert (stand.shown(bo)["refunded_fen"], stand.shown(zed, "zed")["refunded_fen"]) == (
            597,
            199,
        )
        (case,) = made(stand.api.shopper("bo").get("/after-sales"), 200)["items"]
        assert (case["kind"], case["state"], case["words"]) == ("weight", "refunded", "10 % light")
        path = f"/after-sales/{case['id']}/withdrawal"
        refused(stand.api.shopper("bo").post(path), 404, "not-found")

    def test_it_corrects_the_weight_of_a_line_once(self, stand: Stand, found: Found) -> None:
        order = stand.paid(Strawberries=3)
        for state in ("refunded", "skipped"):
            draft = made(stand.hua.post("/hq/corrections", found.light()))
            path = f"/hq/corrections/{draft['id']}"
            assert run(stand.hua, path)["orders"] == {state: 1}
        assert rows(stand.hua, path)[0]["why"] == "corrected_already"
        assert stand.shown(order)["refunded_fen"] == 597

    def test_it_reckons_with_what_is_left_of_a_line(self, stand: Stand, found: Found) -> None:
        order = stand.paid(Strawberries=3)
        stand.refund(order["id"], stand.line(order, "Strawberries"), quantity=1)
        draft = made(stand.hua.post("/hq/corrections", found.light()))
        assert draft["amount_fen"] == 398

    def test_it_takes_single_lines(self, stand: Stand, found: Found) -> None:
        order = stand.paid()
        body = {
            "kind": "weight",
            "lines": [{"order_line_id": stand.line(order, "Eggs")}],
            "ordered_g": 1000,
            "delivered_g": 0,
            "reason": "an empty box",
        }
        assert made(stand.hua.post("/hq/corrections", body))["amount_fen"] == 2400

    def test_it_rounds_half_up(self) -> None:
        worth = worth_of_missing_weight
        assert worth(paid_fen=5, ordered_g=2, delivered_g=1) == 3
        assert worth(paid_fen=1000, ordered_g=3, delivered_g=2) == 333
        assert worth(paid_fen=1000, ordered_g=3, delivered_g=0) == 1000


class TestShortage:
    """Units did not come."""

    def test_it_refunds_missing_units_of_an_order_at_once(self, stand: Stand, found: Found) -> None:
        order = stand.paid()
        body = found.short((stand.line(order, "Eggs"), 2), (stand.line(order, "Strawberries"), 1))
        draft = made(stand.hua.post("/hq/corrections", body))
        assert draft["amount_fen"] == 2400 + 1990
        run(stand.hua, f"/hq/corrections/{draft['id']}")
        shown = stand.shown(order)
        assert shown["refunded_fen"] == 4390
        assert {line["title"]: line["returned_quantity"] for line in shown["lines"]} == {
            "Strawberries": 1,
            "Eggs": 2,
        }

    def test_it_refunds_all_of_what_did_not_come_at_all(self, stand: Stand, found: Found) -> None:
        stand.paid(Eggs=2)
        stand.paid("zed", Eggs=1, Strawberries=1)
        body = {
            "kind": "shortage",
            "sku_id": stand.skus["Eggs"],
            "group_buy_id": stand.group_buy,
            "reason": "the farm had none",
        }
        draft = made(stand.hua.post("/hq/corrections", body))
        assert (draft["orders"], draft["amount_fen"]) == ({"planned": 2}, 3600)

    def test_it_leaves_out_all_of_an_order_where_one_line_does_not_fit_any_more(
        self, stand: Stand, found: Found
    ) -> None:
        order = stand.paid()
        eggs, berries = stand.line(order, "Eggs"), stand.line(order, "Strawberries")
        draft = made(stand.hua.post("/hq/corrections", found.short((eggs, 2), (berries, 1))))
        stand.refund(order["id"], eggs, quantity=1)
        path = f"/hq/corrections/{draft['id']}"
        done = run(stand.hua, path)
        assert (done["state"], done["orders"], done["amount_fen"]) == ("done", {"skipped": 1}, 0)
        assert rows(stand.hua, path, state="skipped")[0]["why"] == "refund-exceeds-line"
        assert stand.shown(order)["refunded_fen"] == 1200

    def test_it_leaves_out_what_was_cancelled_meanwhile(self, stand: Stand, found: Found) -> None:
        order = stand.paid(Eggs=1)
        draft = made(stand.hua.post("/hq/corrections", found.short((stand.line(order, "Eggs"), 1))))
        made(stand.api.shopper("bo").post(f"/orders/{order['id']}/cancellation"), 200)
        path = f"/hq/corrections/{draft['id']}"
        run(stand.hua, path)
        assert rows(stand.hua, path)[0]["why"] == "cancelled"


class TestDrafting:
    """Each Problem of POST /hq/corrections, and dropping a draft."""

    def test_it_says_what_does_not_fit(self, stand: Stand, found: Found) -> None:
        order = stand.paid()
        eggs = stand.line(order, "Eggs")
        for body in (
            found.light(delivered_g=500),
            found.light(ordered_g=None),
            found.light(pickup_point_id=None),
            found.light(sku_id=None),
            found.light(kind="shortage"),
            found.light(lines=[{"order_line_id": eggs}]),
            found.short((eggs, 0)),
            found.short((eggs, 1), (eggs, 1)),
            {**found.short((eggs, 1)), "kind": "weight", "ordered_g": 2, "delivered_g": 1},
            {"kind": "shortage", "reason": "nowhere"},
        ):
            refused(stand.hua.post("/hq/corrections", body), 422, "invalid-input")

    def test_it_refuses_what_is_not_there_or_not_left(self, stand: Stand, found: Found) -> None:
        order = stand.paid()
        refused(
            stand.hua.post("/hq/corrections", found.short((f"orl_{'1' * 32}", 1))), 404, "not-found"
        )
        body = found.short((stand.line(order, "Eggs"), 3))
        refused(stand.hua.post("/hq/corrections", body), 409, "refund-exceeds-line")
        body = found.light(sku_id=stand.stock("Fish", price_fen=100, units=1))
        refused(stand.hua.post("/hq/corrections", body), 409, "nothing-to-correct")
        unpaid = stand.order("zed", stand.group_buy, {"Eggs": 1})
        body = found.short((stand.line(unpaid, "Eggs"), 1))
        refused(stand.hua.post("/hq/corrections", body), 404, "not-found")

    def test_it_is_dropped_or_started_once(self, stand: Stand, found: Found) -> None:
        stand.paid()
        draft = made(stand.hua.post("/hq/corrections", found.light()))
        path = f"/hq/corrections/{draft['id']}"
        assert made(stand.hua.post(f"{path}/cancellation"), 200)["state"] == "cancelled"
        refused(stand.hua.post(f"{path}/execution"), 409, "not-in-this-state")
        other = made(stand.hua.post("/hq/corrections", found.light()))
        path = f"/hq/corrections/{other['id']}"
        run(stand.hua, path)
        refused(stand.hua.post(f"{path}/execution"), 409, "not-in-this-state")
        refused(stand.hua.post(f"{path}/cancellation"), 409, "not-in-this-state")
        states = [item["state"] for item in made(stand.hua.get("/hq/corrections"), 200)["items"]]
        assert states == ["done", "cancelled"]
        assert made(stand.hua.get("/hq/corrections", state="draft"), 200)["items"] == []

    def test_it_is_for_service_staff(self, stand: Stand) -> None:
        for caller, status in (
            (stand.api.anonymous, 401),
            (stand.api.shopper("mei"), 403),
            (stand.api.staff("finance"), 403),
        ):
            assert caller.post("/hq/corrections", {}).status_code == status
        assert stand.api.shopper("bo").post("/leader/corrections", {}).status_code == 403

    def test_it_lists_in_a_constant_number_of_statements(
        self, stand: Stand, found: Found, count_statements: Any
    ) -> None:
        counts = []
        for name in ("bo", "zed"):
            stand.paid(name)
            draft = made(stand.hua.post("/hq/corrections", found.light()))
            with count_statements() as statements:
                made(stand.hua.get("/hq/corrections"), 200)
                rows(stand.hua, f"/hq/corrections/{draft['id']}")
            counts.append(len(statements))
        assert counts[0] == counts[1]


class TestLeader:
    """POST /leader/corrections"""

    def test_it_settles_small_amounts_and_leaves_large_ones_to_staff(
        self, stand: Stand, found: Found
    ) -> None:
        mei = stand.api.shopper("mei")
        small, large = stand.paid(Eggs=1), stand.paid("zed", Eggs=2)
        body = found.short((stand.line(small, "Eggs"), 1), (stand.line(large, "Eggs"), 2))
        draft = made(mei.post("/leader/corrections", body))
        path = f"/leader/corrections/{draft['id']}"
        assert run(mei, path)["orders"] == {"refunded": 1, "referred": 1}
        assert stand.shown(small)["refunded_fen"] == 1200
        assert stand.shown(large, "zed")["refunded_fen"] == 0
        (waiting,) = rows(mei, path, state="referred")
        case = {"id": waiting["after_sale_id"]}
        assert stand.case(case)["requested_by"] == mei.id
        stand.wait(hours=48)
        assert stand.case(case)["state"] == "requested"
        assert stand.case(case)["escalated_at"] is not None
        stand.decide(case, "approval")
        run_pending()
        assert stand.shown(large, "zed")["refunded_fen"] == 2400

    def test_it_adds_up_what_a_leader_corrects_of_one_order(
        self, stand: Stand, found: Found
    ) -> None:
        mei = stand.api.shopper("mei")
        order = stand.paid(Eggs=3)
        states = []
        for _ in range(2):
            body = found.short((stand.line(order, "Eggs"), 1))
            draft = made(mei.post("/leader/corrections", body))
            states.append(run(mei, f"/leader/corrections/{draft['id']}")["orders"])
        assert states == [{"refunded": 1}, {"referred": 1}]

    def test_it_never_settles_a_leaders_own_purchase(self, stand: Stand, found: Found) -> None:
        order = stand.paid("mei", Eggs=1)
        mei = stand.api.shopper("mei")
        body = found.short((stand.line(order, "Eggs"), 1))
        draft = made(mei.post("/leader/corrections", body))
        assert run(mei, f"/leader/corrections/{draft['id']}")["orders"] == {"referred": 1}

    def test_it_reaches_only_orders_of_the_leader_or_at_their_points(
        self, stand: Stand, found: Found
    ) -> None:
        order = stand.paid(Eggs=1)
        stand.recruit("tao")
        tao = stand.api.shopper("tao")
        body = found.short((stand.line(order, "Eggs"), 1))
        refused(tao.post("/leader/corrections", body), 404, "not-found")
        refused(tao.post("/leader/corrections", found.light()), 409, "nothing-to-correct")
        draft = made(stand.api.shopper("mei").post("/leader/corrections", body))
        path = f"/leader/corrections/{draft['id']}"
        for answer in (
            tao.get(path),
            tao.get(f"{path}/orders"),
            tao.post(f"{path}/execution"),
            tao.post(f"{path}/cancellation"),
        ):
            refused(answer, 404, "not-found")
        assert made(tao.get("/leader/corrections"), 200)["items"] == []
        mei = stand.api.shopper("mei")
        assert len(made(mei.get("/leader/corrections", kind="shortage"), 200)["items"]) == 1
        assert made(mei.post(f"{path}/cancellation"), 200)["state"] == "cancelled"

    def test_it_ends_for_leaders_with_the_completion_of_the_order(
        self, stand: Stand, found: Found
    ) -> None:
        order = stand.picked_up(Eggs=1)
        body = found.short((stand.line(order, "Eggs"), 1))
        mei = stand.api.shopper("mei")
        draft = made(mei.post("/leader/corrections", body))
        stand.wait(hours=24)
        path = f"/leader/corrections/{draft['id']}"
        assert run(mei, path)["orders"] == {"skipped": 1}
        assert rows(mei, path)[0]["why"] == "completed"
        refused(mei.post("/leader/corrections", body), 404, "not-found")
        draft = made(stand.hua.post("/hq/corrections", body))
        assert run(stand.hua, f"/hq/corrections/{draft['id']}")["orders"] == {"refunded": 1}


class TestResuming:
    """The job goes on where it was stopped."""

    def test_it_goes_on_after_a_stop_and_pays_nobody_twice(
        self, stand: Stand, found: Found, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        orders = [stand.paid("bo", Strawberries=1), stand.paid("zed", Strawberries=1)]
        draft = made(stand.hua.post("/hq/corrections", found.light()))
        with transaction():
            correcting.execute(
                correction_id=draft["id"], actor=correcting._starter(own(draft)), now=clock.now()
            )
        settle = correcting.settle_order

        def stops_at_the_second(**asked: Any) -> Any:
            if asked["order_id"] == orders[1]["id"]:
                raise RuntimeError("the power went")
            return settle(**asked)

        with monkeypatch.context() as broken:
            broken.setattr(correcting, "settle_order", stops_at_the_second)
            with pytest.raises(ExceptionGroup):
                settle_correction(draft["id"])
        assert queries.correction_view(draft["id"]).orders == {"refunded": 1, "planned": 1}
        resume_corrections()
        view = queries.correction_view(draft["id"])
        assert (view.correction.state, view.orders) == ("done", {"refunded": 2})
        settle_correction(draft["id"])
        run_pending()
        assert [stand.shown(orders[0])["refunded_fen"]] == [199]


def own(draft: dict[str, Any]) -> Correction:
    """Return a correction's row."""
    return session().get_one(Correction, draft["id"])
