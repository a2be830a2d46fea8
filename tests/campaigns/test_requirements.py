"""What leaders must be qualified in to host."""

from datetime import timedelta
from typing import Any

import pytest

from groupbuy.campaigns.models import Campaign
from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import transaction
from groupbuy.leaders import services as leaders
from groupbuy.leaders.models import Leader
from tests.client import Answer, Api, Caller
from tests.factories import campaigns as make
from tests.factories import catalogue
from tests.factories import inventory as stock
from tests.factories import leaders as people
from tests.journeys.headquarters import made

REQUIREMENTS = "/hq/hosting-requirements"


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


@pytest.fixture
def hua(api: Api) -> Caller:
    return api.staff("operator", "hua")


@pytest.fixture
def mei(api: Api) -> Leader:
    with transaction():
        for code, zh, en in (("host", "开团", "Hosting"), ("fresh", "生鲜", "Fresh goods")):
            leaders.offer_qualification(code=code, title_zh=zh, title_en=en)
    return people.leader(by=api.shopper("mei").id, name="Mei")


def qualified(leader: Leader, code: str) -> None:
    now = time.now()
    with transaction():
        leaders.record_achievement(
            leader_id=leader.id,
            code=code,
            from_at=now,
            until_at=now + timedelta(hours=8),
            source=f"{code} exam",
            now=now,
        )


def hosted(api: Api, campaign: Campaign, leader: Leader) -> Answer:
    body = {
        "campaign_id": campaign.id,
        "community_id": people.community(leader).id,
        "pickup_point_id": people.pickup_point(leader).id,
    }
    return api.shopper("mei").post("/leader/group-buys", body)


def test_it_opens_a_campaign_only_to_who_is_qualified_for_it(
    api: Api, hua: Caller, mei: Leader, clock: ManualClock
) -> None:
    asking = make.scheduled(required_qualification="fresh")
    plain = make.scheduled()
    shown = {c["id"]: c for c in api.shopper("mei").get("/leader/campaigns").json["items"]}
    assert shown[asking.id]["qualifications"] == ["fresh"]
    assert shown[plain.id]["qualifications"] == []
    told = refused(hosted(api, asking, mei), 409, "qualification-missing")
    assert (told["qualifications"], told["titles"]) == (["fresh"], "Fresh goods")
    made(hosted(api, plain, mei))
    qualified(mei, "fresh")
    group_buy = made(hosted(api, asking, mei))
    clock.advance(hours=9)
    refused(hosted(api, asking, mei), 409, "qualification-missing")
    still = made(api.shopper("mei").get(f"/leader/group-buys/{group_buy['id']}"), 200)
    assert still["state"] == "open"


def test_it_asks_of_every_host_what_headquarters_demands(
    api: Api, hua: Caller, mei: Leader
) -> None:
    campaign = make.scheduled()
    rule = made(hua.post(REQUIREMENTS, {"qualification": "host"}))
    assert made(hua.post(REQUIREMENTS, {"qualification": "host"})) == rule
    (listed,) = made(api.staff("auditor").get(REQUIREMENTS), 200)["items"]
    assert (listed["qualification"], listed["category_id"]) == ("host", None)
    refused(hosted(api, campaign, mei), 409, "qualification-missing")
    assert hua.delete(f"{REQUIREMENTS}/{rule['id']}").status_code == 204
    made(hosted(api, campaign, mei))
    refused(hua.delete(f"{REQUIREMENTS}/{rule['id']}"), 404, "not-found")


def test_it_asks_for_the_goods_of_a_category_and_those_below_it(
    api: Api, hua: Caller, mei: Leader
) -> None:
    above = catalogue.category()
    below = catalogue.category(parent=above)
    milk = catalogue.sku(catalogue.product(within=below))
    stock.receive(milk)
    chilled, dry = make.scheduled(make.item(), make.item(milk)), make.scheduled()
    made(hua.post(REQUIREMENTS, {"qualification": "fresh", "category_id": above.id}))
    made(hosted(api, dry, mei))
    told = refused(hosted(api, chilled, mei), 409, "qualification-missing")
    assert told["qualifications"] == ["fresh"]
    qualified(mei, "fresh")
    made(hosted(api, chilled, mei))


def test_it_plans_only_with_what_is_known(hua: Caller, mei: Leader) -> None:
    asking = make.campaign()
    path = f"/hq/campaigns/{asking.id}"
    change = {"required_qualification": "juggling"}
    answer = hua.patch(path, change, if_match=asking.version)
    refused(answer, 409, "unknown-qualification")
    change = {"required_qualification": "fresh"}
    edited = made(hua.patch(path, change, if_match=asking.version), 200)
    assert edited["required_qualification"] == "fresh"
    nothing = {"required_qualification": None}
    edited = made(hua.patch(path, nothing, if_match=edited["version"]), 200)
    assert edited["required_qualification"] is None
    begin = {"opens_at": "2026-03-02T10:00:00+08:00", "closes_at": "2026-03-04T10:00:00+08:00"}
    body = {"kind": "community", "title": "Fruit", **begin, "required_qualification": "juggling"}
    refused(hua.post("/hq/campaigns", body), 409, "unknown-qualification")
    refused(hua.post(REQUIREMENTS, {"qualification": "juggling"}), 409, "unknown-qualification")
    nowhere = {"qualification": "fresh", "category_id": f"cat_{'0' * 32}"}
    refused(hua.post(REQUIREMENTS, nowhere), 404, "not-found")


def test_it_is_for_headquarters(api: Api) -> None:
    body = {"qualification": "fresh"}
    path = f"{REQUIREMENTS}/hrq_{'0' * 32}"
    assert api.anonymous.get(REQUIREMENTS).status_code == 401
    assert api.anonymous.post(REQUIREMENTS, body).status_code == 401
    assert api.anonymous.delete(path).status_code == 401
    for outsider in (api.shopper("zed"), api.staff("trainer")):
        assert outsider.get(REQUIREMENTS).status_code == 403
        assert outsider.post(REQUIREMENTS, body).status_code == 403
        assert outsider.delete(path).status_code == 403
