"""Applying, deciding and running a pickup point, below HTTP."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import audit
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.leaders import queries, services, signals
from groupbuy.leaders.errors import AlreadyLeader, PickupPointClosed
from groupbuy.leaders.models import Leader, LeaderApplication
from tests.conftest import START
from tests.factories import leaders as make

pytestmark = pytest.mark.usefixtures("app")


class TestDecisions:
    """approve, reject, withdraw"""

    def test_it_makes_a_leader_and_tells_who_decided_and_when(self) -> None:
        hua = make.hua()
        filed = make.application(by=make.shopper_id("mei"))
        leader = services.approve(application_id=filed.id, actor=hua, now=START)
        decided = queries.application(filed.id)
        assert (leader.name, leader.level, leader.state) == ("Mei", 1, "active")
        assert (decided.state, decided.decided_by, decided.decided_at) == (
            "approved",
            hua.id,
            START,
        )

    def test_it_announces_a_new_leader(self) -> None:
        heard: list[tuple[Leader, dict[str, Any]]] = []

        def listen(sender: Leader, **facts: Any) -> None:
            heard.append((sender, facts))

        with signals.leader_approved.connected_to(listen):
            leader = make.leader()
        [(sender, facts)] = heard
        assert sender is leader
        assert facts.keys() == {"application_id", "actor", "now"}

    def test_it_keeps_the_phone_number_out_of_the_audit_log(self) -> None:
        make.leader(phone="13912345678")
        entries = session().scalars(select(audit.AuditEntry)).all()
        assert [entry.action for entry in entries] == ["leader_application.approve"]
        assert all("13912345678" not in str(entry.facts) for entry in entries)

    def test_it_never_makes_a_shopper_a_leader_twice(self) -> None:
        filed = make.application()
        with transaction():
            session().add(Leader(shopper_id=filed.shopper_id, name="Mei", region="", since=START))
        with pytest.raises(AlreadyLeader):
            services.approve(application_id=filed.id, actor=make.hua(), now=START)

    def test_it_says_which_application_does_not_exist(self) -> None:
        with pytest.raises(NotFound):
            services.approve(application_id=f"lap_{'0' * 32}", actor=make.hua(), now=START)

    def test_it_refuses_a_leader_who_recruited_themselves(self) -> None:
        leader = make.leader()
        leader.recruiter_id = leader.id
        with pytest.raises(IntegrityError, match="recruiter_is_another"):
            session().flush()

    def test_it_refuses_a_decision_without_a_decider(self) -> None:
        filed = make.application()
        filed.state = "approved"
        with pytest.raises(IntegrityError, match="decided_by_someone"):
            session().flush()


def _race(app: Flask, *contenders: Callable[[], Any]) -> list[str]:
    """Run contenders at once, each with its own connection; return how each ended."""
    barrier = threading.Barrier(len(contenders))
    ends: list[str] = []

    def run(contender: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait(timeout=10)
            try:
                with transaction():
                    contender()
                ends.append("done")
            except Exception as error:
                ends.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(contender,)) for contender in contenders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return sorted(ends)


@pytest.mark.committed
class TestRaces:
    """Two at once, with real commits."""

    def test_it_decides_once_when_two_decide_at_once(self, app: Flask) -> None:
        filed, one, other = make.application(), make.hua(), make.hua()
        ends = _race(
            app,
            lambda: services.approve(application_id=filed.id, actor=one, now=START),
            lambda: services.reject(
                application_id=filed.id, reason="Too far.", actor=other, now=START
            ),
        )
        assert ends == ["NotInThisState", "done"]
        decided = queries.application(filed.id)
        made = queries.active_leader_id(shopper_id=filed.shopper_id) is not None
        assert made == (decided.state == "approved")

    def test_it_waits_for_the_first_decision_and_then_refuses_the_second(self, app: Flask) -> None:
        filed, one, other = make.application(), make.hua(), make.hua()
        ends: list[str] = []

        def second() -> None:
            with app.app_context():
                try:
                    with transaction():
                        services.approve(application_id=filed.id, actor=other, now=START)
                    ends.append("done")
                except NotInThisState:
                    ends.append("refused")

        thread = threading.Thread(target=second)
        with transaction():
            services.approve(application_id=filed.id, actor=one, now=START)
            thread.start()
            thread.join(timeout=0.3)
            assert thread.is_alive()
        thread.join(timeout=20)
        assert ends == ["refused"]
        assert queries.application(filed.id).decided_by == one.id

    def test_it_keeps_one_pending_application_when_two_are_filed_at_once(self, app: Flask) -> None:
        mei = make.shopper_id("mei")

        def apply() -> LeaderApplication:
            return services.apply(
                shopper_id=mei, name="Mei", phone="13800000000", region="Huamu", now=START
            )

        assert _race(app, apply, apply) == ["ApplicationPending", "done"]


class TestQueries:
    """What other domains ask."""

    def test_it_knows_who_is_an_active_leader_in_one_statement(
        self, count_statements: Callable[[], Any]
    ) -> None:
        leader = make.leader(by=make.shopper_id("mei"))
        with count_statements() as statements:
            assert queries.active_leader_id(shopper_id=leader.shopper_id) == leader.id
        assert len(statements) == 1
        assert queries.active_leader_id(shopper_id=make.shopper_id("bo")) is None

    def test_it_forgets_a_suspended_leader_at_once_and_remembers_a_reinstated_one(self) -> None:
        leader, hua = make.leader(), make.hua()
        services.suspend(leader_id=leader.id, reason="Silent.", actor=hua, now=START)
        assert queries.active_leader_id(shopper_id=leader.shopper_id) is None
        assert queries.active_leader_ids([leader.id]) == set()
        services.reinstate(leader_id=leader.id, reason="Back.", actor=hua, now=START)
        assert queries.active_leader_ids([leader.id]) == {leader.id}

    def test_it_reads_many_leaders_in_one_statement(
        self, count_statements: Callable[[], Any]
    ) -> None:
        ids = [make.leader().id for _ in range(3)]
        with count_statements() as statements:
            assert queries.leaders_by_id(ids).keys() == set(ids)
        assert len(statements) == 1

    def test_it_gives_an_open_point_and_refuses_a_closed_one(self) -> None:
        leader = make.leader()
        point = make.pickup_point(leader)
        assert queries.open_point(point.id) is point
        assert queries.point_leader_id(point.id) == leader.id
        services.edit_point(leader_id=leader.id, point_id=point.id, if_match=1, state="closed")
        with pytest.raises(PickupPointClosed):
            queries.open_point(point.id)
        with pytest.raises(NotFound):
            queries.open_point(f"ppt_{'0' * 32}")

    def test_it_makes_the_leader_the_first_verifier_of_a_point(self) -> None:
        leader = make.leader()
        point = make.pickup_point(leader)
        zed = make.shopper_id("zed")
        assert queries.is_verifier(point_id=point.id, shopper_id=leader.shopper_id)
        assert not queries.is_verifier(point_id=point.id, shopper_id=zed)

    def test_it_gives_nobody_the_communities_and_points_of_others(self) -> None:
        mei, zed = make.leader(), make.leader()
        community, point = make.community(mei), make.pickup_point(mei)
        with pytest.raises(NotFound):
            queries.own_community(zed.id, community.id)
        with pytest.raises(NotFound):
            queries.own_point(zed.id, point.id)


def test_it_records_why_a_leader_was_suspended() -> None:
    leader, hua = make.leader(), make.hua()
    services.suspend(leader_id=leader.id, reason="Silent.", actor=hua, now=START)
    session().flush()
    entry = session().scalars(select(audit.AuditEntry).where(audit.AuditEntry.subject == leader.id))
    [row] = entry
    assert (row.action, row.actor_id, row.at) == ("leader.suspend", hua.id, START)
    assert row.facts == {"reason": "Silent."}
