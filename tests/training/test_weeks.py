"""Weekly compliance and streaks: the rule, its cases, and the same from the database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.training.models import Attendance, LiveSession
from groupbuy.training.queries.attendance import streaks_of, weeks_of
from groupbuy.training.rules.weeks import Compliance, Streak, compliance, monday, streak
from groupbuy.training.services import live, members, ruling
from tests.client import Api
from tests.factories import cohorts, leaders
from tests.journeys.headquarters import made

CASES = [
    # G06 to G10 of the shared cases
    ({"scheduled": 3, "excused": 0, "attended": 2}, (3, False, 6666)),
    ({"scheduled": 5, "excused": 0, "attended": 3}, (3, True, 10000)),
    ({"scheduled": 2, "excused": 0, "attended": 2}, (2, True, 10000)),
    ({"scheduled": 3, "excused": 1, "attended": 2}, (2, True, 10000)),
    ({"scheduled": 0, "excused": 0, "attended": 0}, (0, True, 10000)),
    ({"scheduled": 4, "excused": 3, "attended": 0}, (1, False, 0)),
    ({"scheduled": 2, "excused": 2, "attended": 0}, (0, True, 10000)),
]
MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(("given", "expected"), CASES)
def test_it_asks_for_up_to_three_sessions_a_week(
    given: dict[str, int], expected: tuple[int, bool, int]
) -> None:
    assert compliance(target=3, **given) == Compliance(*expected)


@given(
    target=st.integers(0, 7),
    scheduled=st.integers(0, 20),
    excused=st.integers(0, 20),
    attended=st.integers(0, 20),
)
def test_it_gives_full_marks_exactly_to_compliant_weeks(
    target: int, scheduled: int, excused: int, attended: int
) -> None:
    week = compliance(target=target, scheduled=scheduled, excused=excused, attended=attended)
    assert 0 <= week.required <= min(target, scheduled)
    assert 0 <= week.score_bps <= 10000
    assert (week.score_bps == 10000) == week.compliant
    more = compliance(target=target, scheduled=scheduled, excused=excused, attended=attended + 1)
    assert more.score_bps >= week.score_bps
    lenient = compliance(target=target, scheduled=scheduled, excused=excused + 1, attended=attended)
    assert lenient.score_bps >= week.score_bps


GOOD, BAD, IDLE = Compliance(3, True, 10000), Compliance(3, False, 0), Compliance(0, True, 10000)


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        ([], (0, 0)),
        ([(GOOD, True), (GOOD, True)], (2, 2)),
        ([(GOOD, True), (IDLE, True), (GOOD, True)], (2, 2)),
        ([(GOOD, True), (GOOD, True), (BAD, True), (GOOD, True)], (1, 2)),
        ([(GOOD, True), (BAD, False)], (1, 1)),
        ([(GOOD, True), (GOOD, False)], (2, 2)),
        ([(GOOD, True), (BAD, True)], (0, 1)),
        ([(IDLE, True)], (0, 0)),
    ],
)
def test_it_counts_compliant_weeks_in_a_row(
    weeks: list[tuple[Compliance, bool]], expected: tuple[int, int]
) -> None:
    assert streak(weeks) == Streak(*expected)


@given(st.lists(st.sampled_from([GOOD, BAD, IDLE])), st.integers(0, 30))
def test_it_is_not_moved_by_weeks_that_ask_for_nothing(weeks: list[Compliance], at: int) -> None:
    idle = [*weeks[:at], IDLE, *weeks[at:]]
    assert streak([(week, True) for week in idle]) == streak([(week, True) for week in weeks])


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 8)])
def test_it_begins_weeks_on_monday(day: date) -> None:
    assert monday(day) == MONDAY


def rows(leader_id: str, now: datetime, *, until: date) -> list[tuple[int, int, int, bool]]:
    found = weeks_of([leader_id], since=MONDAY, until=until, now=now)[leader_id]
    return [(week.scheduled, week.excused, week.attended, week.compliant) for week in found]


class TestFromTheDatabase:
    """queries.attendance"""

    def test_it_counts_sessions_by_local_week(self, app: object, clock: ManualClock) -> None:
        mei = leaders.leader()
        group = cohorts.cohort(leaders=[mei])
        # Sunday 23:30 in Shanghai is still this week; in UTC both are Sunday afternoon.
        cohorts.attended(group, mei, at=datetime(2026, 3, 8, 15, 30, tzinfo=UTC))
        cohorts.attended(group, at=datetime(2026, 3, 8, 17, 0, tzinfo=UTC))
        assert rows(mei.id, time.now(), until=date(2026, 3, 16)) == [
            (1, 0, 1, True),
            (1, 0, 0, False),
        ]

    def test_it_leaves_out_what_is_cancelled_and_what_was_before_joining(
        self, app: object, clock: ManualClock
    ) -> None:
        mei = leaders.leader()
        group = cohorts.cohort()
        cohorts.attended(group)
        with transaction():
            who: dict[str, Any] = {"actor": cohorts.trainer(), "now": time.now()}
            members.add(cohort_id=group.id, leader_ids=[mei.id], **who)
            cancelled = cohorts.live_session(group)
            live.cancel(session_id=cancelled.id, reason="Ill.", **who)
            excused = cohorts.live_session(group)
            given = [{"leader_id": mei.id, "kind": "excuse"}]
            ruling.decide(session_id=excused.id, items=given, reason="Away.", **who)
            cohorts.live_session(group)
        assert rows(mei.id, time.now(), until=date(2026, 3, 9)) == [(2, 1, 0, False)]
        clock.advance(hours=3)
        with transaction():
            members.leave(cohort_id=group.id, leader_id=mei.id, actor=who["actor"], now=time.now())
        cohorts.live_session(group)
        assert rows(mei.id, time.now(), until=date(2026, 3, 9)) == [(2, 1, 0, False)]

    def test_it_counts_a_session_once_for_who_left_and_came_back(
        self, app: object, clock: ManualClock
    ) -> None:
        mei = leaders.leader()
        group = cohorts.cohort(leaders=[mei])
        one = cohorts.live_session(group)
        clock.at = one.starts_at
        cohorts.checked_in(mei, one)
        who: dict[str, Any] = {"cohort_id": group.id, "actor": cohorts.trainer()}
        clock.advance(minutes=5)
        with transaction():
            members.leave(leader_id=mei.id, **who, now=time.now())
        clock.advance(minutes=5)
        with transaction():
            members.add(leader_ids=[mei.id], **who, now=time.now())
        assert rows(mei.id, time.now(), until=date(2026, 3, 9)) == [(1, 0, 1, True)]

    def test_it_finds_streaks_as_the_rule_does(self, app: object, clock: ManualClock) -> None:
        mei, tao, zed = (leaders.leader() for _ in range(3))
        group = cohorts.cohort(leaders=[mei, tao], last_day=date(2026, 12, 1))
        # What Mei (1) and Tao (2) came to, week by week; 0 is nobody, an empty week no session.
        plan = [[3, 3], [], [1, 3], [3, 2], [2, 2, 2], [3]]
        for number, week in enumerate(plan):
            for place, came in enumerate(week):
                at = time.now().replace(year=2026, month=3, day=2) + timedelta(
                    days=7 * number + place, hours=2
                )
                present = [who for bit, who in ((1, mei), (2, tao)) if came & bit]
                cohorts.attended(group, *present, at=at)
        ids = [mei.id, tao.id, zed.id]
        for now in (time.now(), time.now() + timedelta(days=30)):
            weeks = weeks_of(ids, since=MONDAY, until=date(2026, 5, 1), now=now)
            by_rule = {
                leader_id: streak(
                    [
                        (Compliance(week.required, week.compliant, week.score_bps), week.ended)
                        for week in weeks[leader_id]
                    ]
                )
                for leader_id in ids
            }
            assert streaks_of(ids, now=now) == by_rule
        assert (by_rule[mei.id], by_rule[tao.id]) == (Streak(1, 2), Streak(3, 3))
        assert by_rule[zed.id] == Streak(0, 0)

    def test_it_takes_one_statement_for_any_number_of_leaders(
        self, app: object, count_statements: Any
    ) -> None:
        people = [leaders.leader() for _ in range(4)]
        group = cohorts.cohort(leaders=people)
        cohorts.attended(group, *people)
        ids = [leader.id for leader in people]
        with count_statements() as statements:
            weeks = weeks_of(ids, since=MONDAY, until=date(2026, 4, 1), now=time.now())
            streaks = streaks_of(ids, now=time.now())
        assert len(statements) == 2
        assert [len(found) for found in weeks.values()] == [5] * 4
        assert set(streaks.values()) == {Streak(1, 1)}

    def test_it_asks_for_nothing_of_nobody(self, app: object) -> None:
        assert weeks_of([], since=MONDAY, until=date(2026, 4, 1), now=time.now()) == {}
        assert streaks_of([], now=time.now()) == {}


def test_it_writes_nobody_down_as_absent(app: object) -> None:
    mei = leaders.leader()
    one = cohorts.attended(cohorts.cohort(leaders=[mei]))
    assert session().query(Attendance).count() == 0
    assert session().get_one(LiveSession, one.id).closed_at == one.ends_at


class TestOwn:
    """GET /leader/attendance"""

    def test_it_shows_my_weeks_and_streak(self, api: Api, clock: ManualClock) -> None:
        mei = leaders.leader(by=api.shopper("mei").id)
        group = cohorts.cohort(leaders=[mei])
        cohorts.attended(group, mei)
        cohorts.attended(group)
        shown = made(api.shopper("mei").get("/leader/attendance"), 200)
        assert (len(shown["weeks"]), shown["target"]) == (8, 3)
        assert shown["weeks"][-1] == {
            "week": "2026-03-02",
            "scheduled": 2,
            "excused": 0,
            "attended": 1,
            "required": 2,
            "compliant": False,
            "score_bps": 5000,
            "ended": False,
        }
        assert shown["streak"] == {"current": 0, "best": 0}
        days = {"from": "2026-02-25", "until": "2026-03-03"}
        assert [
            week["week"]
            for week in api.shopper("mei").get("/leader/attendance", **days).json["weeks"]
        ] == ["2026-02-23", "2026-03-02"]

    def test_it_shows_a_year_at_most(self, api: Api) -> None:
        leaders.leader(by=api.shopper("mei").id)
        weeks = made(api.shopper("mei").get("/leader/attendance", **{"from": "1900-01-01"}), 200)
        assert weeks["weeks"][0]["week"] == "1900-01-01"
        assert len(weeks["weeks"]) == 53
        since = {"from": "2026-02-25"}
        shown = made(api.shopper("mei").get("/leader/attendance", **since), 200)
        assert [week["week"] for week in shown["weeks"]] == ["2026-02-23", "2026-03-02"]
