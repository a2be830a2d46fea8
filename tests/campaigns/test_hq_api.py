"""Planning campaigns over HTTP: anonymous, outsider, happy path, each Problem."""

from datetime import timedelta
from typing import Any

import pytest

from groupbuy.campaigns import queries
from groupbuy.campaigns.models import Campaign
from groupbuy.catalogue.rules import ProductState
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from tests.campaigns.reading import available, states
from tests.client import Api, Caller
from tests.factories import campaigns as make
from tests.factories import catalogue
from tests.factories import inventory as stock

NOBODY = "0" * 32
START = "2026-03-02T11:00:00+08:00"


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

    def test_it_changes_what_is_announced_only_where_nobody_relies_on_it(
        self, hua: Caller, clock: ManualClock
    ) -> None:
        campaign = make.scheduled()
        path = f"/hq/campaigns/{campaign.id}"
        version = campaign.version
        fixed: list[dict[str, Any]] = [
            {"items": []},
            {"kind": "flash"},
            {"terms": {}},
            {"opens_at": START},
        ]
        for fields in fixed:
            answer = hua.patch(path, {**fields, "title": "Fruit"}, if_match=version)
            assert (answer.status_code, answer.json["code"]) == (409, "fields-fixed")
            assert answer.json["fields"] == list(fields)
        earlier = campaign.closes_at - timedelta(minutes=1)
        answer = hua.patch(path, {"closes_at": earlier.isoformat()}, if_match=version)
        assert answer.json["errors"][0]["pointer"] == "/closes_at"
        later = (campaign.closes_at + timedelta(hours=1)).isoformat()
        clock.at = campaign.opens_at
        answer = hua.patch(path, {"title": "Fruit", "closes_at": later}, if_match=version)
        assert (answer.status_code, answer.json["closes_at"]) == (200, later)

    def test_it_changes_nothing_about_a_campaign_that_is_over(self, hua: Caller) -> None:
        campaign = make.opened()
        path = f"/hq/campaigns/{campaign.id}"
        closed = hua.post(f"{path}/closing").json
        answer = hua.patch(path, {"title": "Fruit"}, if_match=closed["version"])
        assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state")

    def test_it_finds_campaigns_by_kind_title_and_opening(self, hua: Caller) -> None:
        fruit = make.campaign(title="100% fruit")
        flash = make.campaign(kind="flash", title="Fruit at eight", opens_in=timedelta(days=3))

        def found(**query: Any) -> list[str]:
            return [row["id"] for row in hua.get("/hq/campaigns", **query).json["items"]]

        assert found(kind="flash") == [flash.id]
        assert found(q="fruit") == [flash.id, fruit.id]
        assert found(q="0% f") == [fruit.id]
        assert found(q="%%") == []
        opens_at = flash.opens_at.isoformat()
        assert found(**{"from": opens_at}) == [flash.id]
        assert found(to=opens_at) == [fruit.id]

    def test_it_lists_by_state_newest_first(self, hua: Caller) -> None:
        first, second, third = make.campaign(), make.scheduled(), make.campaign()
        ids = [row["id"] for row in hua.get("/hq/campaigns").json["items"]]
        assert ids == [third.id, second.id, first.id]
        drafts = hua.get("/hq/campaigns", state="draft").json["items"]
        assert [row["id"] for row in drafts] == [third.id, first.id]

    def test_it_is_read_by_staff_and_run_by_operators(self, api: Api) -> None:
        one = f"/hq/campaigns/{make.campaign().id}"
        group_buy = f"/hq/group-buys/{make.group_buy().id}"
        for path in ("/hq/campaigns", one, f"{one}/closing", "/hq/group-buys", group_buy):
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
            ("POST", f"{one}/allotments"),
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

    def test_it_calls_an_open_campaign_off_for_a_reason(self, hua: Caller) -> None:
        sku = stock.stocked_sku(100)
        campaign = make.opened(make.item(sku, allotment=30))
        make.group_buy(campaign)
        path = f"/hq/campaigns/{campaign.id}/cancellation"
        answer = hua.post(path)
        assert answer.json["errors"][0]["pointer"] == "/reason"
        answer = hua.post(path, {"reason": "No delivery."})
        assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
        assert answer.json["cancel_reason"] == "No delivery."
        assert states(campaign) == ["cancelled", "cancelled"]
        assert available(sku) == 100

    def test_it_takes_more_stock_for_a_campaign_that_runs(self, hua: Caller) -> None:
        sku = stock.stocked_sku(100)
        campaign = make.opened(make.item(sku, allotment=30))
        [item] = queries.items_of(campaign.id)
        path = f"/hq/campaigns/{campaign.id}/allotments"
        answer = hua.post(path, {"sku_id": sku.id, "units": 20})
        assert (answer.status_code, answer.json["items"][0]["allotment"]) == (201, 50)
        assert (available(sku), available(sku, item.id)) == (50, 50)
        answer = hua.post(path, {"sku_id": sku.id, "units": 51})
        assert (answer.status_code, answer.json["code"]) == (409, "not-enough-stock")
        answer = hua.post(path, {"sku_id": stock.stocked_sku().id, "units": 1})
        assert answer.status_code == 404
        draft = make.campaign(make.item(sku))
        answer = hua.post(f"/hq/campaigns/{draft.id}/allotments", {"sku_id": sku.id, "units": 1})
        assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state")


class TestGroupBuys:
    """GET /hq/group-buys, GET /hq/group-buys/{id}"""

    def test_it_lists_group_buys_by_campaign_leader_and_state(self, hua: Caller) -> None:
        first = make.group_buy()
        second = make.group_buy(make.scheduled())

        def found(**query: Any) -> list[str]:
            return [row["id"] for row in hua.get("/hq/group-buys", **query).json["items"]]

        assert found() == [second.id, first.id]
        assert found(campaign_id=first.campaign_id) == [first.id]
        assert found(leader_id=second.leader_id) == [second.id]
        assert found(state="open") == [first.id]
        shown = hua.get(f"/hq/group-buys/{first.id}").json
        assert (shown["participants"], shown["units"], shown["state"]) == (0, 0, "open")
        assert hua.get(f"/hq/group-buys/gbu_{NOBODY}").status_code == 404
