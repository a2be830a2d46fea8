"""Policies over HTTP, from draft to what they change about touches, orders and locks."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.attribution import queries, services
from groupbuy.attribution.models import AttributionPolicy
from groupbuy.kernel.access import Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from tests.client import Answer, Api, Caller, staff_token
from tests.commissions.test_api import promoted
from tests.conftest import START
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused
from tests.rivals import Work, at_once, second_waits_for_first

POLICIES = "/hq/attribution-policies"
SOON = "2026-03-02T12:00:00+08:00"
HUA = Actor(kind="staff", id="hua", role="operator")
QIAO = Actor(kind="staff", id="qiao", role="approver")


def drafted(api: Api, **terms: Any) -> dict[str, Any]:
    return made(api.staff("operator").post(POLICIES, {"effective_from": SOON, **terms}))


def publish(api: Api, policy: dict[str, Any], *, version: int = 0) -> Answer:
    body = {"version": version or policy["version"]}
    return api.staff("approver").post(f"{POLICIES}/{policy['id']}/publication", body)


def in_force(api: Api, **terms: Any) -> dict[str, Any]:
    """Publish a policy that holds from now on."""
    policy = drafted(api, effective_from=api.clock.now().isoformat(), **terms)
    return made(publish(api, policy), 200)


class TestDrafts:
    """Writing a policy."""

    def test_it_drafts_what_is_as_in_a_new_system_unless_said(self, api: Api) -> None:
        policy = drafted(api, lookback_days=3, protect_days=None)
        assert (policy["number"], policy["state"], policy["version"]) == (1, "draft", 1)
        assert policy["priority"] == ["hosted", "lock", "link", "pickup"]
        assert (policy["lookback_days"], policy["validity_days"]) == (3, 365)
        assert policy["protect_days"] is None
        shown = made(api.staff("auditor").get(f"{POLICIES}/{policy['id']}"), 200)
        assert shown == {**policy, "effective_from": "2026-03-02T04:00:00+00:00"}

    def test_it_lists_the_newest_first_by_state(self, api: Api) -> None:
        assert api.staff("finance").get(POLICIES).json == {"items": [], "next_cursor": None}
        published = in_force(api)
        drafted(api)
        auditor = api.staff("auditor")
        assert [p["number"] for p in auditor.get(POLICIES).json["items"]] == [2, 1]
        (only,) = auditor.get(POLICIES, state="published").json["items"]
        assert only["id"] == published["id"]

    def test_it_edits_and_discards_a_draft_under_its_version(self, api: Api) -> None:
        path = f"{POLICIES}/{drafted(api)['id']}"
        hua = api.staff("operator")
        change = {"priority": ["lock", "pickup"], "self_purchase": "pay"}
        refused(hua.patch(path, change), 428, "version-required")
        answer = hua.patch(path, change, if_match=1)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
        assert (answer.json["priority"], answer.json["lookback_days"]) == (["lock", "pickup"], 7)
        refused(hua.patch(path, change, if_match=1), 412, "stale-version")
        refused(hua.delete(path, if_match=1), 412, "stale-version")
        assert hua.delete(path, if_match=2).status_code == 204
        refused(hua.get(path), 404, "not-found")

    @pytest.mark.parametrize(
        ("terms", "pointer"),
        [
            ({"priority": []}, "/priority"),
            ({"priority": ["lock", "hosted", "lock"]}, "/priority/2"),
            ({"priority": ["assigned"]}, "/priority/0"),
            ({"priority": ["lock", "none"]}, "/priority/1"),
            ({"lookback_days": -1}, "/lookback_days"),
            ({"validity_days": 0}, "/validity_days"),
            ({"protect_days": -1}, "/protect_days"),
            ({"eligible": "some"}, "/eligible"),
            ({"renew": "always"}, "/renew"),
            ({"self_purchase": "half"}, "/self_purchase"),
            ({"effective_from": "2026-03-02T12:00:00"}, "/effective_from"),
            ({"bonus": 1}, "/bonus"),
        ],
    )
    def test_it_refuses_what_is_no_policy(
        self, api: Api, terms: dict[str, Any], pointer: str
    ) -> None:
        answer = api.staff("operator").post(POLICIES, {"effective_from": SOON, **terms})
        refused(answer, 422, "invalid-input")
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]

    def test_it_is_written_by_operators_and_published_by_the_approver(self, api: Api) -> None:
        one = f"{POLICIES}/{drafted(api)['id']}"
        for method, path in (("POST", POLICIES), ("PATCH", one), ("DELETE", one)):
            assert api.anonymous.request(method, path).status_code == 401
            for outsider in (api.shopper("zed"), api.staff("finance"), api.staff("approver")):
                assert outsider.request(method, path, if_match=1).status_code == 403
        for outsider in (api.shopper("zed"), api.staff("operator"), api.staff("admin")):
            assert outsider.post(f"{one}/publication", {"version": 1}).status_code == 403
        for path in (POLICIES, one):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403


class TestPublication:
    """From draft to rule."""

    def test_it_publishes_for_ever(self, api: Api) -> None:
        policy = drafted(api)
        published = made(publish(api, policy), 200)
        assert published["published_by"] == api.staff("approver").id
        hua, path = api.staff("operator"), f"{POLICIES}/{policy['id']}"
        version = published["version"]
        for refusal in (
            hua.patch(path, {"lookback_days": 1}, if_match=version),
            hua.delete(path, if_match=version),
            publish(api, published),
        ):
            refused(refusal, 409, "not-in-this-state")
        with pytest.raises(DBAPIError, match="never changes"), session().begin_nested():
            session().execute(text("update attribution_policies set lookback_days = 1"))

    def test_it_refuses_what_is_not_what_was_checked(self, api: Api) -> None:
        policy = drafted(api)
        path = f"{POLICIES}/{policy['id']}"
        api.staff("operator").patch(path, {"lookback_days": 1}, if_match=1)
        refused(publish(api, policy, version=1), 412, "stale-version")
        refused(publish(api, {"id": f"apo_{'0' * 32}", "version": 1}), 404, "not-found")

    def test_it_refuses_who_wrote_or_changed_it(self, api: Api) -> None:
        policy = drafted(api)
        hua = api.staff("operator")
        body = {"role": "approver"}
        assert api.staff("admin").patch(f"/hq/staff/{hua.id}", body, if_match=1).status_code == 200
        promoted = Caller(api.app, staff_token(hua.id, api.clock.now()), hua.id)
        answer = promoted.post(f"{POLICIES}/{policy['id']}/publication", {"version": 1})
        refused(answer, 409, "policy-publisher-is-author")

    def test_it_refuses_whoever_ever_changed_it(self, api: Api) -> None:
        policy, second = drafted(api), api.staff("operator", "lin")
        path = f"{POLICIES}/{policy['id']}"
        assert second.patch(path, {"lookback_days": 1}, if_match=1).status_code == 200
        assert api.staff("operator").patch(path, {"renew": "none"}, if_match=2).status_code == 200
        answer = promoted(api, second).post(f"{path}/publication", {"version": 3})
        refused(answer, 409, "policy-publisher-is-author")
        told = session().query(AuditEntry).filter_by(subject=policy["id"]).order_by(AuditEntry.id)
        assert [(e.action, e.facts["lookback_days"]) for e in told] == [
            ("attribution_policy.draft", 7),
            ("attribution_policy.edit", 1),
            ("attribution_policy.edit", 1),
        ]

    def test_it_begins_neither_before_its_publication_nor_before_the_latest(
        self, api: Api, clock: ManualClock
    ) -> None:
        late, early = drafted(api), drafted(api)
        made(publish(api, late), 200)
        answer = publish(api, early)
        refused(answer, 422, "policy-not-publishable")
        assert [error["pointer"] for error in answer.json["errors"]] == ["/effective_from"]
        clock.advance(days=1)
        assert len(publish(api, early).json["errors"]) == 2


class TestEffect:
    """What a policy in force changes, from its instant on."""

    @pytest.fixture
    def shop(self, api: Api) -> Shop:
        shop = Shop(api)
        shop.stock("Eggs", price_fen=1500, units=50)
        return shop

    def decided(self, shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
        (decision,) = made(shop.hua.get(f"/hq/orders/{order['id']}/attribution"), 200)["items"]
        return dict(decision)

    def test_it_holds_from_its_instant_on_and_is_named_by_touches_and_orders(
        self, shop: Shop
    ) -> None:
        campaign = shop.campaign({"Eggs": 1000})
        mei, tao = shop.recruit("mei"), shop.recruit("tao")
        codes = [shop.host(n, campaign, p)["share_code"] for n, p in (("mei", mei), ("tao", tao))]
        bo = shop.api.shopper("bo")
        made(bo.post("/touches", {"share_code": codes[0]}))
        policy = drafted(shop.api, priority=["pickup", "lock"], protect_days=0, lookback_days=0)
        made(publish(shop.api, policy), 200)
        before = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=tao["point"])
        first = self.decided(shop, before)
        assert (first["policy_version"], first["rule"]) == (0, "lock")
        shop.wait(hours=3)
        after = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=tao["point"])
        second = self.decided(shop, after)
        assert (second["policy_version"], second["rule"]) == (1, "pickup")
        assert [c["rule"] for c in second["candidates"]] == ["pickup", "lock"]
        touch = made(bo.post("/touches", {"share_code": codes[1]}))
        assert touch["result"] == "LOCK_TAKEN_OVER"

    def test_it_locks_only_new_customers_if_it_says_so(self, shop: Shop) -> None:
        in_force(shop.api, eligible="new_customer")
        mei = shop.recruit("mei")
        code = shop.host("mei", shop.campaign({"Eggs": 1000}), mei)["share_code"]
        shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        results = [
            made(shop.api.shopper(name).post("/touches", {"share_code": code}))["result"]
            for name in ("bo", "zed")
        ]
        assert results == ["NOT_ELIGIBLE_CUSTOMER", "LOCKED"]

    def test_it_pays_self_purchases_and_renews_nothing_if_it_says_so(self, shop: Shop) -> None:
        in_force(shop.api, self_purchase="pay", renew="none", validity_days=30)
        mei = shop.recruit("mei")
        code = shop.host("mei", shop.campaign({"Eggs": 1000}), mei)["share_code"]
        made(shop.api.shopper("bo").post("/touches", {"share_code": code}))
        own = shop.order("mei", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        decision = self.decided(shop, own)
        assert (decision["self_purchase"], decision["commissionable"]) == (True, True)
        shop.wait(days=29)
        order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        shop.pay("bo", order["id"])
        (lock,) = made(shop.hua.get("/hq/customer-locks"), 200)["items"]
        assert lock["expires_at"] == (START + timedelta(days=30)).isoformat()

    def test_it_never_shortens_a_lock_that_a_paid_order_renews(self, shop: Shop) -> None:
        mei = shop.recruit("mei")
        code = shop.host("mei", shop.campaign({"Eggs": 1000}), mei)["share_code"]
        made(shop.api.shopper("bo").post("/touches", {"share_code": code}))

        def expiry_after_an_order() -> Any:
            order = shop.order("bo", None, {"Eggs": 1}, pickup_point_id=mei["point"])
            shop.pay("bo", order["id"])
            (lock,) = made(shop.hua.get("/hq/customer-locks"), 200)["items"]
            return lock["expires_at"]

        in_force(shop.api, validity_days=30)
        shop.wait(days=1)
        assert expiry_after_an_order() == (START + timedelta(days=365)).isoformat()
        in_force(shop.api, validity_days=None)
        assert expiry_after_an_order() is None


@pytest.mark.committed
class TestAtOnce:
    """Two people at the same moment."""

    def draft(self, hours: int) -> AttributionPolicy:
        with transaction():
            return services.create_policy(
                effective_from=START + timedelta(hours=hours), actor=HUA, now=START
            )

    def publication(self, policy: AttributionPolicy) -> Work:
        policy_id, version = policy.id, policy.version
        return lambda: (
            services.publish_policy(
                policy_id=policy_id, if_match=version, actor=QIAO, now=START
            ).state
        )

    def test_it_never_publishes_two_policies_that_overlap(self, app: Flask) -> None:
        later, earlier = self.draft(2), self.draft(1)
        _, refusal = second_waits_for_first(app, self.publication(later), self.publication(earlier))
        assert "policy-not-publishable" in str(refusal)
        assert queries.policy_at(START + timedelta(hours=1)).version == 0
        assert queries.policy_at(START + timedelta(hours=2)).version == later.number

    def test_it_publishes_once(self, app: Flask) -> None:
        results = at_once(app, [self.publication(self.draft(1))] * 4)
        assert sum(isinstance(result, NotInThisState) for result in results) == 3

    def test_it_numbers_drafts_one_by_one(self, app: Flask) -> None:
        def draft() -> int:
            return services.create_policy(effective_from=START, actor=HUA, now=START).number

        assert sorted(at_once(app, [draft] * 4)) == [1, 2, 3, 4]
