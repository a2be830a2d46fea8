"""Which plan pays whom: the nearest assignment, approved by a second person; a month's terms."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from groupbuy.commissions import queries, services
from groupbuy.commissions.errors import AssignmentClash
from groupbuy.commissions.models import PlanAssignment, PlanVersion
from groupbuy.commissions.rules.assignments import Assigned, nearest
from groupbuy.commissions.rules.monthly import AssignmentState, MonthlyTerms, Scope, Standing
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from tests.commissions.test_services import refused
from tests.factories import commissions
from tests.factories.commissions import APPROVER, FINANCE, assigned, commission_of, proposed
from tests.factories.settlement import SHANGHAI, local
from tests.rivals import Work, at_once

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
MARCH = SHANGHAI.month_start("2026-03")
APRIL = SHANGHAI.month_start("2026-04")
MAY = SHANGHAI.month_start("2026-05")
ASSIGNMENTS = "/hq/plan-assignments"


def row(scope: Scope, target: str, plan_id: str | None, at: datetime = NOON) -> Assigned:
    return Assigned(f"{scope}-{plan_id}", plan_id, scope, target, at)


class TestNearest:
    ALL = (
        row(Scope.EVERYONE, "", "everyone"),
        row(Scope.LEVEL, "2", "level"),
        row(Scope.REGION, "Huamu", "region"),
        row(Scope.LEADER, "mei", "leader"),
    )

    def plan(self, *rows: Assigned, at: datetime = LATER) -> str | None:
        found = nearest(rows, leader_id="mei", region="Huamu", level=2, at=at)
        return found.plan_id if found else None

    @pytest.mark.parametrize(("count", "plan"), [(4, "leader"), (3, "region"), (2, "level")])
    def test_it_goes_from_the_leader_to_everyone(self, count: int, plan: str) -> None:
        assert self.plan(*self.ALL[:count]) == plan

    def test_it_falls_back_to_everyone_s_and_then_to_the_default(self) -> None:
        assert self.plan(self.ALL[0]) == "everyone"
        assert self.plan() is None

    def test_it_begins_at_its_instant_inclusive(self) -> None:
        assert self.plan(*self.ALL, at=NOON) == "leader"
        assert self.plan(*self.ALL, at=NOON - timedelta(microseconds=1)) is None

    def test_it_takes_the_latest_of_a_target_whatever_the_order(self) -> None:
        newer = row(Scope.REGION, "Huamu", "newer", LATER)
        assert self.plan(newer, self.ALL[2]) == self.plan(self.ALL[2], newer) == "newer"
        assert self.plan(newer, self.ALL[2], at=NOON) == "region"

    def test_it_ends_a_nearer_one_by_one_without_a_plan(self) -> None:
        ended = row(Scope.LEADER, "mei", None, LATER)
        assert self.plan(*self.ALL, ended) == "region"
        again = row(Scope.LEADER, "mei", "again", LATER + timedelta(days=1))
        assert self.plan(*self.ALL, ended, again, at=again.effective_from) == "again"

    def test_it_is_of_others_no_concern(self) -> None:
        others = (
            row(Scope.LEADER, "bo", "x"),
            row(Scope.REGION, "Pudong", "x"),
            row(Scope.LEVEL, "3", "x"),
        )
        assert self.plan(*others) is None


@pytest.fixture
def standard(app: Flask) -> PlanVersion:
    """The default plan."""
    return commissions.published()


@pytest.fixture
def special(standard: PlanVersion) -> PlanVersion:
    """Another plan, in force as well."""
    return commissions.published([[0, 1000]], code="special")


class TestVersionFor:
    def test_it_pays_by_the_plan_that_is_assigned_at_payment(self, special: PlanVersion) -> None:
        mei = commissions.stall()
        assigned(special.plan_id, "leader", mei.leader_id, at=NOON)
        before = commission_of(mei.pay(100, paid_at=NOON - timedelta(seconds=1)).id)
        after = commission_of(mei.pay(100, paid_at=NOON).id)
        lan = commission_of(commissions.stall().pay(100, paid_at=NOON).id)
        assert after.plan_version_id == special.id
        assert before.plan_version_id == lan.plan_version_id != special.id

    def test_it_knows_the_region_and_the_level(self, special: PlanVersion) -> None:
        mei = commissions.stall(level=2, region="Chengdu")
        assigned(special.plan_id, "level", "2", at=NOON)
        assigned(None, "region", "Chengdu", at=NOON)
        assert commission_of(mei.pay(100, paid_at=NOON).id).plan_version_id == special.id
        ended = assigned(None, "level", "2", at=LATER)
        assert commission_of(mei.pay(100, paid_at=LATER).id).plan_version_id != special.id
        version, by = queries.version_for(
            leader_id=mei.leader_id, region="Chengdu", level=2, at=NOON
        )
        assert version is special
        assert by is not None
        assert (by.scope, by.id != ended.id) == ("level", True)

    def test_it_looks_at_approved_ones_only(self, special: PlanVersion) -> None:
        mei = commissions.stall()
        proposed(special.plan_id, "leader", mei.leader_id, at=NOON)
        assert commission_of(mei.pay(100, paid_at=NOON).id).plan_version_id != special.id

    def test_it_takes_two_statements(
        self, special: PlanVersion, count_statements: Callable[[], Any]
    ) -> None:
        mei = commissions.stall()
        assigned(special.plan_id, "leader", mei.leader_id, at=NOON)
        session().expire_all()
        with count_statements() as statements:
            queries.version_for(leader_id=mei.leader_id, region="x", level=1, at=NOON)
        assert len(statements) == 2


class TestMonthlyTerms:
    def terms(
        self, who: dict[str, Standing], starts_at: datetime = APRIL, ends_at: datetime = MAY
    ) -> dict[str, MonthlyTerms]:
        return queries.monthly_terms(starts_at=starts_at, ends_at=ends_at, leaders=who)

    def test_it_takes_what_is_in_force_when_the_month_begins(self, special: PlanVersion) -> None:
        mei = Standing(2, "Chengdu")
        chosen = assigned(special.plan_id, "region", "Chengdu", at=APRIL)
        assigned(None, "region", "Chengdu", at=APRIL + timedelta(seconds=1))
        found = self.terms({"mei": mei, "bo": Standing(2, "Pudong")})
        assert found["mei"].version_id == special.id
        assert (found["mei"].plan_id, found["mei"].assignment_id) == (special.plan_id, chosen.id)
        assert found["bo"].version_id != special.id
        assert found["bo"].assignment_id is None
        later = self.terms({"mei": mei}, MAY, SHANGHAI.month_start("2026-06"))
        assert later["mei"].assignment_id is None

    def test_it_takes_the_first_that_begins_in_the_month_if_there_was_none(
        self, app: Flask
    ) -> None:
        first = commissions.published(effective_from=APRIL + timedelta(days=3), guarantee_fen=7)
        commissions.published(effective_from=APRIL + timedelta(days=9), guarantee_fen=8)
        mei = Standing(1, "")
        found = self.terms({"mei": mei})["mei"]
        assert (found.version_id, found.extras.guarantee_fen) == (first.id, 7)
        assert self.terms({"mei": mei}, MARCH, APRIL) == {}
        special = commissions.published(code="special", effective_from=APRIL)
        assigned(special.plan_id, "level", "1", at=APRIL + timedelta(days=1))
        assert self.terms({"mei": mei})["mei"].version_id == special.id

    def test_it_takes_three_statements_for_any_number_of_leaders(
        self, special: PlanVersion, count_statements: Callable[[], Any]
    ) -> None:
        for level in range(1, 6):
            assigned(special.plan_id, "level", str(level), at=NOON + timedelta(hours=level))
        counts = []
        for number in (1, 500):
            who = {f"ldr_{n:032x}": Standing(n % 6, "x") for n in range(number)}
            with count_statements() as statements:
                assert len(self.terms(who)) == number
            counts.append(len(statements))
        assert counts == [3, 3]


class TestWhatTheDatabaseRefuses:
    def test_it_keeps_decided_assignments(self, special: PlanVersion) -> None:
        assigned(special.plan_id, "level", "2", at=NOON)
        refused(update(PlanAssignment).values(plan_id=None), delete(PlanAssignment))

    def test_it_refuses_a_decision_by_the_proposer_or_backdated(self, special: PlanVersion) -> None:
        proposed(special.plan_id, "level", "2", at=NOON)
        decided = {"state": "approved", "decided_at": NOON}
        refused(
            update(PlanAssignment).values(**decided, decided_by=FINANCE.id),
            update(PlanAssignment).values(**decided),
            update(PlanAssignment).values(
                state="approved", decided_by="qiao", decided_at=NOON + timedelta(seconds=1)
            ),
            update(PlanAssignment).values(state="rejected", decided_by="qiao", decided_at=NOON),
        )


@pytest.mark.committed
class TestRaces:
    def test_it_is_approved_once(self, app: Flask, clock: ManualClock) -> None:
        special = commissions.published(code="special")
        proposal = proposed(special.plan_id, "level", "2", at=NOON).id

        def approve() -> Any:
            return services.approve_assignment(
                assignment_id=proposal, actor=APPROVER, now=clock.now()
            ).state

        outcomes = at_once(app, [approve, approve])
        assert [isinstance(o, NotInThisState) for o in outcomes].count(True) == 1
        assert AssignmentState.APPROVED in outcomes

    def test_it_lets_one_of_two_begin_at_an_instant(self, app: Flask, clock: ManualClock) -> None:
        special = commissions.published(code="special")
        ids = [proposed(special.plan_id, "level", "2", at=NOON).id for _ in range(2)]

        def approval(assignment_id: str) -> Work:
            return lambda: services.approve_assignment(
                assignment_id=assignment_id, actor=APPROVER, now=clock.now()
            )

        outcomes = at_once(app, [approval(one) for one in ids])
        assert [isinstance(o, AssignmentClash) for o in outcomes].count(True) == 1
        approved = session().query(PlanAssignment).filter_by(state=AssignmentState.APPROVED)
        assert approved.count() == 1
        assert local("2026-03-10 12:00") == approved.one().effective_from
