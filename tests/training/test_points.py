"""Points: given by what is done, by hand, taken back; what they sum to."""

from datetime import date
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.training.jobs import award_badges, reward_weeks
from groupbuy.training.models import BadgeAward, PointsEntry, Reached
from groupbuy.training.queries.points import standing
from groupbuy.training.rules.incentives import BadgeKind, Cause
from groupbuy.training.services import points
from groupbuy.training.services.badges import streaks
from groupbuy.training.services.marking import mark
from groupbuy.training.services.weekly_rewards import reward_week
from tests.client import Api, Caller
from tests.factories import certificates, coaching, cohorts, leaders, training
from tests.factories.coaching import MARCH, opened
from tests.factories.settlement import local
from tests.journeys.headquarters import made
from tests.orders.test_api import refused
from tests.rivals import at_once

MONDAY = date(2026, 3, 2)

POINTS = "/hq/points"
NO_ENTRY = f"{POINTS}/pte_{'0' * 32}/reversal"
BADGES = "/hq/badges"


@pytest.fixture
def trainer(api: Api) -> Caller:
    return api.staff("trainer")


def award(leader_id: str, cause: Cause, cause_id: str) -> PointsEntry | None:
    return points.award(leader_id=leader_id, cause=cause, cause_id=cause_id, now=time.now())


def given(trainer: Caller, leader_id: str, amount: int) -> dict[str, Any]:
    body = {"leader_id": leader_id, "points": amount, "reason": "Helped others."}
    return made(trainer.post(POINTS, body))


def broken() -> list[str]:
    return [f.invariant.name for f in books.check(invariants()) if f.faults]


