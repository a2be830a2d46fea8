"""Promotions over HTTP: anonymous, outsider, happy path, each Problem."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel.db import session
from tests.client import Api, Caller
from tests.factories import campaigns
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused
from tests.pricing.shop import REDUCTION, WHY, drafted, published

NOBODY = "0" * 32


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with eggs and bags."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1000, units=50)
    shop.stock("Bag", price_fen=300, units=5)
    return shop


@pytest.fixture
def hua(shop: Shop) -> Caller:
    """Hua of operations."""
    return shop.hua


class TestDrafting:
    """GET/POST /hq/promotions, GET/PATCH /hq/promotions/{id}"""

    def test_it_drafts_and_shows_one(self, hua: Caller) -> None:
        answer = hua.post("/hq/promotions", REDUCTION)
        assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
        promotion = answer.json
        assert (promotion["state"], promotion["terms"]) == ("draft", REDUCTION["terms"])
        assert (promotion["goods"], promotion["place"]) == ("all", "everywhere")
        assert promotion["stacks_with_coupon"] is True
        assert made(hua.get(f"/hq/promotions/{promotion['id']}"), 200) == promotion
        refused(hua.get(f"/hq/promotions/prm_{NOBODY}"), 404, "not-found")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"kind": "lottery"}, "/kind"),
            ({"title_zh": ""}, "/title_zh"),
            ({"colour": "red"}, "/colour"),
            ({"terms": {"by": "amount", "steps": []}}, "/terms/steps"),
            ({"terms": {"by": "count", "steps": [{"from_fen": 1, "off_fen": 1}]}}, "/terms/steps"),
            ({"terms": {"by": "amount", "steps": [{"from_fen": 1}]}}, "/terms/steps/0/off_fen"),
            ({"ends_at": REDUCTION["starts_at"]}, "/ends_at"),
            ({"goods": "skus"}, "/goods_ids"),
            ({"goods_ids": [f"sku_{NOBODY}"]}, "/goods_ids"),
            ({"goods": "skus", "goods_ids": [f"sku_{NOBODY}"]}, "/goods_ids"),
            ({"goods": "skus", "goods_ids": ["eggs"]}, "/goods_ids"),
            ({"place": "campaign"}, "/campaign_id"),
            ({"place": "campaign", "campaign_id": f"cmp_{NOBODY}"}, "/campaign_id"),
            ({"orders_max": 0}, "/orders_max"),
        ],
    )
    def test_it_refuses_what_does_not_fit(
        self, hua: Caller, changes: dict[str, Any], pointer: str
    ) -> None:
        problem = refused(
            hua.post("/hq/promotions", {**REDUCTION, **changes}), 422, "invalid-input"
        )
        assert problem["errors"][0]["pointer"] == pointer

    def test_it_gives_only_what_is_there(self, hua: Caller, shop: Shop) -> None:
        def terms(sku_id: str) -> dict[str, Any]:
            gifts = [{"sku_id": sku_id, "quantity": 1}]
            return {"by": "count", "steps": [{"from_units": 1, "gifts": gifts}]}

        body = {**REDUCTION, "kind": "gift", "terms": terms(f"sku_{NOBODY}")}
        problem = refused(hua.post("/hq/promotions", body), 422, "invalid-input")
        assert problem["errors"][0]["pointer"] == "/terms/steps"
        gift = drafted(hua, kind="gift", terms=terms(shop.skus["Bag"]))
        assert gift["terms"]["repeats"] is False

    def test_it_edits_a_draft_and_nothing_else(self, hua: Caller) -> None:
        path = f"/hq/promotions/{drafted(hua)['id']}"
        edited = made(hua.patch(path, {"title_en": "Five off", "priority": 3}, if_match=1), 200)
        assert (edited["title_en"], edited["priority"], edited["version"]) == ("Five off", 3, 2)
        refused(hua.patch(path, {"priority": 1}, if_match=1), 412, "stale-version")
        bad = {"terms": {"by": "amount", "steps": [{"from_fen": 2, "off_fen": 0}]}}
        refused(hua.patch(path, bad, if_match=2), 422, "invalid-input")
        made(hua.post(f"{path}/publication"), 200)
        refused(hua.patch(path, {"priority": 1}, if_match=3), 409, "not-in-this-state")

    def test_it_lists_by_state_kind_and_whether_it_acts(self, hua: Caller, shop: Shop) -> None:
        draft, live = drafted(hua), published(hua)
        later = published(hua, starts_at="2026-03-03T00:00:00Z", ends_at=None)
        over = published(hua, starts_at="2026-03-02T01:00:00Z", ends_at="2026-03-02T02:00:00Z")
        shop.api.clock.advance(hours=2)

        def ids(**query: Any) -> list[str]:
            page = made(hua.get("/hq/promotions", **query), 200)
            return [one["id"] for one in page["items"]]

        assert ids() == [over["id"], later["id"], live["id"], draft["id"]]
        assert ids(state="draft") == [draft["id"]]
        assert ids(state="published") == [later["id"], live["id"]]
        assert ids(state="ended") == [over["id"]]
        assert ids(in_force="true") == [live["id"]]
        assert ids(kind="gift") == []
        page = made(hua.get("/hq/promotions", limit=3), 200)
        last = made(hua.get("/hq/promotions", limit=3, cursor=page["next_cursor"]), 200)
        assert [one["id"] for one in last["items"]] == [draft["id"]]


class TestLife:
    """Publication, ending, copies."""

    def test_it_acts_from_its_publication_to_its_end(self, hua: Caller, shop: Shop) -> None:
        lines = [{"sku_id": shop.skus["Eggs"], "quantity": 2}]
        bo = shop.api.shopper("bo")

        def total() -> int:
            return int(made(bo.post("/quotes", {"lines": lines}), 200)["total_fen"])

        draft = drafted(hua)
        assert total() == 2000
        path = f"/hq/promotions/{draft['id']}"
        live = made(hua.post(f"{path}/publication"), 200)
        assert (live["state"], total()) == ("published", 1500)
        refused(hua.post(f"{path}/publication"), 409, "not-in-this-state")
        ended = made(hua.post(f"{path}/ending", WHY), 200)
        assert (ended["state"], ended["end_reason"], total()) == ("ended", "enough", 2000)
        assert ended["ended_by"] == hua.id
        refused(hua.post(f"{path}/ending", WHY), 409, "not-in-this-state")

    def test_it_is_not_published_when_it_is_over(self, hua: Caller, shop: Shop) -> None:
        campaign = campaigns.campaign()
        draft = drafted(hua, place="campaign", campaign_id=campaign.id)
        made(hua.post(f"/hq/campaigns/{campaign.id}/cancellation"), 200)
        shop.api.clock.advance(days=7)
        answer = hua.post(f"/hq/promotions/{draft['id']}/publication")
        problem = refused(answer, 409, "promotion-not-ready")
        assert problem["faults"] == ["already_over", "campaign_gone"]

    def test_it_copies_one_as_a_new_draft(self, hua: Caller) -> None:
        live = published(hua, priority=7)
        copy = made(hua.post(f"/hq/promotions/{live['id']}/copies"))
        assert (copy["state"], copy["copied_from"], copy["priority"]) == ("draft", live["id"], 7)

    def test_it_is_kept_as_published_by_the_database_itself(self, hua: Caller) -> None:
        published(hua)
        with pytest.raises(DBAPIError, match="never edited"), session().begin_nested():
            session().execute(text("update promotions set priority = 9"))


class TestRehearsals:
    """POST /hq/promotions/{id}/rehearsals"""

    def test_it_prices_a_basket_as_if_it_were_in_force(self, hua: Caller, shop: Shop) -> None:
        live = published(hua)
        members = drafted(hua, members_only=True, starts_at="2027-01-01T00:00:00Z", ends_at=None)
        path = f"/hq/promotions/{members['id']}/rehearsals"
        body = {"lines": [{"sku_id": shop.skus["Eggs"], "quantity": 2}]}
        assert made(hua.post(path, body), 200)["total_fen"] == 1500
        quote = made(hua.post(path, {**body, "member": True}), 200)
        sources = [effect["source"] for effect in quote["lines"][0]["effects"]]
        assert (quote["total_fen"], sources) == (1000, ["sku", live["id"], members["id"]])
        gone = {"lines": [{"sku_id": f"sku_{NOBODY}", "quantity": 1}]}
        refused(hua.post(path, gone), 409, "not-for-sale")
        closed = campaigns.group_buy(campaigns.scheduled())
        refused(hua.post(path, {**body, "group_buy_id": closed.id}), 409, "group-buy-not-open")


def test_it_is_for_operators_and_readable_for_staff(api: Api, hua: Caller) -> None:
    path = f"/hq/promotions/{drafted(hua)['id']}"
    for caller, status in ((api.anonymous, 401), (api.shopper("zed"), 403)):
        assert caller.get("/hq/promotions").status_code == status
        assert caller.post("/hq/promotions", REDUCTION).status_code == status
    finance = api.staff("finance")
    assert finance.get(path).status_code == 200
    assert finance.post(f"{path}/publication").status_code == 403
