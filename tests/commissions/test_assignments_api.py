"""Assignments of plans over HTTP, and what a leader is told about theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from tests.client import Answer, Api
from tests.commissions.test_api import promoted
from tests.factories import commissions, leaders
from tests.factories.commissions import assigned

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
ASSIGNMENTS = "/hq/plan-assignments"


@pytest.fixture
def plan_id(api: Api) -> str:
    """A plan with a version in force."""
    commissions.published()
    return commissions.published(code="special").plan_id


def body(plan: str | None, **changes: Any) -> dict[str, Any]:
    whole = {"plan_id": plan, "scope": "level", "target": "2"}
    return {**whole, "effective_from": NOON.isoformat(), **changes}


def put_forward(api: Api, plan_id: str | None, **changes: Any) -> str:
    answer = api.staff("finance").post(ASSIGNMENTS, body(plan_id, **changes))
    assert answer.status_code == 201, answer.text
    return f"{ASSIGNMENTS}/{answer.json['id']}"


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


class TestOverHttp:
    def test_it_is_proposed_by_one_and_approved_by_another(self, api: Api, plan_id: str) -> None:
        path = put_forward(api, plan_id, note="for three months")
        assert api.staff("auditor").get(path).json["state"] == "proposed"
        answer = api.staff("approver").post(f"{path}/approval")
        assert (answer.status_code, answer.json["state"]) == (200, "approved")
        assert answer.json["decided_by"] == api.staff("approver").id
        assert answer.json["note"] == "for three months"
        for again in (
            api.staff("approver").post(f"{path}/approval"),
            api.staff("approver").post(f"{path}/rejection", {"reason": "no"}),
            api.staff("finance").delete(path),
        ):
            assert refusal(again) == (409, "not-in-this-state")

    def test_it_is_rejected_for_a_reason(self, api: Api, plan_id: str) -> None:
        path = put_forward(api, plan_id)
        assert api.staff("approver").post(f"{path}/rejection", {}).status_code == 422
        answer = api.staff("approver").post(f"{path}/rejection", {"reason": "too dear"})
        assert (answer.json["state"], answer.json["reason"]) == ("rejected", "too dear")

    def test_it_is_taken_back(self, api: Api, plan_id: str) -> None:
        path = put_forward(api, plan_id)
        assert api.staff("finance").delete(path).status_code == 204
        assert api.staff("finance").get(path).status_code == 404

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30"])
    def test_it_refuses_a_day_that_cannot_be_reckoned_with(self, api: Api, day: str) -> None:
        assert api.staff("finance").get(ASSIGNMENTS, on=day).status_code == 422

    def test_it_leaves_every_decision_in_the_audit_log(self, api: Api, plan_id: str) -> None:
        path = put_forward(api, plan_id)
        api.staff("finance").delete(path)
        api.staff("approver").post(f"{put_forward(api, plan_id)}/approval")
        api.staff("approver").post(f"{put_forward(api, None)}/rejection", {"reason": "no"})
        entries = session().query(AuditEntry).filter(AuditEntry.action.like("plan_assignment.%"))
        actions = [entry.action.split(".")[1] for entry in entries.order_by(AuditEntry.id)]
        assert actions == ["propose", "withdraw", "propose", "approve", "propose", "reject"]

    def test_it_refuses_its_proposer(self, api: Api, plan_id: str) -> None:
        path = put_forward(api, plan_id)
        author = promoted(api, api.staff("finance"))
        assert refusal(author.post(f"{path}/approval")) == (409, "decider-is-proposer")
        answer = author.post(f"{path}/rejection", {"reason": "no"})
        assert refusal(answer) == (409, "decider-is-proposer")

    def test_it_is_never_backdated(self, api: Api, plan_id: str, clock: ManualClock) -> None:
        path = put_forward(api, plan_id)
        clock.at = NOON + timedelta(seconds=1)
        answer = api.staff("approver").post(f"{path}/approval")
        assert refusal(answer) == (409, "assignment-backdated")
        assert "withdraw it and propose it anew" in answer.json["detail"]
        answer = api.staff("finance").post(ASSIGNMENTS, body(plan_id))
        assert refusal(answer) == (409, "assignment-backdated")

    def test_it_holds_one_plan_for_a_target_from_an_instant(self, api: Api, plan_id: str) -> None:
        first, second = put_forward(api, plan_id), put_forward(api, None)
        assert api.staff("approver").post(f"{first}/approval").status_code == 200
        answer = api.staff("approver").post(f"{second}/approval")
        assert refusal(answer) == (409, "assignment-clash")

    def test_it_assigns_only_a_plan_in_force(self, api: Api, plan_id: str) -> None:
        late = commissions.published(code="late", effective_from=LATER).plan_id
        path = put_forward(api, late)
        answer = api.staff("approver").post(f"{path}/approval")
        assert refusal(answer) == (409, "plan-not-in-force")
        later = put_forward(api, late, effective_from=LATER.isoformat())
        assert api.staff("approver").post(f"{later}/approval").status_code == 200

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"plan_id": f"pln_{'0' * 32}"}, "/plan_id"),
            ({"target": "0"}, "/target"),
            ({"target": "two"}, "/target"),
            ({"scope": "region", "target": " "}, "/target"),
            ({"scope": "leader", "target": f"ldr_{'0' * 32}"}, "/target"),
            ({"scope": "leader", "target": "mei"}, "/target"),
            ({"scope": "everyone"}, "/target"),
            ({"scope": "village"}, "/scope"),
            ({"effective_from": "2026-03-10"}, "/effective_from"),
        ],
    )
    def test_it_refuses_what_means_nobody(
        self, api: Api, plan_id: str, changes: dict[str, Any], pointer: str
    ) -> None:
        answer = api.staff("finance").post(ASSIGNMENTS, body(plan_id, **changes))
        assert refusal(answer) == (422, "invalid-input")
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]

    def test_it_filters_and_pages(self, api: Api, plan_id: str) -> None:
        mei = leaders.leader()
        paths = [
            put_forward(api, plan_id),
            put_forward(api, None, effective_from=LATER.isoformat()),
            put_forward(api, plan_id, scope="leader", target=mei.id),
            put_forward(api, plan_id, scope="everyone", target=""),
        ]
        for path in paths[:3]:
            assert api.staff("approver").post(f"{path}/approval").status_code == 200

        def listed(**query: Any) -> list[int]:
            items = api.staff("auditor").get(ASSIGNMENTS, **query).json["items"]
            return [paths.index(f"{ASSIGNMENTS}/{item['id']}") for item in items]

        assert listed() == [3, 2, 1, 0]
        assert listed(scope="level") == [1, 0]
        assert listed(scope="leader", target=mei.id) == [2]
        assert listed(plan_id=plan_id, state="approved") == [2, 0]
        assert listed(state="proposed") == [3]
        assert listed(on="2026-03-09") == []
        assert listed(on="2026-03-10") == [2, 0]
        assert listed(on="2026-03-11") == [2, 1, 0]
        assert listed(on="2026-03-12") == [2, 1]
        page = api.staff("auditor").get(ASSIGNMENTS, limit=3).json
        assert len(page["items"]) == 3
        assert listed(limit=3, cursor=page["next_cursor"]) == [0]

    def test_it_is_for_finance_and_the_approver(self, api: Api, plan_id: str) -> None:
        path = put_forward(api, plan_id)
        for method, where, allowed in (
            ("GET", ASSIGNMENTS, "auditor"),
            ("GET", path, "auditor"),
            ("POST", ASSIGNMENTS, "finance"),
            ("POST", f"{path}/approval", "approver"),
            ("POST", f"{path}/rejection", "approver"),
            ("DELETE", path, "finance"),
        ):
            assert api.anonymous.request(method, where).status_code == 401
            assert api.shopper("zed").request(method, where).status_code == 403
            assert api.staff("operator").request(method, where).status_code == 403
            assert api.staff(allowed).request(method, where).status_code not in (401, 403)

    def test_it_knows_no_other_assignment(self, api: Api, plan_id: str) -> None:
        nowhere = f"{ASSIGNMENTS}/asg_{'0' * 32}"
        assert api.staff("auditor").get(nowhere).status_code == 404
        assert api.staff("approver").post(f"{nowhere}/approval").status_code == 404


class TestOwnPlan:
    PATH = "/leader/commission-plan"

    def test_it_tells_a_leader_what_pays_and_why(self, api: Api, clock: ManualClock) -> None:
        mei = leaders.leader(by=api.shopper("mei").id, region="Chengdu")
        answer = api.shopper("mei").get(self.PATH)
        assert (answer.status_code, answer.json["plan"], answer.json["tiers"]) == (200, None, [])
        assert answer.json["why"] == "No commission plan is in force at present."
        commissions.published(level_multipliers={"1": 12_000}, cap_fen=500_000)
        own = api.shopper("mei").get(self.PATH).json
        assert (own["plan"], own["scope"], own["multiplier_bps"]) == ("Standard", None, 12_000)
        assert own["rules"][:3] == [
            "Each slice of a month's sales earns its own rate: "
            "5% from ¥0.00 on, 7% from ¥10,000.00 on, 9% from ¥50,000.00 on.",
            "Rates are multiplied by 1.2 for your level.",
            "At most ¥5,000.00 a month.",
        ]
        special = commissions.published(code="special", mode="whole")
        assigned(special.plan_id, "region", mei.region, at=clock.now())
        own = api.shopper("mei").get(self.PATH).json
        assert (own["plan"], own["scope"], own["target"]) == ("Special", "region", "Chengdu")
        assert own["why"] == "This plan holds for your region: Chengdu."
        assert api.shopper("mei").get(self.PATH, language="zh").json["why"].startswith("此方案")

    def test_it_is_for_leaders(self, api: Api) -> None:
        assert api.anonymous.get(self.PATH).status_code == 401
        assert api.shopper("bo").get(self.PATH).status_code == 403
