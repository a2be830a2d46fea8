"""What a campaign's goods earn in place of the plan."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.catalogue.models import Sku
from groupbuy.commissions import services
from groupbuy.commissions.models import CampaignRule, CommissionTransfer
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from tests.client import Answer, Api
from tests.commissions.test_api import promoted
from tests.commissions.test_services import refused
from tests.commissions.test_services import rule as item_rule
from tests.factories import campaigns, catalogue, commissions
from tests.factories.commissions import APPROVER, FINANCE, commission_of
from tests.rivals import at_once

RULES = "/hq/campaign-commission-rules"


@pytest.fixture
def sku(app: Flask) -> Sku:
    """Goods that a campaign offers."""
    return catalogue.sku()


@pytest.fixture
def campaign(sku: Sku) -> Campaign:
    """A drafted campaign of that SKU."""
    return campaigns.campaign(campaigns.item(sku))


def drafted(api: Api, campaign: Campaign, **changes: Any) -> str:
    body = {"campaign_id": campaign.id, "kind": "replace", "rate_bps": 1_000, **changes}
    answer = api.staff("finance").post(RULES, body)
    assert answer.status_code == 201, answer.text
    return f"{RULES}/{answer.json['id']}"


def publish(api: Api, path: str, version: int = 1) -> Answer:
    return api.staff("approver").post(f"{path}/publication", {"version": version})


def published(api: Api, campaign: Campaign, **changes: Any) -> str:
    path = drafted(api, campaign, **changes)
    assert publish(api, path).status_code == 200
    return path.removeprefix(f"{RULES}/")


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


class TestWhatALineEarns:
    """The campaign's SKU, the campaign, then the plan's rules and tiers."""

    def test_it_prefers_the_nearer_rule_and_names_it(
        self, api: Api, campaign: Campaign, clock: ManualClock
    ) -> None:
        mei = commissions.stall()
        commissions.published(item_rules=[item_rule("exclude", "sku", mei.sku_id)])
        item = campaigns.item(session().get_one(Sku, mei.sku_id))
        with_hers = campaigns.campaign(item)
        other = campaigns.campaign(item)
        every = published(api, with_hers, rate_bps=300)

        def earned(campaign_id: str) -> tuple[str, str | None, int | None]:
            clock.advance(minutes=1)
            line = mei.pay(100, paid_at=clock.now(), campaign_id=campaign_id)
            terms = commission_of(line.id)
            return terms.kind, terms.rule_target_id, terms.rate_bps

        assert earned(with_hers.id) == ("replace", every, 300)
        one = published(api, with_hers, sku_id=mei.sku_id, rate_bps=400)
        assert earned(with_hers.id) == ("replace", one, 400)
        assert earned(other.id) == ("exclude", mei.sku_id, None)
        later = published(api, with_hers, sku_id=mei.sku_id, rate_bps=0)
        assert earned(with_hers.id) == ("replace", later, 0)

    def test_it_holds_for_what_is_paid_from_its_publication_on(
        self, api: Api, campaign: Campaign, clock: ManualClock
    ) -> None:
        mei = commissions.stall()
        commissions.published(now=clock.now() - timedelta(days=1))
        published(api, campaign, kind="flat", rate_bps=None, flat_fen_per_unit=5, counts=False)
        before, then = clock.now() - timedelta(microseconds=1), clock.now()
        sold = [mei.pay(100, paid_at=at, campaign_id=campaign.id) for at in (before, then)]
        terms = [commission_of(line.id) for line in sold]
        assert [line.kind for line in terms] == ["tiers", "flat"]
        assert (terms[1].flat_fen_per_unit, terms[1].counts) == (5, False)

    def test_it_multiplies_by_level_and_excludes_by_name(
        self, api: Api, campaign: Campaign, clock: ManualClock
    ) -> None:
        mei = commissions.stall(level=2)
        commissions.published(level_multipliers={"2": 11_000})
        rule = published(api, campaign)
        line = commission_of(mei.pay(100, paid_at=clock.now(), campaign_id=campaign.id).id)
        assert (line.rule_target_id, line.multiplier_bps) == (rule, 11_000)
        clock.advance(minutes=1)
        none = published(api, campaign, kind="exclude", rate_bps=None)
        line = commission_of(mei.pay(100, paid_at=clock.now(), campaign_id=campaign.id).id)
        assert (line.kind, line.reason, line.rule_target_id) == ("exclude", "item_rule", none)

    def test_it_ends_and_what_is_wider_holds_again(
        self, api: Api, campaign: Campaign, clock: ManualClock
    ) -> None:
        mei = commissions.stall()
        commissions.published(
            item_rules=[item_rule("flat", "sku", mei.sku_id, flat_fen_per_unit=5)]
        )
        with_hers = campaigns.campaign(campaigns.item(session().get_one(Sku, mei.sku_id)))

        def kind_and_rate() -> tuple[str, int | None]:
            clock.advance(minutes=1)
            line = mei.pay(100, paid_at=clock.now(), campaign_id=with_hers.id)
            terms = commission_of(line.id)
            return terms.kind, terms.rate_bps

        published(api, with_hers, rate_bps=300)
        published(api, with_hers, sku_id=mei.sku_id, rate_bps=400)
        assert kind_and_rate() == ("replace", 400)
        published(api, with_hers, sku_id=mei.sku_id, kind="tiers", rate_bps=None)
        assert kind_and_rate() == ("replace", 300)
        published(api, with_hers, kind="tiers", rate_bps=None)
        assert kind_and_rate() == ("flat", None)

    def test_it_passes_on_with_a_transfer(
        self, api: Api, campaign: Campaign, clock: ManualClock
    ) -> None:
        mei, lan = commissions.stall(), commissions.stall()
        commissions.published()
        rule = published(api, campaign)
        paid = mei.pay(100, paid_at=clock.now(), campaign_id=campaign.id)
        commissions.transferred(commission_of(paid.id), lan, at=clock.now())
        assert [t.rule_target_id for t in transfers()] == [rule]


def transfers() -> list[CommissionTransfer]:
    return session().query(CommissionTransfer).all()


class TestDrafts:
    def test_it_is_made_shown_changed_and_thrown_away(
        self, api: Api, campaign: Campaign, sku: Sku
    ) -> None:
        path, finance = drafted(api, campaign), api.staff("finance")
        shown = api.staff("auditor").get(path)
        assert (shown.headers["ETag"], shown.json["sku_id"], shown.json["counts"]) == (
            '"1"',
            None,
            True,
        )
        changes = {"kind": "flat", "rate_bps": None, "flat_fen_per_unit": 7, "sku_id": sku.id}
        assert finance.patch(path, changes).status_code == 428
        answer = finance.patch(path, changes, if_match=1)
        assert answer.status_code == 200, answer.text
        assert {name: answer.json[name] for name in changes} == changes
        assert finance.patch(path, changes, if_match=1).status_code == 412
        assert finance.delete(path, if_match=1).status_code == 412
        assert finance.delete(path, if_match=2).status_code == 204
        assert finance.get(path).status_code == 404

    @pytest.mark.parametrize(
        ("changes", "pointers"),
        [
            ({"campaign_id": f"cmp_{'0' * 32}"}, ["/campaign_id"]),
            ({"sku_id": f"sku_{'0' * 32}"}, ["/sku_id"]),
            ({"kind": "flat"}, ["/rate_bps", "/flat_fen_per_unit"]),
            ({"kind": "exclude"}, ["/rate_bps"]),
            ({"rate_bps": None}, ["/rate_bps"]),
            ({"rate_bps": 10_001}, ["/rate_bps"]),
            ({"kind": "tiers"}, ["/rate_bps"]),
            ({"kind": "half"}, ["/kind"]),
            ({"bonus_fen": 1}, ["/bonus_fen"]),
        ],
    )
    def test_it_refuses_what_is_no_rule(
        self, api: Api, campaign: Campaign, changes: dict[str, Any], pointers: list[str]
    ) -> None:
        body = {"campaign_id": campaign.id, "kind": "replace", "rate_bps": 1_000, **changes}
        answer = api.staff("finance").post(RULES, body)
        assert refusal(answer) == (422, "invalid-input")
        assert sorted(e["pointer"] for e in answer.json["errors"]) == sorted(pointers)

    def test_it_refuses_such_a_change_too(self, api: Api, campaign: Campaign) -> None:
        path = drafted(api, campaign)
        answer = api.staff("finance").patch(path, {"kind": "exclude"}, if_match=1)
        assert [e["pointer"] for e in answer.json["errors"]] == ["/rate_bps"]
        assert api.staff("finance").get(path).json["kind"] == "replace"

    def test_it_filters_and_pages(self, api: Api, campaign: Campaign) -> None:
        other = campaigns.campaign()
        paths = [drafted(api, campaign), drafted(api, campaign), drafted(api, other)]
        publish(api, paths[0])

        def listed(**query: Any) -> list[int]:
            items = api.staff("auditor").get(RULES, **query).json["items"]
            return [paths.index(f"{RULES}/{item['id']}") for item in items]

        assert listed() == [2, 1, 0]
        assert listed(campaign_id=campaign.id) == [1, 0]
        assert listed(campaign_id=campaign.id, state="published") == [0]
        cursor = api.staff("auditor").get(RULES, limit=2).json["next_cursor"]
        assert listed(limit=2, cursor=cursor) == [0]


class TestPublication:
    def test_it_is_published_by_another_for_ever(self, api: Api, campaign: Campaign) -> None:
        path = drafted(api, campaign)
        answer = publish(api, path)
        assert (answer.status_code, answer.json["state"]) == (200, "published")
        assert answer.json["published_by"] == api.staff("approver").id
        finance, version = api.staff("finance"), answer.json["version"]
        for again in (
            finance.patch(path, {"counts": False}, if_match=version),
            finance.delete(path, if_match=version),
            publish(api, path, version),
        ):
            assert refusal(again) == (409, "not-in-this-state")
        [entry] = session().query(AuditEntry).filter_by(action="campaign_rule.publish")
        assert entry.facts["rate_bps"] == 1_000

    def test_it_refuses_its_author_and_what_was_not_read(
        self, api: Api, campaign: Campaign
    ) -> None:
        path = drafted(api, campaign)
        assert refusal(publish(api, path, 7)) == (412, "stale-version")
        author = promoted(api, api.staff("finance"))
        answer = author.post(f"{path}/publication", {"version": 1})
        assert refusal(answer) == (409, "publisher-is-author")

    def test_it_refuses_whoever_ever_changed_it(self, api: Api, campaign: Campaign) -> None:
        path, second = drafted(api, campaign), api.staff("finance", "lin")
        assert second.patch(path, {"rate_bps": 900}, if_match=1).status_code == 200
        assert api.staff("finance").patch(path, {"counts": False}, if_match=2).status_code == 200
        answer = promoted(api, second).post(f"{path}/publication", {"version": 3})
        assert refusal(answer) == (409, "publisher-is-author")
        told = session().query(AuditEntry).filter(AuditEntry.action.like("campaign_rule.%"))
        assert [(e.action, e.facts["rate_bps"]) for e in told.order_by(AuditEntry.id)] == [
            ("campaign_rule.draft", 1_000),
            ("campaign_rule.edit", 900),
            ("campaign_rule.edit", 900),
        ]

    def test_it_stays_within_what_plans_may_promise(self, api: Api, campaign: Campaign) -> None:
        commissions.published(level_multipliers={"3": 20_000})
        path = drafted(api, campaign, rate_bps=1_501)
        answer = publish(api, path)
        assert refusal(answer) == (422, "campaign-rule-not-publishable")
        assert [e["pointer"] for e in answer.json["errors"]] == ["/rate_bps"]
        assert publish(api, drafted(api, campaign, rate_bps=1_500)).status_code == 200

    def test_it_limits_the_plans_that_come_after_it(self, api: Api, campaign: Campaign) -> None:
        published(api, campaign, rate_bps=2_000)
        version = commissions.draft(level_multipliers={"3": 15_001})
        path = f"/hq/commission-plans/{version.plan_id}/versions/1/publication"
        answer = api.staff("approver").post(path, {"version": 1})
        assert [e["pointer"] for e in answer.json["errors"]] == [""]

    def test_it_refuses_goods_that_the_campaign_no_longer_offers(
        self, api: Api, campaign: Campaign, sku: Sku
    ) -> None:
        path = drafted(api, campaign, sku_id=sku.id)
        session().execute(delete(CampaignItem).where(CampaignItem.campaign_id == campaign.id))
        answer = publish(api, path)
        assert [e["pointer"] for e in answer.json["errors"]] == ["/sku_id"]

    def test_it_is_written_by_finance_and_published_by_the_approver(
        self, api: Api, campaign: Campaign
    ) -> None:
        path = drafted(api, campaign)
        for method, where, allowed in (
            ("GET", RULES, "auditor"),
            ("GET", path, "auditor"),
            ("POST", RULES, "finance"),
            ("PATCH", path, "finance"),
            ("POST", f"{path}/publication", "approver"),
            ("DELETE", path, "finance"),
        ):
            assert api.anonymous.request(method, where).status_code == 401
            assert api.shopper("zed").request(method, where).status_code == 403
            assert api.staff("operator").request(method, where).status_code == 403
            assert api.staff(allowed).request(method, where).status_code not in (401, 403)
        assert api.staff("finance").get(f"{RULES}/ccr_{'0' * 32}").status_code == 404

    def test_it_is_kept_by_the_database(self, api: Api, campaign: Campaign) -> None:
        published(api, campaign)
        refused(update(CampaignRule).values(rate_bps=1), delete(CampaignRule))


@pytest.mark.committed
def test_it_is_published_once(app: Flask, clock: ManualClock) -> None:
    drawn = campaigns.campaign()
    with transaction():
        rule_id = services.create_campaign_rule(
            campaign_id=drawn.id,
            sku_id=None,
            kind="replace",
            rate_bps=1,
            actor=FINANCE,
            now=clock.now(),
        ).id

    def publication() -> Any:
        return services.publish_campaign_rule(
            rule_id=rule_id, if_match=1, max_total_bps=3_000, actor=APPROVER, now=clock.now()
        ).state

    outcomes = at_once(app, [publication, publication])
    assert [isinstance(o, NotInThisState) for o in outcomes].count(True) == 1
