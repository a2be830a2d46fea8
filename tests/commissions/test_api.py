"""Commission plans over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.settings import EXTENSION as SETTINGS
from groupbuy.leaders import services as leaders
from tests.client import Answer, Api, Caller, staff_token
from tests.factories import catalogue

PLANS = "/hq/commission-plans"
DRAFT: dict[str, Any] = {
    "effective_from": "2026-03-02T12:00:00+08:00",
    "mode": "marginal",
    "tiers": [[0, 500], [1_000_000, 700]],
}
SKU = f"sku_{'0' * 32}"


@pytest.fixture
def versions(api: Api) -> str:
    """The path of the default plan's versions."""
    answer = api.staff("finance").post(PLANS, {"code": "standard", "name": "Standard"})
    assert answer.status_code == 201, answer.text
    return f"{PLANS}/{answer.json['id']}/versions"


def drafted(api: Api, versions: str, **changes: Any) -> dict[str, Any]:
    answer = api.staff("finance").post(versions, DRAFT | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def publish(api: Api, versions: str, number: int = 1, version: int = 1) -> Answer:
    body = {"version": version}
    return api.staff("approver").post(f"{versions}/{number}/publication", body)


class TestPlans:
    def test_it_creates_and_lists_plans(self, api: Api, versions: str) -> None:
        api.staff("finance").post(PLANS, {"code": "special", "name": "Special"})
        plans = api.staff("auditor").get(PLANS).json["items"]
        assert [(plan["code"], plan["is_default"]) for plan in plans] == [
            ("standard", True),
            ("special", False),
        ]

    def test_it_refuses_a_second_plan_with_the_code(self, api: Api, versions: str) -> None:
        answer = api.staff("finance").post(PLANS, {"code": "standard", "name": "Again"})
        assert (answer.status_code, answer.json["code"]) == (409, "plan-code-taken")

    def test_it_is_written_by_finance_and_published_by_the_approver(
        self, api: Api, versions: str
    ) -> None:
        drafted(api, versions)
        one = f"{versions}/1"
        writing = (("POST", PLANS), ("POST", versions), ("PATCH", one), ("DELETE", one))
        for method, path in writing:
            assert api.anonymous.request(method, path).status_code == 401
            for outsider in (api.shopper("zed"), api.staff("operator"), api.staff("approver")):
                assert outsider.request(method, path, if_match=1).status_code == 403
        for outsider in (api.shopper("zed"), api.staff("finance"), api.staff("admin")):
            assert outsider.post(f"{one}/publication", {"version": 1}).status_code == 403
        for path in (PLANS, versions, one):
            assert api.anonymous.get(path).status_code == 401
            assert api.staff("operator").get(path).status_code == 403

    def test_it_knows_no_other_plan(self, api: Api, versions: str) -> None:
        nowhere = f"{PLANS}/pln_{'0' * 32}/versions"
        finance = api.staff("finance")
        assert finance.get(nowhere).status_code == 404
        assert finance.post(nowhere, DRAFT).status_code == 404
        assert finance.get(f"{versions}/1").status_code == 404
        assert finance.get(f"{versions}/{2**63}").status_code == 404
        assert publish(api, versions).status_code == 404


class TestDrafts:
    def test_it_numbers_versions_and_shows_the_newest_first(self, api: Api, versions: str) -> None:
        drafted(api, versions)
        rule = {"kind": "flat", "target_kind": "sku", "target_id": SKU, "flat_fen_per_unit": 0}
        drafted(api, versions, item_rules=[rule], level_multipliers={"2": 0}, cap_fen=0)
        second, first = api.staff("auditor").get(versions).json["items"]
        assert (first["number"], second["number"]) == (1, 2)
        assert second["item_rules"] == [{**rule, "rate_bps": None, "counts": True}]
        assert (second["level_multipliers"], second["cap_fen"]) == ({"2": 0}, 0)

    def test_it_edits_a_draft_under_its_version(self, api: Api, versions: str) -> None:
        drafted(api, versions)
        finance, path = api.staff("finance"), f"{versions}/1"
        changed = {"tiers": [[0, 800]]}
        assert finance.patch(path, changed).status_code == 428
        answer = finance.patch(path, changed, if_match=1)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
        assert answer.json["tiers"] == [[0, 800]]
        assert finance.patch(path, changed, if_match=1).status_code == 412
        assert finance.delete(path, if_match=1).status_code == 412
        assert finance.delete(path, if_match=2).status_code == 204
        assert finance.get(path).status_code == 404

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"tiers": [[0]]}, "/tiers/0"),
            ({"tiers": [[0, 10_001]]}, "/tiers/0"),
            ({"tiers": [[-1, 5]]}, "/tiers/0/0"),
            ({"tiers": [[0, 0.5]]}, "/tiers/0/1"),
            ({"mode": "best"}, "/mode"),
            ({"effective_from": "2026-03-02T12:00:00"}, "/effective_from"),
            ({"level_multipliers": {"zero": 1}}, "/level_multipliers/zero/key"),
            ({"bonus_fen": 5}, "/bonus_fen"),
            ({"quota_bonus": {"quota_fen": 0, "bonus_fen": 5}}, "/quota_bonus/quota_fen"),
            ({"quota_bonus": {"quota_fen": 5}}, "/quota_bonus/bonus_fen"),
            ({"rank_bonuses": [5, -1]}, "/rank_bonuses/1"),
            ({"rank_bonuses": [5] * 101}, "/rank_bonuses"),
            ({"guarantee_fen": -1}, "/guarantee_fen"),
            ({"service_fee_fen": 0.5}, "/service_fee_fen"),
            ({"recruiter_override": {"bps": 0}}, "/recruiter_override/bps"),
            ({"recruiter_override": {"bps": 1, "levels": 2}}, "/recruiter_override/levels"),
            ({"recruiter_override": {"bps": 1, "basis": "orders"}}, "/recruiter_override/basis"),
            ({"recruiter_override": {"bps": 1, "months": 0}}, "/recruiter_override/months"),
            (
                {"item_rules": [{"kind": "tiers", "target_kind": "sku", "target_id": SKU}]},
                "/item_rules/0/kind",
            ),
        ],
    )
    def test_it_refuses_what_is_no_plan(
        self, api: Api, versions: str, changes: dict[str, Any], pointer: str
    ) -> None:
        answer = api.staff("finance").post(versions, DRAFT | changes)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


