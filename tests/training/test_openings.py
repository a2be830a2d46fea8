"""What a certification opens."""

from datetime import timedelta
from typing import Any

from groupbuy.campaigns import services as campaigns
from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction
from groupbuy.leaders import services as leaders
from tests.client import Api
from tests.factories import campaigns as make
from tests.factories import catalogue, certificates, commissions
from tests.journeys.headquarters import made


def test_it_shows_everything_that_demands_it(api: Api) -> None:
    certification = certificates.certification(code="fresh")
    certificates.certification(code="other")
    path = f"/hq/certifications/{certification.id}/openings"
    nothing = {
        "all_hosting": False,
        "category_ids": [],
        "campaign_ids": [],
        "levels": [],
        "bonuses": [],
        "multipliers": [],
    }
    assert made(api.staff("trainer").get(path), 200) == nothing
    category = catalogue.category()
    who: dict[str, Any] = {"actor": SYSTEM, "now": time.now()}
    with transaction():
        for code, within in (("fresh", None), ("fresh", category.id), ("other", None)):
            campaigns.require(code=code, category_id=within, **who)
        leaders.demand_for_level(level=3, code="fresh", **who)
        leaders.demand_for_level(level=2, code="fresh", **who)
        leaders.demand_for_level(level=2, code="other", **who)
    asking = make.campaign(required_qualification="fresh")
    gone = make.campaign(required_qualification="fresh", opens_in=timedelta(hours=2))
    with transaction():
        campaigns.cancel(campaign_id=gone.id, reason="Rain.", **who)
    first = commissions.published(bonus_qualification="fresh")
    second = commissions.draft(multiplier_qualification="fresh")
    assert made(api.staff("operator").get(path), 200) == {
        "all_hosting": True,
        "category_ids": [category.id],
        "campaign_ids": [asking.id],
        "levels": [2, 3],
        "bonuses": [{"plan_id": first.plan_id, "number": 1, "state": "published"}],
        "multipliers": [{"plan_id": second.plan_id, "number": 2, "state": "draft"}],
    }


def test_it_is_for_headquarters(api: Api) -> None:
    path = f"/hq/certifications/ctn_{'0' * 32}/openings"
    assert api.anonymous.get(path).status_code == 401
    assert api.shopper("zed").get(path).status_code == 403
    answer = api.staff("trainer").get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "not-found")
