"""Past months replayed under other terms."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.commissions import services
from groupbuy.commissions.errors import SimulationRunning
from groupbuy.commissions.jobs import resume_simulations, simulate
from groupbuy.commissions.models import PlanVersion, Simulation, SimulationLeader
from groupbuy.commissions.services import simulating
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from tests.client import Answer, Api
from tests.commissions.test_services import rule
from tests.factories import campaigns, commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall, assigned
from tests.factories.settlement import SHANGHAI, after_cutoff, local
from tests.rivals import at_once

SIMULATIONS = "/hq/commission-simulations"
MARCH = "2026-03"
CLOSED = after_cutoff(MARCH)


@pytest.fixture
def standard(app: Flask) -> PlanVersion:
    """The plan that March was earned under: 5 %, 7 % from ¥10,000, 9 % from ¥50,000."""
    return commissions.published()


@pytest.fixture
def mei(standard: PlanVersion) -> Stall:
    return commissions.stall()


@pytest.fixture
def lan(standard: PlanVersion) -> Stall:
    return commissions.stall(level=2)


def start(plan_id: str, number: int, *, month: str = MARCH, now: datetime = CLOSED) -> Simulation:
    with transaction():
        return services.start_simulation(
            plan_id=plan_id,
            number=number,
            month=month,
            calendar=SHANGHAI,
            hold_days=7,
            actor=FINANCE,
            now=now,
        )


def simulated(tiers: list[list[int]], **terms: Any) -> dict[str, tuple[int, int, int]]:
    """Simulate March under a draft of these terms: (volume, actual, simulated) by leader."""
    draft = commissions.draft(tiers, **terms)
    done = start(draft.plan_id, draft.number)
    simulate(done.id)
    session().expire_all()
    assert session().get_one(Simulation, done.id).state == "done"
    rows = session().query(SimulationLeader).filter_by(simulation_id=done.id)
    return {r.leader_id: (r.volume_fen, r.actual_fen, r.simulated_fen) for r in rows}


class TestComparison:
    def test_it_compares_each_leader_s_month(self, mei: Stall, lan: Stall) -> None:
        mei.sell_each(600_000, 600_000)
        lan.sell_each(100_000)
        commissions.stall()
        found = simulated([[0, 600]], level_multipliers={"2": 20_000})
        assert found == {
            mei.leader_id: (1_200_000, 64_000, 72_000),
            lan.leader_id: (100_000, 5_000, 12_000),
        }
        totals = session().query(Simulation).one()
        assert (totals.actual_fen, totals.simulated_fen) == (69_000, 84_000)
        assert (totals.gaining, totals.losing) == (2, 0)
        assert (totals.largest_gain_fen, totals.largest_loss_fen) == (8_000, 0)
        assert totals.leaders_done == totals.leaders == 3

    def test_it_agrees_with_itself_under_the_same_terms(self, mei: Stall) -> None:
        mei.sell_each(600_000, 600_000, 5_000_000)
        [(volume, actual, tried)] = simulated(commissions.TIERS).values()
        assert (volume, tried) == (6_200_000, actual)

    def test_it_nets_refunds_and_follows_transfers_until_the_cutoff(
        self, mei: Stall, lan: Stall
    ) -> None:
        first, second, third = mei.sell_each(100_000, 200_000, 400_000)
        cutoff = SHANGHAI.cutoff(MARCH, 7)
        commissions.refund(first, 50_000, at=cutoff - timedelta(seconds=1))
        commissions.refund(first, 50_000, at=cutoff)
        for line, at in ((second, cutoff - timedelta(seconds=1)), (third, cutoff)):
            commissions.transferred(line, lan, at=at)
        found = simulated([[0, 1_000]])
        assert found == {
            mei.leader_id: (450_000, 22_500, 45_000),
            lan.leader_id: (200_000, 10_000, 20_000),
        }

    def test_it_takes_item_rules_caps_and_what_a_month_pays(self, mei: Stall) -> None:
        mei.sell_each(100_000)
        flat = rule("flat", "category", mei.category_ids[1], flat_fen_per_unit=70)
        assert simulated([[0, 600]], item_rules=[flat])[mei.leader_id][2] == 70
        assert simulated([[0, 600]], cap_fen=5_500)[mei.leader_id][2] == 5_500
        quota = {"quota_fen": 100_000, "bonus_fen": 300}
        assert simulated([[0, 600]], quota_bonus=quota)[mei.leader_id][2] == 6_300
        assert simulated([[0, 600]], guarantee_fen=9_000)[mei.leader_id][2] == 9_000

    def test_it_pays_what_the_month_paid_on_the_actual_side(self, app: Flask) -> None:
        commissions.published(quota_bonus={"quota_fen": 5, "bonus_fen": 300}, guarantee_fen=8_000)
        mei = commissions.stall()
        mei.sell_each(100_000)
        april = SHANGHAI.month_start("2026-04")
        april_sale = mei.sell(100_000, at=april + timedelta(days=2))
        assert april_sale.kind == "tiers"
        draft = commissions.draft([[0, 500]])
        done = start(draft.plan_id, draft.number, month="2026-04", now=after_cutoff("2026-04"))
        simulate(done.id)
        [row] = session().query(SimulationLeader)
        assert (row.actual_fen, row.simulated_fen) == (8_000, 5_000)

    def test_it_leaves_other_plans_campaigns_and_own_purchases_alone(
        self, mei: Stall, lan: Stall, clock: ManualClock
    ) -> None:
        special = commissions.published([[0, 100]], code="special")
        assigned(special.plan_id, "leader", lan.leader_id, at=clock.now())
        lan.sell_each(100_000)
        with transaction():
            ruled = services.create_campaign_rule(
                campaign_id=campaigns.campaign().id,
                sku_id=None,
                kind="replace",
                rate_bps=1_000,
                actor=FINANCE,
                now=clock.now(),
            )
            services.publish_campaign_rule(
                rule_id=ruled.id, if_match=1, max_total_bps=3_000, actor=APPROVER, now=clock.now()
            )
        mei.sell(100_000, at=local("2026-03-12 12:00"), campaign_id=ruled.campaign_id)
        mei.sell(100_000, at=local("2026-03-13 12:00"), commissionable=False)
        mei.sell(100_000, at=local("2026-03-14 12:00"), earns_commission=False)
        found = simulated([[0, 2_000]])
        assert found == {
            mei.leader_id: (100_000, 10_000, 10_000),
            lan.leader_id: (100_000, 1_000, 1_000),
        }

    def test_it_takes_whole_months_of_the_plan_s_leaders(self, app: Flask) -> None:
        """Lines that were paid before there was any plan earn under the draft."""
        mei = commissions.stall()
        mei.sell(100_000, at=local("2026-03-05 12:00"), paid_at=local("2026-03-01 12:00"))
        commissions.published()
        assert simulated([[0, 600]]) == {mei.leader_id: (0, 0, 6_000)}


class TestRunning:
    @pytest.fixture(autouse=True)
    def _small_portions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(simulating, "PORTION", 2)

    @pytest.fixture
    def begun(self, mei: Stall, lan: Stall) -> Simulation:
        """A simulation of five leaders, of whom two sold."""
        mei.sell_each(100_000)
        lan.sell_each(200_000)
        for _ in range(3):
            commissions.stall()
        draft = commissions.draft([[0, 600]])
        return start(draft.plan_id, draft.number)

    def test_it_goes_on_where_it_was_cut(self, begun: Simulation) -> None:
        with transaction():
            assert services.advance_simulation(simulation_id=begun.id, now=CLOSED)
        assert (begun.leaders_done, begun.leaders) == (2, 5)
        assert session().query(SimulationLeader).count() == 2
        simulate(begun.id)
        assert (begun.leaders_done, begun.state) == (5, "done")
        assert begun.actual_fen == 15_000
        simulate(begun.id)
        assert session().query(SimulationLeader).count() == 2

    def test_it_is_taken_up_by_the_sweep(self, begun: Simulation, clock: ManualClock) -> None:
        with transaction():
            session().execute(text("delete from procrastinate_jobs"))
        clock.at = CLOSED + timedelta(minutes=4)
        resume_simulations()
        assert run_pending() == 0
        clock.at = CLOSED + timedelta(minutes=6)
        resume_simulations()
        resume_simulations()
        assert run_pending() == 1
        session().refresh(begun)
        assert begun.state == "done"

    def test_it_does_not_touch_an_ended_one(self, begun: Simulation, clock: ManualClock) -> None:
        with transaction():
            services.cancel_simulation(simulation_id=begun.id, actor=FINANCE, now=CLOSED)
        with transaction():
            assert not services.advance_simulation(simulation_id=begun.id, now=CLOSED)
        clock.at = CLOSED + timedelta(days=1)
        resume_simulations()
        assert session().query(SimulationLeader).count() == 0

    def test_it_tries_the_draft_as_it_was(self, begun: Simulation) -> None:
        draft = session().query(PlanVersion).filter_by(state="draft").one()
        with transaction():
            services.discard_version(
                plan_id=draft.plan_id, number=draft.number, if_match=1, actor=FINANCE, now=CLOSED
            )
        simulate(begun.id)
        session().refresh(begun)
        assert begun.simulated_fen == 18_000

    def test_it_takes_as_many_statements_for_more_lines(
        self, begun: Simulation, mei: Stall, count_statements: Callable[[], Any]
    ) -> None:
        with count_statements() as few, transaction():
            services.advance_simulation(simulation_id=begun.id, now=CLOSED)
        mei.sell_each(*[1_000] * 10)
        begun.last_leader_id, begun.leaders_done = None, 0
        with transaction():
            session().query(SimulationLeader).delete()
        with count_statements() as many, transaction():
            services.advance_simulation(simulation_id=begun.id, now=CLOSED)
        assert len(few) == len(many)


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


class TestOverHttp:
    @pytest.fixture
    def body(self, mei: Stall, lan: Stall, clock: ManualClock) -> dict[str, Any]:
        """What is asked for: a draft of 6 % over March, in which Mei and Lan sold."""
        mei.sell_each(100_000)
        lan.sell_each(2_000_000)
        draft = commissions.draft([[0, 600]])
        clock.at = CLOSED
        return {"plan_id": draft.plan_id, "number": draft.number, "month": MARCH}

    def test_it_is_asked_for_watched_and_read(
        self, api: Api, body: dict[str, Any], mei: Stall, lan: Stall
    ) -> None:
        answer = api.staff("finance").post(SIMULATIONS, body)
        assert (answer.status_code, answer.json["state"]) == (201, "running")
        assert (answer.json["leaders_done"], answer.json["leaders_total"]) == (0, 2)
        path = f"{SIMULATIONS}/{answer.json['id']}"
        run_pending()
        shown = api.staff("auditor").get(path).json
        assert (shown["state"], shown["leaders_done"], shown["ended_by"]) == ("done", 2, None)
        assert (shown["actual_fen"], shown["simulated_fen"]) == (125_000, 126_000)
        assert (shown["gaining"], shown["losing"]) == (1, 0)
        leaders = api.staff("auditor").get(f"{path}/leaders").json["items"]
        assert [item["difference_fen"] for item in leaders] == [1_000, 0]
        assert leaders[0] == {
            "leader_id": mei.leader_id,
            "volume_fen": 100_000,
            "actual_fen": 5_000,
            "simulated_fen": 6_000,
            "difference_fen": 1_000,
        }

    def test_it_sorts_and_pages_leaders(
        self, api: Api, body: dict[str, Any], mei: Stall, lan: Stall
    ) -> None:
        path = f"{SIMULATIONS}/{api.staff('finance').post(SIMULATIONS, body).json['id']}/leaders"
        run_pending()

        def listed(**query: Any) -> list[str]:
            items = api.staff("auditor").get(path, **query).json["items"]
            return [{mei.leader_id: "mei", lan.leader_id: "lan"}[i["leader_id"]] for i in items]

        assert listed() == listed(sort="leader") == ["mei", "lan"]
        assert listed(sort="difference") == ["lan", "mei"]
        cursor = api.staff("auditor").get(path, limit=1).json["next_cursor"]
        assert listed(limit=1, cursor=cursor) == ["lan"]
        assert api.staff("auditor").get(path, sort="volume").status_code == 422

    def test_it_lists_and_filters(self, api: Api, body: dict[str, Any]) -> None:
        first = api.staff("finance").post(SIMULATIONS, body).json["id"]
        run_pending()
        second = api.staff("finance").post(SIMULATIONS, body).json["id"]

        def listed(**query: Any) -> list[str]:
            items = api.staff("auditor").get(SIMULATIONS, **query).json["items"]
            return [item["id"] for item in items]

        assert listed() == listed(plan_id=body["plan_id"], month=MARCH) == [second, first]
        assert listed(state="done") == [first]
        assert listed(month="2026-02") == []

    def test_it_is_cancelled(self, api: Api, body: dict[str, Any]) -> None:
        finance = api.staff("finance")
        path = f"{SIMULATIONS}/{finance.post(SIMULATIONS, body).json['id']}"
        answer = finance.post(f"{path}/cancellation")
        assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
        assert answer.json["ended_by"] == finance.id
        assert refusal(finance.post(f"{path}/cancellation")) == (409, "not-in-this-state")
        run_pending()
        assert api.staff("auditor").get(path).json["leaders_done"] == 0
        entries = session().query(AuditEntry).filter(AuditEntry.action.like("simulation.%"))
        assert sorted(e.action for e in entries) == ["simulation.cancel", "simulation.start"]

    def test_it_waits_for_the_cutoff(
        self, api: Api, body: dict[str, Any], clock: ManualClock
    ) -> None:
        clock.at = SHANGHAI.cutoff(MARCH, 7) - timedelta(seconds=1)
        answer = api.staff("finance").post(SIMULATIONS, body)
        assert refusal(answer) == (409, "month-still-open")
        assert "2026-04-07T16:00:00" in answer.json["at"]

    def test_it_runs_once_at_a_time(self, api: Api, body: dict[str, Any]) -> None:
        assert api.staff("finance").post(SIMULATIONS, body).status_code == 201
        answer = api.staff("finance").post(SIMULATIONS, body)
        assert refusal(answer) == (409, "simulation-running")

    def test_it_needs_a_version_to_compute_by(self, api: Api, body: dict[str, Any]) -> None:
        unsound = commissions.draft([])
        answer = api.staff("finance").post(SIMULATIONS, {**body, "number": unsound.number})
        assert refusal(answer) == (422, "plan-not-publishable")
        assert [e["pointer"] for e in answer.json["errors"]] == ["/tiers"]
        answer = api.staff("finance").post(SIMULATIONS, {**body, "number": 99})
        assert refusal(answer) == (404, "not-found")

    def test_it_is_for_finance(self, api: Api, body: dict[str, Any]) -> None:
        path = f"{SIMULATIONS}/{api.staff('finance').post(SIMULATIONS, body).json['id']}"
        for method, where, allowed in (
            ("GET", SIMULATIONS, "auditor"),
            ("GET", path, "auditor"),
            ("GET", f"{path}/leaders", "auditor"),
            ("POST", SIMULATIONS, "finance"),
            ("POST", f"{path}/cancellation", "finance"),
        ):
            assert api.anonymous.request(method, where).status_code == 401
            assert api.shopper("zed").request(method, where).status_code == 403
            assert api.staff("operator").request(method, where).status_code == 403
            assert api.staff(allowed).request(method, where).status_code not in (401, 403)
        nowhere = f"{SIMULATIONS}/sim_{'0' * 32}"
        assert api.staff("auditor").get(nowhere).status_code == 404
        assert api.staff("auditor").get(f"{nowhere}/leaders").status_code == 404
        assert api.staff("finance").post(f"{nowhere}/cancellation").status_code == 404


@pytest.mark.committed
class TestRaces:
    def test_it_is_begun_once(self, app: Flask) -> None:
        draft = commissions.draft([[0, 600]])
        plan_id, number = draft.plan_id, draft.number
        outcomes = at_once(app, [lambda: start(plan_id, number).id] * 2)
        assert [isinstance(o, SimulationRunning) for o in outcomes].count(True) == 1

    def test_it_does_each_leader_once_however_many_work(self, app: Flask) -> None:
        commissions.published()
        mei = commissions.stall()
        mei.sell_each(100_000)
        draft = commissions.draft([[0, 600]])
        begun = start(draft.plan_id, draft.number).id
        at_once(app, [lambda: services.advance_simulation(simulation_id=begun, now=CLOSED)] * 3)
        with app.app_context():
            simulate(begun)
            assert session().query(SimulationLeader).count() == 1
            done = session().query(Simulation).one()
            assert (done.state, done.simulated_fen) == ("done", 6_000)
