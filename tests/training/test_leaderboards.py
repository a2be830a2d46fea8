"""Leaderboards, weekly targets, and rankings that are closed with rewards."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.app.registry import invariants
from groupbuy.commissions.rules.components import rank
from groupbuy.kernel import books
from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import Adjustment
from groupbuy.training.errors import RankingClosed
from groupbuy.training.models import PointsStanding, Ranking
from groupbuy.training.rules.incentives import Cause, Days, Span, days_of
from groupbuy.training.services import points
from groupbuy.training.services.rankings import close_ranking
from tests.client import Api, Caller
from tests.factories import coaching, cohorts, leaders, training
from tests.factories.coaching import TRAINER
from tests.factories.settlement import SHANGHAI, local
from tests.journeys.headquarters import made
from tests.orders.test_api import refused
from tests.rivals import second_waits_for_first

BOARD, OWN_BOARD = "/hq/leaderboard", "/leader/leaderboard"
PREFERENCE = "/leader/leaderboard-preference"
TARGETS = "/hq/weekly-targets"
RANKINGS = "/hq/rankings"
TARGET = {"from_on": "2026-03-02", "lessons": 1, "sessions": 1, "points": 20}
RANKING = {
    "span": "week",
    "on": "2026-03-04",
    "title": "Learners of the week",
    "amounts_fen": [5_000, 0, 1_000],
}


def test_it_knows_weeks_and_months() -> None:
    sunday = date(2026, 3, 8)
    assert days_of(Span.WEEK, sunday) == Days(date(2026, 3, 2), date(2026, 3, 9))
    assert days_of(Span.MONTH, date(2026, 12, 31)) == Days(date(2026, 12, 1), date(2027, 1, 1))
    assert days_of(Span.ALL, sunday) is None


@pytest.fixture
def trainer(api: Api) -> Caller:
    return api.staff("trainer")


def give(leader_id: str, amount: int) -> str:
    with transaction():
        entry = points.give(
            leader_id=leader_id, points=amount, reason="Well done", actor=TRAINER, now=time.now()
        )
    return entry.id


def award(leader_id: str, cause: Cause, cause_id: str) -> None:
    with transaction():
        points.award(leader_id=leader_id, cause=cause, cause_id=cause_id, now=time.now())


class TestLeaderboards:
    """GET /hq/leaderboard and /leader/leaderboard"""

    def ids(self, trainer: Caller, **query: Any) -> list[str]:
        return [place["leader_id"] for place in trainer.get(BOARD, **query).json["items"]]

    def test_it_ranks_as_the_ranking_bonus_does(self, trainer: Caller, clock: ManualClock) -> None:
        people = [leaders.leader().id for _ in range(5)]
        for leader, amount in zip(people, (10, 30, 30, 30, -5), strict=True):
            give(leader, amount)
            if leader != people[2]:
                clock.advance(hours=-1)
        sums = session().query(PointsStanding)
        order = rank((row.leader_id, row.points, row.reached_at) for row in sums)
        assert order == [people[2], people[3], people[1], people[0]]
        for span in Span:
            assert self.ids(trainer, span=span.value) == order

    def test_it_counts_the_points_of_a_week_or_a_month(
        self, trainer: Caller, clock: ManualClock
    ) -> None:
        one, two = leaders.leader().id, leaders.leader().id
        clock.at = local("2026-03-08 23:59")
        give(one, 10)
        clock.at = local("2026-03-09 00:00")
        give(two, 5)
        clock.at = local("2026-04-01 00:00")
        assert self.ids(trainer, on="2026-03-08") == [one]
        assert self.ids(trainer, on="2026-03-11") == [two]
        assert self.ids(trainer, span="month", on="2026-03-31") == [one, two]
        assert self.ids(trainer) == self.ids(trainer, span="month") == []
        assert self.ids(trainer, span="all") == [one, two]

    def test_it_forgets_what_was_taken_back(self, trainer: Caller, clock: ManualClock) -> None:
        one, two = leaders.leader().id, leaders.leader().id
        entry = give(one, 10)
        give(two, 5)
        clock.advance(days=7)
        made(trainer.post(f"/hq/points/{entry}/reversal", {"reason": "Wrong."}))
        give(one, 1)
        assert self.ids(trainer, on="2026-03-02") == [two]
        assert self.ids(trainer) == [one]
        assert self.ids(trainer, span="all") == [two, one]

    def test_it_shows_only_who_takes_part_and_leaves_no_gap(
        self, api: Api, trainer: Caller
    ) -> None:
        mei = leaders.leader(by=api.shopper("mei").id).id
        tao = leaders.leader(by=api.shopper("tao").id).id
        for leader, amount in ((mei, 30), (tao, 20)):
            give(leader, amount)
        assert made(api.shopper("mei").get(PREFERENCE), 200) == {"hidden": False}
        assert made(api.shopper("mei").put(PREFERENCE, {"hidden": True}), 200)["hidden"]
        theirs = made(api.shopper("tao").get(OWN_BOARD), 200)
        [only] = theirs["items"]
        assert (only["rank"], only["leader_id"], only["name"]) == (1, tao, "Mei")
        assert (theirs["own"], theirs["hidden"]) == (only, False)
        own = made(api.shopper("mei").get(OWN_BOARD), 200)
        assert (own["own"], own["hidden"], len(own["items"])) == (None, True, 1)
        made(api.shopper("mei").put(PREFERENCE, {"hidden": False}), 200)
        again = made(api.shopper("mei").get(OWN_BOARD, span="all"), 200)
        assert again["own"]["rank"] == 1

    def test_it_shows_who_learns_a_program(self, trainer: Caller) -> None:
        program = training.program()
        one, two = leaders.leader(), leaders.leader()
        training.enrolled(two, program=program)
        give(one.id, 50)
        give(two.id, 5)
        assert self.ids(trainer, program=program.id) == [two.id]

    def test_it_shows_a_cohort_to_those_in_it(self, api: Api, trainer: Caller) -> None:
        mei = leaders.leader(by=api.shopper("mei").id)
        tao = leaders.leader(by=api.shopper("tao").id)
        cohort = cohorts.cohort(leaders=[mei]).id
        give(mei.id, 5)
        give(tao.id, 50)
        assert self.ids(trainer, cohort=cohort) == [mei.id]
        own = made(api.shopper("mei").get(OWN_BOARD, cohort=cohort), 200)
        assert (own["own"]["rank"], len(own["items"])) == (1, 1)
        refused(api.shopper("tao").get(OWN_BOARD, cohort=cohort), 404, "not-found")

    def test_it_tells_the_own_place_from_whatever_page_in_the_same_statement(
        self, api: Api, count_statements: Callable[[], Any]
    ) -> None:
        people = [*(leaders.leader() for _ in range(4)), leaders.leader(by=api.shopper("mei").id)]
        for n, leader in enumerate(people):
            give(leader.id, 50 - n)
        mei, ranks, paging = api.shopper("mei"), [], {"limit": "2"}
        for _ in range(3):
            with count_statements() as statements:
                page = made(mei.get(OWN_BOARD, **paging), 200)
            assert sum("row_number" in statement for statement in statements) == 1
            assert page["own"]["rank"] == 5
            ranks += [place["rank"] for place in page["items"]]
            paging["cursor"] = page["next_cursor"]
        assert (ranks, page["next_cursor"]) == ([1, 2, 3, 4, 5], None)

    def test_it_goes_on_where_a_page_ended(
        self, trainer: Caller, count_statements: Callable[[], Any]
    ) -> None:
        people = [leaders.leader().id for _ in range(5)]
        for n, leader in enumerate(people):
            give(leader, 50 - n)
        with count_statements() as few:
            page = trainer.get(BOARD, limit=2).json
        with count_statements() as many:
            rest = trainer.get(BOARD, limit=5, cursor=page["next_cursor"]).json
        assert [place["rank"] for place in rest["items"]] == [3, 4, 5]
        assert rest["next_cursor"] is None
        assert len(many) == len(few)
        for cursor in ("x", page["next_cursor"] + "AA", "WyJ4Il0"):
            refused(trainer.get(BOARD, cursor=cursor), 422, "invalid-input")

    def test_it_lets_only_those_who_may(self, api: Api) -> None:
        for path in (BOARD, OWN_BOARD, PREFERENCE, TARGETS, RANKINGS, "/leader/weekly-targets"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
        assert api.shopper("zed").put(PREFERENCE, {"hidden": True}).status_code == 403


class TestTargets:
    """/hq/weekly-targets and /leader/weekly-targets"""

    def test_it_shows_who_met_a_target(self, api: Api, trainer: Caller) -> None:
        mei = leaders.leader(by=api.shopper("mei").id).id
        other = leaders.leader().id
        target = made(trainer.post(TARGETS, TARGET))
        assert (target["from_on"], target["until_on"], target["set_by"]) == (
            "2026-03-02",
            None,
            trainer.id,
        )
        path = "/leader/weekly-targets"
        [own] = made(api.shopper("mei").get(path), 200)["items"]
        assert own["done"] == {"lessons": 0, "sessions": 0, "points": 0}
        assert (own["target"]["lessons"], own["met"]) == (1, False)
        award(mei, Cause.LESSON, "lesson")
        award(mei, Cause.SESSION, "session")
        [own] = made(api.shopper("mei").get(path), 200)["items"]
        assert (own["done"], own["met"]) == ({"lessons": 1, "sessions": 1, "points": 30}, True)
        people = f"{TARGETS}/{target['id']}/leaders"
        shown = made(trainer.get(people), 200)
        assert (shown["week_on"], shown["leaders"], shown["met"]) == ("2026-03-02", 2, 1)
        assert [(row["leader_id"], row["met"]) for row in shown["items"]] == [
            (mei, True),
            (other, False),
        ]
        missing = made(trainer.get(people, met=False), 200)["items"]
        assert [row["leader_id"] for row in missing] == [other]
        page = made(trainer.get(people, limit=1), 200)
        rest = made(trainer.get(people, cursor=page["next_cursor"]), 200)["items"]
        assert [row["leader_id"] for row in rest] == [other]
        refused(trainer.get(people, cursor="WyJ4Il0"), 422, "invalid-input")
        assert made(trainer.get(people, on="2026-03-09"), 200)["met"] == 0

    def test_it_holds_for_a_segment_or_a_program(self, api: Api, trainer: Caller) -> None:
        [mei, *_] = coaching.tail(api)
        best = leaders.leader()
        program = training.program()
        training.enrolled(best, program=program)
        tail = made(trainer.post(TARGETS, {**TARGET, "segment": "tail"}))
        head = made(trainer.post(TARGETS, {**TARGET, "segment": "head"}))
        learning = made(trainer.post(TARGETS, {**TARGET, "program_id": program.id}))
        own = made(api.shopper("mei").get("/leader/weekly-targets"), 200)["items"]
        assert [target["id"] for target in own] == [tail["id"]]
        group = cohorts.cohort(leaders=[best]).id
        cohort = made(trainer.post(TARGETS, {**TARGET, "cohort_id": group}))
        counts = [
            made(trainer.get(f"{TARGETS}/{target['id']}/leaders"), 200)["leaders"]
            for target in (tail, head, learning, cohort)
        ]
        assert counts == [3, 0, 1, 1]
        training.enrolled(session().get_one(Leader, mei), program=program)
        own = made(api.shopper("mei").get("/leader/weekly-targets"), 200)["items"]
        assert [target["id"] for target in own] == [tail["id"], learning["id"]]

    def test_it_changes_and_ends_a_target(
        self, api: Api, trainer: Caller, clock: ManualClock
    ) -> None:
        leaders.leader(by=api.shopper("mei").id)
        target = made(trainer.post(TARGETS, TARGET))
        path = f"{TARGETS}/{target['id']}"
        edit = {"until_on": "2026-03-09", "lessons": 0}
        changed = made(trainer.patch(path, edit, if_match=1), 200)
        assert (changed["until_on"], changed["lessons"], changed["version"]) == (
            "2026-03-09",
            0,
            2,
        )
        refused(trainer.patch(path, {"lessons": 3}, if_match=1), 412, "stale-version")
        assert len(made(api.shopper("mei").get("/leader/weekly-targets"), 200)["items"]) == 1
        clock.advance(days=7)
        assert made(api.shopper("mei").get("/leader/weekly-targets"), 200)["items"] == []
        assert trainer.get(TARGETS, on="2026-03-09").json["items"] == []
        assert len(trainer.get(TARGETS, on="2026-03-08").json["items"]) == 1
        assert made(trainer.get(path), 200) == changed

    def test_it_refuses_what_asks_for_nothing_or_ends_early(self, trainer: Caller) -> None:
        for fault in (
            {"lessons": 0, "sessions": 0, "points": 0},
            {"until_on": "2026-02-23"},
            {"from_on": "2026-03-03"},
            {"program_id": f"prg_{'0' * 32}"},
            {"cohort_id": f"cht_{'0' * 32}"},
            {"cohort_id": f"cht_{'0' * 32}", "segment": "tail"},
        ):
            refused(trainer.post(TARGETS, {**TARGET, **fault}), 422, "invalid-input")
        target = made(trainer.post(TARGETS, {"from_on": "2026-03-02", "lessons": 1}))
        path = f"{TARGETS}/{target['id']}"
        refused(trainer.patch(path, {"lessons": 0}, if_match=1), 422, "invalid-input")
        nowhere = f"{TARGETS}/wtg_{'0' * 32}"
        for missing in (nowhere, f"{nowhere}/leaders"):
            refused(trainer.get(missing), 404, "not-found")
        refused(trainer.patch(nowhere, {"lessons": 1}, if_match=1), 404, "not-found")


class TestRankings:
    """/hq/rankings"""

    def test_it_only_proposes_its_rewards(
        self, api: Api, trainer: Caller, clock: ManualClock
    ) -> None:
        first, second = leaders.leader().id, leaders.leader().id
        give(first, 30)
        give(second, 10)
        early = trainer.post(RANKINGS, RANKING)
        refused(early, 409, "ranking-runs")
        assert early.json["after"] == "2026-03-09"
        clock.at = local("2026-03-09 00:00")
        closed = made(trainer.post(RANKINGS, RANKING))
        assert closed["ranking"]["starts_on"] == "2026-03-02"
        one, two = closed["places"]
        assert (one["leader_id"], one["amount_fen"], one["adjustment_state"]) == (
            first,
            5_000,
            "proposed",
        )
        assert (two["rank"], two["adjustment_id"]) == (2, None)
        [proposal] = session().query(Adjustment)
        assert (proposal.reason_code, proposal.leader_id) == ("bonus", first)
        assert proposal.reason.startswith("Learners of the week · 1 · rkg_")
        path = f"/hq/adjustments/{proposal.id}/approval"
        made(api.staff("approver").post(path, {"version": 1}), 200)
        shown = made(trainer.get(f"{RANKINGS}/{closed['ranking']['id']}"), 200)
        assert shown["places"][0]["adjustment_state"] == "approved"
        assert [f.invariant.name for f in books.check(invariants()) if f.faults] == []

    def test_it_is_closed_once(self, trainer: Caller, clock: ManualClock) -> None:
        leader, program = leaders.leader(), training.program()
        training.enrolled(leader, program=program)
        give(leader.id, 30)
        clock.at = local("2026-04-01 00:00")
        week = made(trainer.post(RANKINGS, RANKING))["ranking"]
        refused(trainer.post(RANKINGS, {**RANKING, "on": "2026-03-08"}), 409, "ranking-closed")
        month = made(trainer.post(RANKINGS, {**RANKING, "span": "month"}))["ranking"]
        own = {**RANKING, "program_id": program.id}
        learners = made(trainer.post(RANKINGS, own))["ranking"]
        refused(trainer.post(RANKINGS, own), 409, "ranking-closed")
        listed = trainer.get(RANKINGS).json["items"]
        assert [row["id"] for row in listed] == [learners["id"], month["id"], week["id"]]
        assert [r["id"] for r in trainer.get(RANKINGS, span="month").json["items"]] == [month["id"]]
        with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
            session().execute(text("delete from training_ranking_places"))

    def test_it_refuses_what_cannot_be(self, api: Api, trainer: Caller) -> None:
        faults: list[dict[str, Any]] = [
            {"span": "all"},
            {"amounts_fen": []},
            {"amounts_fen": [-1]},
            {"program_id": f"prg_{'0' * 32}", "on": "2026-02-01"},
        ]
        for fault in faults:
            refused(trainer.post(RANKINGS, {**RANKING, **fault}), 422, "invalid-input")
        refused(trainer.get(f"{RANKINGS}/rkg_{'0' * 32}"), 404, "not-found")
        assert api.staff("finance").post(RANKINGS, RANKING).status_code == 403
        empty = made(trainer.post(RANKINGS, {**RANKING, "on": "2026-02-04"}))
        assert empty["places"] == []

    @pytest.mark.committed
    def test_it_rewards_once_whoever_closes_it_at_the_same_time(
        self, app: Flask, clock: ManualClock
    ) -> None:
        leader = leaders.leader().id
        give(leader, 30)
        clock.at = local("2026-03-09 00:00")

        def close() -> Ranking:
            return close_ranking(
                span="week",
                day=date(2026, 3, 2),
                title="Week",
                amounts_fen=[5_000],
                calendar=SHANGHAI,
                actor=TRAINER,
                now=time.now(),
            )

        first, second = second_waits_for_first(app, close, close)
        assert isinstance(first, Ranking)
        assert isinstance(second, RankingClosed)
        assert session().query(Adjustment).count() == 1
