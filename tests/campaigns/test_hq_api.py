"""Planning campaigns over HTTP: anonymous, outsider, happy path, each Problem."""

from typing import Any

import pytest

from groupbuy.campaigns.models import Campaign
from groupbuy.catalogue.rules import ProductState
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from tests.client import Api, Caller
from tests.factories import campaigns as make
from tests.factories import catalogue
from tests.factories import inventory as stock

NOBODY = "0" * 32


def body(**changes: Any) -> dict[str, Any]:
    """Return the body of a campaign that opens in an hour."""
    return {
        "kind": "community",
        "title": "Weekend fruit",
        "opens_at": "2026-03-02T10:00:00+08:00",
        "closes_at": "2026-03-04T10:00:00+08:00",
        "items": [make.item()],
        **changes,
    }


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua, who plans campaigns at headquarters."""
    return api.staff("operator", "hua")


def draft(hua: Caller, **changes: Any) -> dict[str, Any]:
    answer = hua.post("/hq/campaigns", body(**changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


class TestPlanning:
    """GET/POST /hq/campaigns, GET/PATCH /hq/campaigns/{id}"""

    def test_it_drafts_and_shows_a_campaign(self, hua: Caller) -> None:
        sku = stock.stocked_sku()
        item = {"sku_id": sku.id, "price_fen": 1500, "allotment": 50, "limit_per_shopper": 2}
        answer = hua.post("/hq/campaigns", body(items=[item]))
        assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
        session().expunge_all()
        shown = hua.get(f"/hq/campaigns/{answer.json['id']}").json
        assert (shown["state"], shown["opens_at"]) == ("draft", "2026-03-02T02:00:00+00:00")
        [shown_item] = shown["items"]
        assert item.items() <= shown_item.items()
        assert shown_item["earns_commission"] is True
        assert shown_item["pool_id"] is None
        assert shown_item["title"].startswith("Strawberries")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"closes_at": "2026-03-02T10:00:00+08:00"}, "/closes_at"),
            ({"pickup_from": "2026-03-05T10:00:00+08:00"}, "/pickup_until"),
            ({"opens_at": "2026-03-02T10:00:00"}, "/opens_at"),
            ({"kind": "lottery"}, "/kind"),
            ({"title": ""}, "/title"),
            ({"colour": "red"}, "/colour"),
            ({"items": [{"sku_id": f"sku_{NOBODY}", "price_fen": 1, "allotment": 1}]}, None),
        ],
    )
    def test_it_refuses_what_does_not_fit(
        self, hua: Caller, changes: dict[str, Any], pointer: str | None
    ) -> None:
        answer = hua.post("/hq/campaigns", body(**changes))
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == (pointer or "/items/0/sku_id")

    @pytest.mark.parametrize(
        "change",
        [
            {"price_fen": 0},
            {"price_fen": 9.5},
            {"allotment": 0},
            {"limit_per_shopper": 0},
            {"earns_commission": "yes"},
        ],
    )
    def test_it_refuses_items_that_do_not_fit(self, hua: Caller, change: dict[str, Any]) -> None:
        answer = hua.post("/hq/campaigns", body(items=[make.item() | change]))
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == f"/items/0/{next(iter(change))}"

    def test_it_refuses_the_same_sku_twice(self, hua: Caller) -> None:
        item = make.item()
        answer = hua.post("/hq/campaigns", body(items=[item, item]))
        assert answer.json["errors"][0]["pointer"] == "/items/1/sku_id"

    def test_it_changes_a_draft_and_replaces_its_items(self, hua: Caller) -> None:
        drafted = draft(hua)
        path = f"/hq/campaigns/{drafted['id']}"
        kept = {**make.item(), "allotment": 7}
        answer = hua.patch(path, {"items": [kept], "title": "Fruit"}, if_match=1)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
        assert [i["sku_id"] for i in answer.json["items"]] == [kept["sku_id"]]
        emptied = hua.patch(path, {"items": []}, if_match=2)
        assert (emptied.json["items"], emptied.json["version"]) == ([], 3)
        wrong = hua.patch(path, {"closes_at": "2026-03-01T10:00:00+08:00"}, if_match=3)
        assert wrong.json["errors"][0]["pointer"] == "/closes_at"

    def test_it_refuses_an_edit_without_or_with_a_stale_version(self, hua: Caller) -> None:
        path = f"/hq/campaigns/{draft(hua)['id']}"
        assert hua.patch(path, {"title": "Fruit"}).status_code == 428
        assert hua.patch(path, {"title": "Fruit"}, if_match=1).status_code == 200
        assert hua.patch(path, {"title": "Fruit"}, if_match=1).status_code == 412

    def test_it_changes_drafts_only(self, hua: Caller) -> None:
        campaign = make.scheduled()
        path = f"/hq/campaigns/{campaign.id}"
        answer = hua.patch(path, {"title": "Fruit"}, if_match=campaign.version)
        assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state")

    def test_it_lists_by_state_newest_first(self, hua: Caller) -> None:
        first, second, third = make.campaign(), make.scheduled(), make.campaign()
        ids = [row["id"] for row in hua.get("/hq/campaigns").json["items"]]
        assert ids == [third.id, second.id, first.id]
        drafts = hua.get("/hq/campaigns", state="draft").json["items"]
        assert [row["id"] for row in drafts] == [third.id, first.id]

    def test_it_is_read_by_staff_and_run_by_operators(self, api: Api) -> None:
        one = f"/hq/campaigns/{make.campaign().id}"
        for path in ("/hq/campaigns", one):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
            assert api.staff("auditor").get(path).status_code == 200
        actions = (
            ("POST", "/hq/campaigns"),
            ("PATCH", one),
            ("POST", f"{one}/schedule"),
            ("DELETE", f"{one}/schedule"),
            ("POST", f"{one}/closing"),
            ("POST", f"{one}/cancellation"),
        )
        for method, path in actions:
            assert api.anonymous.request(method, path).status_code == 401
            assert api.shopper("zed").request(method, path).status_code == 403
            assert api.staff("auditor").request(method, path).status_code == 403
        absent = f"/hq/campaigns/cmp_{NOBODY}"
        assert api.staff("operator").get(absent).status_code == 404
        assert api.staff("operator").post(f"{absent}/schedule").status_code == 404


class TestRunning:
    """POST/DELETE …/schedule, POST …/closing, POST …/cancellation"""

    def test_it_schedules_takes_it_back_and_cancels(self, hua: Caller) -> None:
        path = f"/hq/campaigns/{draft(hua)['id']}"
        scheduled = hua.post(f"{path}/schedule")
        assert (scheduled.status_code, scheduled.json["state"]) == (200, "scheduled")
        assert scheduled.json["scheduled_at"] == "2026-03-02T01:00:00+00:00"
        assert scheduled.json["items"][0]["pool_id"].startswith("pol_")
        assert hua.delete(f"{path}/schedule").status_code == 428
        assert hua.delete(f"{path}/schedule", if_match=1).status_code == 412
        version = scheduled.json["version"]
        back = hua.delete(f"{path}/schedule", if_match=version)
        assert (back.status_code, back.json["state"]) == (200, "draft")
        cancelled = hua.post(f"{path}/cancellation")
        assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")

    def test_it_closes_an_open_campaign_early(self, hua: Caller) -> None:
        campaign = make.opened()
        answer = hua.post(f"/hq/campaigns/{campaign.id}/closing")
        assert (answer.status_code, answer.json["state"]) == (200, "succeeded")
        assert answer.json["closed_at"] == "2026-03-02T01:00:00+00:00"

    def test_it_does_each_only_in_the_right_state(self, hua: Caller) -> None:
        drafted, scheduled, opened = make.campaign(), make.scheduled(), make.opened()
        wrong: list[tuple[Campaign, str, str]] = [
            (drafted, "closing", "POST"),
            (drafted, "schedule", "DELETE"),
            (scheduled, "schedule", "POST"),
            (scheduled, "cancellation", "POST"),
            (scheduled, "closing", "POST"),
            (opened, "schedule", "DELETE"),
            (opened, "cancellation", "POST"),
        ]
        for campaign, action, method in wrong:
            if_match = campaign.version if method == "DELETE" else None
            path = f"/hq/campaigns/{campaign.id}/{action}"
            answer = hua.request(method, path, if_match=if_match)
            assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state"), path

    def test_it_cannot_take_back_what_has_opened_though_the_tick_is_late(
        self, hua: Caller, clock: ManualClock
    ) -> None:
        campaign = make.scheduled()
        clock.at = campaign.opens_at
        path = f"/hq/campaigns/{campaign.id}/schedule"
        answer = hua.delete(path, if_match=campaign.version)
        assert (answer.status_code, answer.json["state"]) == (409, "open")

    def test_it_tells_everything_that_keeps_a_campaign_from_its_schedule(
        self, hua: Caller, clock: ManualClock
    ) -> None:
        sku = stock.stocked_sku()
        unsold = catalogue.sku(catalogue.product(state=ProductState.DRAFT))
        items = [make.item(sku), make.item(unsold)]
        campaign, empty = make.campaign(*items), draft(hua, items=[])
        clock.at = campaign.opens_at
        answer = hua.post(f"/hq/campaigns/{campaign.id}/schedule")
        assert (answer.status_code, answer.json["code"]) == (409, "campaign-not-ready")
        assert answer.json["faults"] == ["opens_in_the_past", "not_for_sale"]
        assert answer.json["sku_ids"] == [unsold.id]
        answer = hua.post(f"/hq/campaigns/{empty['id']}/schedule")
        assert answer.json["faults"] == ["no_items", "opens_in_the_past"]

    def test_it_takes_no_stock_at_all_when_one_sku_has_too_little(
        self, api: Api, hua: Caller
    ) -> None:
        plenty, scarce = stock.stocked_sku(100), stock.stocked_sku(5)
        campaign = make.campaign(make.item(plenty), make.item(scarce))
        answer = hua.post(f"/hq/campaigns/{campaign.id}/schedule")
        assert (answer.status_code, answer.json["code"]) == (409, "not-enough-stock")
        session().expire_all()
        assert hua.get(f"/hq/campaigns/{campaign.id}").json["state"] == "draft"
        [pool] = hua.get("/hq/stock", sku=plenty.id).json["items"]
        assert pool["available"] == 100
