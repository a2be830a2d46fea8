"""Hosting and shopping over HTTP: anonymous, outsider, happy path, each Problem."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from groupbuy.campaigns import services
from groupbuy.campaigns.models import Campaign
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.leaders import services as leaders
from groupbuy.leaders.models import Leader
from tests.client import Api, Caller
from tests.factories import campaigns as make
from tests.factories import leaders as people

NOBODY = "0" * 32


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua, who plans campaigns at headquarters."""
    return api.staff("operator", "hua")


@pytest.fixture
def leader(api: Api) -> Leader:
    """Mei as a leader; `api.shopper("mei")` is her phone."""
    return people.leader(by=api.shopper("mei").id, name="Mei")


class TestHosting:
    """/leader/campaigns, /leader/group-buys"""

    def request_body(self, campaign: Campaign, leader: Leader) -> dict[str, str]:
        return {
            "campaign_id": campaign.id,
            "community_id": people.community(leader).id,
            "pickup_point_id": people.pickup_point(leader).id,
        }

    def test_it_hosts_and_shows_which_community_does(self, api: Api, leader: Leader) -> None:
        mei, campaign = api.shopper("mei"), make.scheduled()
        make.campaign()
        asked = self.request_body(campaign, leader)
        other = people.community(leader, name="Huamu Road 9")
        hosted = mei.post("/leader/group-buys", asked)
        assert hosted.status_code == 201, hosted.text
        assert hosted.json["state"] == "scheduled"
        assert hosted.json["leader"] == {"id": leader.id, "name": "Mei"}
        assert hosted.json["community"]["id"] == asked["community_id"]
        assert hosted.json["pickup_point"]["id"] == asked["pickup_point_id"]
        assert mei.get(f"/leader/group-buys/{hosted.json['id']}").json == hosted.json
        assert mei.get("/leader/group-buys").json["items"] == [hosted.json]
        [shown] = mei.get("/leader/campaigns").json["items"]
        assert shown["id"] == campaign.id
        assert [(c["id"], c["group_buy_id"]) for c in shown["communities"]] == [
            (asked["community_id"], hosted.json["id"]),
            (other.id, None),
        ]

    def test_it_shows_leaders_neither_stock_nor_pools(self, api: Api, leader: Leader) -> None:
        make.scheduled()
        [shown] = api.shopper("mei").get("/leader/campaigns").json["items"]
        known = {"sku_id", "title", "price_fen", "limit_per_shopper", "ladder"}
        assert shown["items"][0].keys() == known

    def test_it_shows_leaders_no_campaign_whose_closing_has_come(
        self, api: Api, leader: Leader, clock: ManualClock
    ) -> None:
        campaign, mei = make.scheduled(), api.shopper("mei")
        clock.at = campaign.opens_at
        [shown] = mei.get("/leader/campaigns").json["items"]
        assert shown["state"] == "open"
        clock.at = campaign.closes_at
        assert mei.get("/leader/campaigns").json["items"] == []

    def test_it_hosts_once_in_a_community(self, api: Api, leader: Leader) -> None:
        mei = api.shopper("mei")
        asked = self.request_body(make.scheduled(), leader)
        first = mei.post("/leader/group-buys", asked)
        again = mei.post("/leader/group-buys", asked)
        assert (again.status_code, again.json["code"]) == (409, "already-hosted")
        assert again.json["group_buy_id"] == first.json["id"]

    def test_it_refuses_a_disbanded_community(self, api: Api, leader: Leader) -> None:
        asked = self.request_body(make.scheduled(), leader)
        leaders.edit_community(
            leader_id=leader.id,
            community_id=asked["community_id"],
            if_match=1,
            state="disbanded",
        )
        answer = api.shopper("mei").post("/leader/group-buys", asked)
        assert (answer.status_code, answer.json["code"]) == (409, "community-disbanded")

    def test_it_refuses_a_closed_point(self, api: Api, leader: Leader) -> None:
        asked = self.request_body(make.scheduled(), leader)
        leaders.edit_point(
            leader_id=leader.id, point_id=asked["pickup_point_id"], if_match=1, state="closed"
        )
        answer = api.shopper("mei").post("/leader/group-buys", asked)
        assert (answer.status_code, answer.json["code"]) == (409, "pickup-point-closed")

    def test_it_refuses_a_campaign_that_is_over_and_knows_no_draft(
        self, api: Api, leader: Leader, clock: ManualClock
    ) -> None:
        mei, over = api.shopper("mei"), make.opened()
        services.close(campaign_id=over.id, actor=SYSTEM, now=clock.now())
        asked = self.request_body(over, leader)
        answer = mei.post("/leader/group-buys", asked)
        assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state")
        for campaign_id in (make.campaign().id, f"cmp_{NOBODY}"):
            answer = mei.post("/leader/group-buys", {**asked, "campaign_id": campaign_id})
            assert answer.status_code == 404

    def test_it_hosts_only_in_ones_own_community_at_ones_own_point(
        self, api: Api, leader: Leader
    ) -> None:
        zed = people.leader(by=api.shopper("zed").id)
        campaign = make.scheduled()
        own, others = self.request_body(campaign, leader), self.request_body(campaign, zed)
        for field in ("community_id", "pickup_point_id"):
            answer = api.shopper("mei").post("/leader/group-buys", {**own, field: others[field]})
            assert answer.status_code == 404

    def test_it_is_for_leaders_and_each_sees_their_own(self, api: Api, leader: Leader) -> None:
        campaign = make.scheduled()
        asked = self.request_body(campaign, leader)
        one = f"/leader/group-buys/{make.group_buy(campaign, leader).id}"
        people.leader(by=api.shopper("zed").id)
        for caller, status in (
            (api.anonymous, 401),
            (api.shopper("bo"), 403),
            (api.staff("operator"), 403),
        ):
            assert caller.post("/leader/group-buys", asked).status_code == status
            for path in ("/leader/campaigns", "/leader/group-buys", one):
                assert caller.get(path).status_code == status
        assert api.shopper("zed").get(one).status_code == 404
        assert api.shopper("zed").get("/leader/group-buys").json["items"] == []