class TestRewards:
    """Points for what is done"""

    def test_it_rewards_a_lesson_and_a_program_once(self, api: Api, trainer: Caller) -> None:
        leader = leaders.leader(by=api.shopper("mei").id)
        program = training.program()
        lesson = training.lesson(training.module(training.course(program)))
        training.enrolled(leader, program=program)
        for _ in range(2):
            with transaction():
                mark(leader_id=leader.id, lesson_id=lesson.id, completed=True, now=time.now())
        own = made(api.shopper("mei").get("/leader/points"), 200)
        assert own["points"] == 110
        told = [(entry["what_for"], entry["points"]) for entry in own["items"]]
        assert sorted(told) == [("A lesson done", 10), ("A program completed", 100)]
        assert broken() == []

    def test_it_rewards_a_live_session_and_a_week_that_cannot_be_made_good(
        self, api: Api, clock: ManualClock
    ) -> None:
        mei = leaders.leader(by=api.shopper("mei").id)
        away = leaders.leader()
        cohort = cohorts.cohort(leaders=[mei, away])
        for _ in range(3):
            cohorts.attended(cohort, mei)
            clock.advance(days=1)
        assert standing(mei.id) == 60
        clock.at = local("2026-03-11 12:00")
        reward_weeks()
        assert standing(mei.id) == 60
        clock.at = local("2026-03-12 12:00")
        reward_weeks()
        reward_weeks()
        assert (standing(mei.id), standing(away.id)) == (90, 0)
        assert session().get_one(Reached, (mei.id, "streak_weeks")).reached == 1
        causes = {entry.cause_id for entry in session().query(PointsEntry) if entry.points == 30}
        assert causes == {"2026-03-02"}

    def test_it_rewards_a_week_in_as_many_statements_for_one_leader_as_for_ten(
        self, app: Flask, clock: ManualClock, count_statements: Any
    ) -> None:
        everybody = [leaders.leader() for _ in range(10)]
        cohort = cohorts.cohort(leaders=everybody)
        cohorts.attended(cohort, *everybody)
        counts = []
        for some in (everybody[:1], everybody[1:]):
            with count_statements() as statements, transaction():
                ids = [leader.id for leader in some]
                assert reward_week(leader_ids=ids, week=MONDAY, now=time.now()) == len(some)
            counts.append(len(statements))
        assert counts[0] == counts[1]
        assert [standing(leader.id) for leader in everybody] == [50] * 10
        reached = [session().get_one(Reached, (one.id, "streak_weeks")) for one in everybody]
        assert {row.reached for row in reached} == {1}

    def test_it_ticks_off_the_task_that_a_lesson_was_set_for(
        self, api: Api, trainer: Caller
    ) -> None:
        [leader, *_] = coaching.tail(api)
        lesson = training.lesson(training.module(training.course(training.program())))
        task = {**coaching.CALL, "kind": "lesson", "lesson_id": lesson.id}
        plan = opened(trainer, leader, coaching.coach().staff_id, tasks=[task], month=MARCH)
        with transaction():
            mark(leader_id=leader, lesson_id=lesson.id, completed=True, now=time.now())
        session().expire_all()
        shown = made(trainer.get(f"/hq/coaching/plans/{plan['plan']['id']}"), 200)
        assert shown["tasks"][0]["done_by"] == leader
        assert shown["plan"]["done"] == 1

    def test_it_takes_what_a_cause_is_worth_from_headquarters(
        self, api: Api, trainer: Caller
    ) -> None:
        leader = leaders.leader().id
        path = "/hq/points-rules/session"
        rule = made(trainer.get(path), 200)
        assert (rule["points"], rule["version"], rule["edited_by"]) == (20, 0, None)
        changed = made(trainer.put(path, {"points": 0}, if_match=0), 200)
        assert (changed["points"], changed["version"]) == (0, 1)
        refused(trainer.put(path, {"points": 5}, if_match=0), 412, "stale-version")
        with transaction():
            award(leader, Cause.SESSION, "one")
        made(trainer.put(path, {"points": 7}, if_match=1), 200)
        with transaction():
            award(leader, Cause.SESSION, "two")
            award(leader, Cause.WEEK, "2026-W10")
        assert standing(leader) == 37
        rules = made(trainer.get("/hq/points-rules"), 200)["items"]
        assert {rule["cause"]: rule["points"] for rule in rules} == {
            "lesson": 10,
            "program": 100,
            "session": 7,
            "week": 30,
        }
        refused(trainer.get("/hq/points-rules/manual"), 404, "not-found")
        refused(trainer.put("/hq/points-rules/whim", {"points": 1}, if_match=0), 404, "not-found")

    @pytest.mark.committed
    def test_it_rewards_once_whoever_says_so_at_the_same_time(self, app: Flask) -> None:
        leader = leaders.leader().id
        outcomes = at_once(app, [lambda: award(leader, Cause.SESSION, "one")] * 3)
        assert sum(1 for outcome in outcomes if outcome is not None) == 1
        at_once(app, [partial(award, leader, Cause.LESSON, f"lesson {n}") for n in range(4)])
        assert standing(leader) == 60
        assert broken() == []