class TestWhatAMonthPays:
    EXTRAS: dict[str, Any] = {  # noqa: RUF012
        "quota_bonus": {"quota_fen": 5_000_000, "bonus_fen": 50_000},
        "rank_bonuses": [300, 200],
        "guarantee_fen": 30_000,
        "service_fee_fen": 50,
        "recruiter_override": {"bps": 500, "basis": "volume", "months": 12},
    }

    def test_it_takes_shows_and_changes_them(self, api: Api, versions: str) -> None:
        made = drafted(api, versions, **self.EXTRAS)
        assert {name: made[name] for name in self.EXTRAS} == self.EXTRAS
        path = f"{versions}/1"
        emptied: dict[str, Any] = {
            "quota_bonus": None,
            "rank_bonuses": [],
            "recruiter_override": None,
        }
        changed = api.staff("finance").patch(path, {**emptied, "guarantee_fen": 0}, if_match=1)
        assert changed.status_code == 200, changed.text
        shown = api.staff("auditor").get(path).json
        assert {name: shown[name] for name in emptied} == emptied
        assert (shown["guarantee_fen"], shown["service_fee_fen"]) == (0, 50)

    def test_it_asks_only_for_what_can_be_earned(self, api: Api, versions: str) -> None:
        gates = {"bonus_qualification": "fresh", "multiplier_qualification": "fresh"}
        finance = api.staff("finance")
        for gate in gates:
            answer = finance.post(versions, {**DRAFT, gate: "fresh"})
            assert (answer.status_code, answer.json["code"]) == (409, "unknown-qualification")
        with transaction():
            leaders.offer_qualification(code="fresh", title_zh="生鲜", title_en="Fresh goods")
        made = drafted(api, versions, **gates)
        assert {name: made[name] for name in gates} == gates
        emptied = dict.fromkeys(gates)
        changed = finance.patch(f"{versions}/1", emptied, if_match=1)
        assert {name: changed.json[name] for name in gates} == emptied
        answer = finance.patch(f"{versions}/1", {"bonus_qualification": "x"}, if_match=2)
        assert (answer.status_code, answer.json["code"]) == (409, "unknown-qualification")

    def test_it_has_none_unless_said(self, api: Api, versions: str) -> None:
        made = drafted(api, versions)
        assert [made[name] for name in self.EXTRAS] == [None, [], 0, 0, None]
        assert made["warnings"] == []

    def test_it_takes_back_by_line_or_by_month_as_the_mode_suggests(
        self, api: Api, versions: str
    ) -> None:
        modes = [
            drafted(api, versions, mode="marginal")["clawback_mode"],
            drafted(api, versions, mode="whole")["clawback_mode"],
            drafted(api, versions, mode="whole", clawback_mode="line")["clawback_mode"],
        ]
        assert modes == ["line", "retier", "line"]
        assert publish(api, versions, 2).status_code == 200

    def test_it_pays_no_recruiter_until_the_operator_allows_it(
        self, api: Api, versions: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = drafted(api, versions, recruiter_override={"bps": 500})
        assert made["recruiter_override"] == {"bps": 500, "basis": "commission", "months": None}
        [warning] = made["warnings"]
        assert "off until counsel says otherwise" in warning
        answer = publish(api, versions)
        assert (answer.status_code, answer.json["code"]) == (422, "plan-not-publishable")
        assert answer.json["errors"] == [{"pointer": "/recruiter_override", "detail": warning}]
        present = api.app.extensions[SETTINGS]
        allowing = replace(present, recruiter_override_allowed=True)
        monkeypatch.setitem(api.app.extensions, SETTINGS, allowing)
        assert publish(api, versions).status_code == 200

    def test_it_publishes_rules_only_for_what_is_in_the_catalogue(
        self, api: Api, versions: str, count_statements: Callable[[], Any]
    ) -> None:
        sku = catalogue.sku()
        other = f"cat_{'0' * 32}"
        known = [("sku", sku.id), ("product", sku.product_id)]
        unknown = [("category", other), ("product", sku.id), ("sku", f"sku_{'0' * 32}")]
        item_rules = [
            {"kind": "exclude", "target_kind": kind, "target_id": target}
            for kind, target in [*known, *unknown]
        ]
        drafted(api, versions, item_rules=item_rules)
        with count_statements() as statements:
            answer = publish(api, versions)
        assert sum("UNION ALL" in statement for statement in statements) == 1
        assert [error["pointer"] for error in answer.json["errors"]] == [
            f"/item_rules/{position}/target_id" for position in (2, 3, 4)
        ]


class TestPublication:
    def test_it_publishes_for_ever(self, api: Api, versions: str) -> None:
        drafted(api, versions)
        answer = publish(api, versions)
        assert (answer.status_code, answer.json["state"]) == (200, "published")
        assert answer.json["published_by"] == api.staff("approver").id
        finance, version = api.staff("finance"), answer.json["version"]
        for refusal in (
            finance.patch(f"{versions}/1", {"cap_fen": 1}, if_match=version),
            finance.delete(f"{versions}/1", if_match=version),
            publish(api, versions, version=version),
        ):
            assert (refusal.status_code, refusal.json["code"]) == (409, "not-in-this-state")

    def test_it_refuses_what_is_not_what_was_checked(self, api: Api, versions: str) -> None:
        drafted(api, versions)
        api.staff("finance").patch(f"{versions}/1", {"cap_fen": 1}, if_match=1)
        answer = publish(api, versions, version=1)
        assert (answer.status_code, answer.json["code"]) == (412, "stale-version")

    def test_it_lists_every_fault(self, api: Api, versions: str, clock: ManualClock) -> None:
        drafted(api, versions, tiers=[[5, 500], [5, 4_000]])
        clock.advance(days=1)
        answer = publish(api, versions)
        assert (answer.status_code, answer.json["code"]) == (422, "plan-not-publishable")
        assert [error["pointer"] for error in answer.json["errors"]] == [
            "/tiers/0/0",
            "/tiers/1/0",
            "/effective_from",
            "",
        ]
        assert answer.json["errors"][0]["detail"] == "The first tier must begin at 0."

    def test_it_refuses_who_wrote_or_changed_it(self, api: Api, versions: str) -> None:
        drafted(api, versions)
        author = promoted(api, api.staff("finance"))
        answer = author.post(f"{versions}/1/publication", {"version": 1})
        assert (answer.status_code, answer.json["code"]) == (409, "publisher-is-author")

    def test_it_refuses_whoever_ever_changed_it(self, api: Api, versions: str) -> None:
        drafted(api, versions)
        second = api.staff("finance", "lin")
        assert second.patch(f"{versions}/1", {"cap_fen": 1}, if_match=1).status_code == 200
        assert api.staff("finance").patch(f"{versions}/1", {}, if_match=2).status_code == 200
        answer = promoted(api, second).post(f"{versions}/1/publication", {"version": 3})
        assert (answer.status_code, answer.json["code"]) == (409, "publisher-is-author")

    def test_it_tells_the_audit_log_who_wrote_what(self, api: Api, versions: str) -> None:
        draft = drafted(api, versions)
        api.staff("finance").patch(f"{versions}/1", {"cap_fen": 5}, if_match=1)
        assert publish(api, versions, version=2).status_code == 200
        told = session().query(AuditEntry).filter_by(subject=draft["id"]).order_by(AuditEntry.id)
        assert [(e.action, e.facts["version"], e.facts["cap_fen"]) for e in told] == [
            ("plan_version.draft", 1, None),
            ("plan_version.edit", 2, 5),
            ("plan_version.publish", 3, 5),
        ]

    def test_it_must_begin_after_the_latest_version(self, api: Api, versions: str) -> None:
        drafted(api, versions)
        drafted(api, versions)
        assert publish(api, versions, 1).status_code == 200
        answer = publish(api, versions, 2)
        assert [error["pointer"] for error in answer.json["errors"]] == ["/effective_from"]


def promoted(api: Api, staff: Caller) -> Caller:
    """Make a member of staff an approver; the new role needs a new login."""
    path = f"/hq/staff/{staff.id}"
    assert api.staff("admin").patch(path, {"role": "approver"}, if_match=1).status_code == 200
    return Caller(api.app, staff_token(staff.id, api.clock.now()), staff.id)