class TestShopping:
    """GET /group-buys"""

    def test_it_shows_anybody_what_is_open_now_to_the_instant(
        self, api: Api, clock: ManualClock
    ) -> None:
        campaign = make.scheduled(make.item(price_fen=990, limit_per_shopper=3))
        group_buy = make.group_buy(campaign, people.leader(name="Mei"))
        shop = api.anonymous
        assert shop.get("/group-buys").json["items"] == []
        clock.at = campaign.opens_at
        [shown] = shop.get("/group-buys").json["items"]
        assert (shown["id"], shown["state"]) == (group_buy.id, "open")
        assert shown["leader"]["name"] == "Mei"
        assert shown["pickup_point"]["name"] == "Breakfast shop"
        assert shown["closes_at"] == campaign.closes_at.isoformat()
        [item] = shown["items"]
        assert (item["price_fen"], item["limit_per_shopper"]) == (990, 3)
        assert item.keys() == {"sku_id", "title", "price_fen", "limit_per_shopper", "ladder"}
        assert (item["ladder"], shown["progress"]) == (None, None)
        clock.at = campaign.closes_at - timedelta(microseconds=1)
        assert len(shop.get("/group-buys").json["items"]) == 1
        clock.at = campaign.closes_at
        assert shop.get("/group-buys").json["items"] == []

    def test_it_shows_one_by_id_or_share_code_also_before_and_after(
        self, api: Api, clock: ManualClock
    ) -> None:
        campaign = make.scheduled()
        group_buy = make.group_buy(campaign)
        path = f"/group-buys/{group_buy.id}"
        shared = f"/group-buys/by-share-code/{group_buy.share_code}"
        for now, state in (
            (clock.now(), "scheduled"),
            (campaign.opens_at, "open"),
            (campaign.closes_at, "closed"),
        ):
            clock.at = now
            assert api.anonymous.get(path).json["state"] == state
            assert api.anonymous.get(shared).json == api.anonymous.get(path).json

    def test_it_hides_group_buys_whose_campaign_was_taken_back(
        self, api: Api, clock: ManualClock
    ) -> None:
        campaign = make.scheduled()
        group_buy = make.group_buy(campaign)
        services.unschedule(
            campaign_id=campaign.id, if_match=campaign.version, actor=SYSTEM, now=clock.now()
        )
        assert api.anonymous.get(f"/group-buys/{group_buy.id}").status_code == 404

    def test_it_knows_nothing_of_what_does_not_exist(self, api: Api) -> None:
        assert api.anonymous.get(f"/group-buys/gbu_{NOBODY}").status_code == 404
        assert api.anonymous.get("/group-buys/by-share-code/nobody").status_code == 404


@pytest.mark.parametrize(
    ("path", "who", "expected"),
    [
        ("/group-buys", "anonymous", 6),
        ("/leader/group-buys", "mei", 2 + 7),
        ("/leader/campaigns", "mei", 2 + 6),
        ("/hq/campaigns", "hua", 1 + 3),
        ("/hq/group-buys", "hua", 1 + 7),
    ],
)
def test_it_lists_in_a_constant_number_of_statements(
    api: Api,
    leader: Leader,
    hua: Caller,
    count_statements: Callable[[], Any],
    path: str,
    who: str,
    expected: int,
) -> None:
    caller = {"anonymous": api.anonymous, "mei": api.shopper("mei"), "hua": hua}[who]
    lengths = []
    for _ in range(3):
        make.group_buy(make.opened(make.item(), make.item()), leader)
        session().flush()
        session().expunge_all()
        with count_statements() as statements:
            lengths.append(len(caller.get(path).json["items"]))
        assert len(statements) == expected
    assert lengths == [1, 2, 3]