class TestByHand:
    """/hq/points"""

    def test_it_gives_and_takes_back(self, api: Api, trainer: Caller) -> None:
        leader = leaders.leader(by=api.shopper("mei").id).id
        entry = given(trainer, leader, 50)
        assert (entry["cause"], entry["points"], entry["by"]) == ("manual", 50, trainer.id)
        given(trainer, leader, -20)
        path = f"{POINTS}/{entry['id']}/reversal"
        opposite = made(trainer.post(path, {"reason": "The wrong leader."}))
        assert (opposite["points"], opposite["reverses_id"]) == (-50, entry["id"])
        refused(trainer.post(path, {"reason": "Again."}), 409, "points-reversed")
        again = f"{POINTS}/{opposite['id']}/reversal"
        refused(trainer.post(again, {"reason": "Undo."}), 409, "points-reversed")
        own = made(api.shopper("mei").get("/leader/points", limit=2), 200)
        assert (own["points"], len(own["items"]), own["next_cursor"] is None) == (-20, 2, False)
        listed = trainer.get(POINTS, leader=leader, cause="reversal").json["items"]
        assert [row["id"] for row in listed] == [opposite["id"]]
        other = leaders.leader().id
        assert trainer.get(POINTS, leader=other).json["items"] == []
        assert broken() == []

    def test_it_asks_for_a_leader_points_and_a_reason(self, trainer: Caller) -> None:
        leader = leaders.leader().id
        body: dict[str, Any] = {"leader_id": leader, "points": 5, "reason": "Why."}
        for fault in ({"points": 0}, {"reason": " "}, {"leader_id": f"ldr_{'0' * 32}"}):
            refused(trainer.post(POINTS, {**body, **fault}), 422, "invalid-input")
        refused(trainer.post(NO_ENTRY, {"reason": "Why."}), 404, "not-found")

    def test_it_never_changes_an_entry(self, trainer: Caller) -> None:
        given(trainer, leaders.leader().id, 5)
        for change in ("update points_entries set points = 9", "delete from points_entries"):
            with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
                session().execute(text(change))

    def test_it_lets_only_those_who_may(self, api: Api, trainer: Caller) -> None:
        body = {"leader_id": f"ldr_{'0' * 32}", "points": 5, "reason": "Why."}
        for path in (POINTS, "/hq/points-rules", "/hq/points-rules/lesson", BADGES):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
        for path in (POINTS, NO_ENTRY):
            assert api.anonymous.post(path, body).status_code == 401
            assert api.staff("finance").post(path, body).status_code == 403
        for path in ("/leader/points", "/leader/badges"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403


class TestBadges:
    """/hq/badges and /leader/badges"""

    def badge(self, trainer: Caller, kind: str, needed: int, **fields: Any) -> dict[str, Any]:
        body = {
            "code": f"{kind}_{needed}",
            "title_zh": "勤学",
            "title_en": "Keen",
            "kind": kind,
            "needed": needed,
            **fields,
        }
        return made(trainer.post(BADGES, body))

    def test_it_awards_what_is_reached_once(self, api: Api, trainer: Caller) -> None:
        leader = leaders.leader(by=api.shopper("mei").id).id
        self.badge(trainer, "points", 50)
        given(trainer, leader, 40)
        [shown] = made(api.shopper("mei").get("/leader/badges"), 200)["items"]
        assert (shown["title"], shown["reached"], shown["awarded_at"]) == ("Keen", 40, None)
        assert shown["missing"] == "10 more points to go"
        given(trainer, leader, 40)
        given(trainer, leader, 40)
        [shown] = made(api.shopper("mei").get("/leader/badges"), 200)["items"]
        assert (shown["missing"], shown["awarded_at"] is None) == (None, False)
        assert session().query(BadgeAward).count() == 1

    def test_it_awards_a_new_badge_to_who_has_reached_it(self, trainer: Caller) -> None:
        leader, other = leaders.leader().id, leaders.leader().id
        given(trainer, leader, 40)
        given(trainer, other, 30)
        badge = self.badge(trainer, "points", 40)
        awards = trainer.get("/hq/badge-awards", badge=badge["id"]).json["items"]
        assert [award["leader_id"] for award in awards] == [leader]
        path = f"{BADGES}/{badge['id']}"
        made(trainer.patch(path, {"needed": 30}, if_match=1), 200)
        assert len(trainer.get("/hq/badge-awards").json["items"]) == 2
        refused(trainer.patch(path, {"active": False}, if_match=1), 412, "stale-version")

    def test_it_counts_lessons_programs_weeks_and_certificates(
        self, api: Api, trainer: Caller
    ) -> None:
        leader = leaders.leader(by=api.shopper("mei").id)
        for kind in BadgeKind:
            self.badge(trainer, kind, 1)
        program = training.program()
        lesson = training.lesson(training.module(training.course(program)))
        training.enrolled(leader, program=program)

        def won() -> set[str]:
            items = made(api.shopper("mei").get("/leader/badges"), 200)["items"]
            return {badge["kind"] for badge in items if badge["awarded_at"]}

        assert won() == set()
        with transaction():
            mark(leader_id=leader.id, lesson_id=lesson.id, completed=True, now=time.now())
        assert won() == {"lessons", "programs", "points"}
        for count in (3, 2):
            with transaction():
                streaks(weeks={leader.id: count}, now=time.now())
        items = made(api.shopper("mei").get("/leader/badges"), 200)["items"]
        assert won() == set(BadgeKind) - {"certificates"}
        certificate = certificates.certificate(certificates.certification(program), leader)
        award_badges()
        assert won() == set(BadgeKind)
        certificates.revoked(certificate)
        assert won() == set(BadgeKind)
        assert {badge["reached"] for badge in items if badge["kind"] == "streak_weeks"} == {3}

    def test_it_revokes_and_gives_back_for_a_reason(self, api: Api, trainer: Caller) -> None:
        leader = leaders.leader(by=api.shopper("mei").id).id
        self.badge(trainer, "points", 10)
        given(trainer, leader, 20)
        [award] = trainer.get("/hq/badge-awards", leader=leader, state="awarded").json["items"]
        path = f"/hq/badge-awards/{award['id']}"
        refused(trainer.post(f"{path}/revocation", {}), 422, "invalid-input")
        gone = made(trainer.post(f"{path}/revocation", {"reason": "Not hers."}), 200)
        assert (gone["state"], gone["reason"], gone["decided_by"]) == (
            "revoked",
            "Not hers.",
            trainer.id,
        )
        again = trainer.post(f"{path}/revocation", {"reason": "Again."})
        refused(again, 409, "not-in-this-state")
        given(trainer, leader, 20)
        assert made(api.shopper("mei").get("/leader/badges"), 200)["items"] == []
        back = made(trainer.post(f"{path}/reinstatement", {"reason": "Hers after all."}), 200)
        assert back["state"] == "awarded"
        again = trainer.post(f"{path}/reinstatement", {"reason": "Again."})
        refused(again, 409, "not-in-this-state")

    def test_it_keeps_what_was_won_when_a_badge_goes_out_of_use(
        self, api: Api, trainer: Caller
    ) -> None:
        leader = leaders.leader(by=api.shopper("mei").id).id
        badge = self.badge(trainer, "points", 10)
        other = self.badge(trainer, "points", 1_000)
        given(trainer, leader, 20)
        for each in (badge, other):
            path = f"{BADGES}/{each['id']}"
            made(trainer.patch(path, {"active": False}, if_match=1), 200)
        [shown] = made(api.shopper("mei").get("/leader/badges"), 200)["items"]
        assert shown["id"] == badge["id"]
        assert trainer.get(BADGES, active=True).json["items"] == []
        assert made(trainer.get(f"{BADGES}/{badge['id']}"), 200)["active"] is False

    def test_it_refuses_what_cannot_be(self, api: Api, trainer: Caller) -> None:
        badge = self.badge(trainer, "points", 10)
        body = {key: badge[key] for key in ("title_zh", "title_en", "kind", "needed")}
        taken = trainer.post(BADGES, {**body, "code": badge["code"]})
        refused(taken, 409, "badge-code-taken")
        refused(trainer.post(BADGES, {**body, "code": "No Code"}), 422, "invalid-input")
        nowhere = f"{BADGES}/bdg_{'0' * 32}"
        refused(trainer.get(nowhere), 404, "not-found")
        refused(trainer.patch(nowhere, {"active": False}, if_match=1), 404, "not-found")
        for action in ("revocation", "reinstatement"):
            path = f"/hq/badge-awards/bda_{'0' * 32}/{action}"
            refused(trainer.post(path, {"reason": "No."}), 404, "not-found")
            assert api.staff("finance").post(path, {"reason": "No."}).status_code == 403
        assert api.shopper("zed").get("/hq/badge-awards").status_code == 403

    def test_it_awards_by_night_what_was_missed(self, trainer: Caller) -> None:
        leader = leaders.leader().id
        badge = self.badge(trainer, "streak_weeks", 4)
        with transaction():
            session().add(Reached(leader_id=leader, kind=badge["kind"], reached=4))
        award_badges()
        award_badges()
        assert session().query(BadgeAward).count() == 1

    @pytest.mark.committed
    def test_it_awards_once_whoever_reaches_it_at_the_same_time(
        self, api: Api, trainer: Caller, app: Flask, clock: ManualClock
    ) -> None:
        leader = leaders.leader().id
        self.badge(trainer, "points", 10)
        at_once(app, [partial(award, leader, Cause.LESSON, f"lesson {n}") for n in range(3)])
        assert session().query(BadgeAward).count() == 1
