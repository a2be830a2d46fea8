"""Live sessions over HTTP: added, moved, cancelled; and the leaders' calendars."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar, Event

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders import services as leading
from groupbuy.leaders.models import Leader
from groupbuy.training.models import CalendarFeed, Cohort, LiveSession
from groupbuy.training.queries.live import leaders_of, sessions_between
from groupbuy.training.rules.calendars import Entry, ics
from groupbuy.training.rules.content import LessonKind
from tests.client import Api
from tests.factories import cohorts, leaders, training
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

SESSIONS = "/hq/live-sessions"
OWN = "/leader/live-sessions"
NOBODY = f"{SESSIONS}/lvs_{'0' * 32}"
TIMES = {"starts_at": "2026-03-03T11:30:00+00:00", "ends_at": "2026-03-03T12:30:00+00:00"}


@pytest.fixture
def mei(api: Api) -> Leader:
    return leaders.leader(by=api.shopper("mei").id, name="Mei")


@pytest.fixture
def group(mei: Leader) -> Cohort:
    return cohorts.cohort(leaders=[mei])


def events(content: bytes) -> list[Event]:
    found = Calendar.from_ical(content).walk("VEVENT")
    return [event for event in found if isinstance(event, Event)]


def added(api: Api, group: Cohort, **fields: Any) -> dict[str, Any]:
    body = {"cohort_id": group.id, **TIMES, **fields}
    return made(api.staff("trainer").post(SESSIONS, body))


class TestByHand:
    """/hq/live-sessions"""

    def test_it_adds_moves_and_describes_a_session(self, api: Api, group: Cohort) -> None:
        trainer, stand_in = api.staff("trainer"), cohorts.trainer("Wen")
        one = added(api, group, place="Room 5", title_zh="加课", title_en="Extra")
        assert (one["title"], one["trainer"], one["place"]) == ("Extra", "Lan", "Room 5")
        path = f"{SESSIONS}/{one['id']}"
        edit = {"trainer_id": stand_in.id, "ends_at": "2026-03-03T13:00:00+00:00"}
        after = made(trainer.patch(path, edit, if_match=1), 200)
        assert (after["trainer"], after["ends_at"], after["version"]) == ("Wen", edit["ends_at"], 2)
        refused(trainer.patch(path, edit, if_match=1), 412, "stale-version")
        assert made(api.staff("finance").get(path), 200) == after
        log = api.staff("auditor").get("/hq/audit-log", subject=one["id"]).json["items"]
        assert log[0]["facts"]["changed"] == ["ends_at", "trainer_id"]

    def test_it_lists_by_cohort_day_and_trainer(self, api: Api, group: Cohort) -> None:
        trainer, wen = api.staff("trainer"), cohorts.trainer("Wen")
        late = added(api, group, starts_at="2026-03-04T15:30:00Z", ends_at="2026-03-04T16:30:00Z")
        early = added(api, group, trainer_id=wen.id)
        other = added(api, cohorts.cohort())

        def ids(**query: Any) -> list[str]:
            return [one["id"] for one in made(trainer.get(SESSIONS, **query), 200)["items"]]

        assert ids(cohort=group.id) == [early["id"], late["id"]]
        assert ids(trainer=wen.id) == [early["id"]]
        assert ids(trainer=group.trainer_id) == [other["id"], late["id"]]
        assert ids(**{"from": "2026-03-04", "until": "2026-03-05"}) == [late["id"]]
        assert ids(limit=1) == [early["id"]]
        assert ids(state="cancelled") == []

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"cohort_id": f"cht_{'0' * 32}"}, "/cohort_id"),
            ({"ends_at": "2026-03-03T11:30:00Z"}, "/ends_at"),
            ({"starts_at": "2026-03-01T11:30:00Z"}, "/starts_at"),
            (
                {"starts_at": "2026-03-03T11:30:00Z", "ends_at": "2026-03-03T11:30:00.9Z"},
                "/ends_at",
            ),
            ({"starts_at": "2026-03-03T11:30:00Z", "ends_at": "2027-03-03T12:30:00Z"}, "/ends_at"),
            ({"lesson_id": f"lsn_{'0' * 32}"}, "/lesson_id"),
            ({"trainer_id": f"stf_{'0' * 32}"}, "/trainer_id"),
        ],
    )
    def test_it_refuses_what_is_no_session(
        self, api: Api, group: Cohort, fields: dict[str, Any], pointer: str
    ) -> None:
        body = {"cohort_id": group.id, **TIMES, **fields}
        problem = refused(api.staff("trainer").post(SESSIONS, body), 422, "invalid-input")
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]

    def test_it_takes_a_replay_with_its_length_at_any_time(
        self, api: Api, group: Cohort, clock: ManualClock
    ) -> None:
        one, trainer = added(api, group), api.staff("trainer")
        clock.at = datetime(2026, 3, 3, 13, tzinfo=UTC)
        path, replay = f"{SESSIONS}/{one['id']}", {"replay_url": "https://media.example/1.mp4"}
        refused(trainer.patch(path, replay, if_match=1), 422, "invalid-input")
        unsafe = {"replay_url": "javascript:alert(1)", "replay_s": 3}
        refused(trainer.patch(path, unsafe, if_match=1), 422, "invalid-input")
        made(trainer.patch(path, {**replay, "replay_s": 3600}, if_match=1), 200)
        refused(
            trainer.patch(path, TIMES | {"starts_at": "2026-03-03T12:00:00Z"}, if_match=2),
            409,
            "session-begun",
        )
        gone = {"replay_url": "", "replay_s": None}
        assert made(trainer.patch(path, gone, if_match=2), 200)["replay_s"] is None

    def test_it_never_moves_a_session_that_somebody_checked_in_to(
        self, api: Api, group: Cohort, mei: Leader, clock: ManualClock
    ) -> None:
        one, trainer = added(api, group), api.staff("trainer")
        path = f"{SESSIONS}/{one['id']}"
        clock.at = datetime(2026, 3, 3, 11, 20, tzinfo=UTC)
        cohorts.checked_in(mei, session().get_one(LiveSession, one["id"]))
        later = {"ends_at": "2026-03-03T14:30:00Z"}
        refused(trainer.patch(path, later, if_match=1), 409, "session-attended")
        assert trainer.patch(path, {"place": "Room 6"}, if_match=1).status_code == 200

    def test_it_cancels_for_a_reason_and_restores(
        self, api: Api, group: Cohort, clock: ManualClock
    ) -> None:
        one, trainer = added(api, group), api.staff("trainer")
        path = f"{SESSIONS}/{one['id']}"
        refused(trainer.delete(f"{path}/cancellation"), 409, "not-in-this-state")
        refused(trainer.post(f"{path}/cancellation", {"reason": " "}), 422, "invalid-input")
        gone = made(trainer.post(f"{path}/cancellation", {"reason": "Ill."}), 200)
        assert (gone["state"], gone["reason"]) == ("cancelled", "Ill.")
        refused(trainer.post(f"{path}/cancellation", {"reason": "Ill."}), 409, "not-in-this-state")
        edit = trainer.patch(path, {"place": "Room 6"}, if_match=2)
        assert refused(edit, 409, "session-cancelled")["reason"] == "Ill."
        back = made(trainer.delete(f"{path}/cancellation"), 200)
        assert (back["state"], back["reason"], back["version"]) == ("planned", "", 3)
        clock.at = datetime(2026, 3, 3, 12, tzinfo=UTC)
        made(trainer.post(f"{path}/cancellation", {"reason": "Ill."}), 200)
        refused(trainer.delete(f"{path}/cancellation"), 409, "session-begun")

    def test_it_cancels_nothing_that_is_over(
        self, api: Api, group: Cohort, clock: ManualClock
    ) -> None:
        one = added(api, group)
        clock.at = datetime(2026, 3, 3, 12, 30, tzinfo=UTC)
        answer = api.staff("trainer").post(
            f"{SESSIONS}/{one['id']}/cancellation", {"reason": "Ill."}
        )
        refused(answer, 409, "session-begun")

    def test_it_adds_nothing_to_a_cohort_that_is_over(self, api: Api, group: Cohort) -> None:
        trainer = api.staff("trainer")
        made(trainer.post(f"/hq/cohorts/{group.id}/cancellation", {"reason": "No."}), 200)
        answer = trainer.post(SESSIONS, {"cohort_id": group.id, **TIMES})
        refused(answer, 409, "not-in-this-state")

    def test_it_lets_trainers_edit_and_headquarters_read(self, api: Api, group: Cohort) -> None:
        trainer, body = api.staff("trainer"), {"cohort_id": group.id, **TIMES}
        for path in (SESSIONS, NOBODY):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("mei").get(path).status_code == 403
        for outsider in (api.staff("operator"), api.staff("admin"), api.shopper("mei")):
            assert outsider.post(SESSIONS, body).status_code == 403
            assert outsider.delete(f"{NOBODY}/cancellation").status_code == 403
        refused(trainer.get(NOBODY), 404, "not-found")
        refused(trainer.patch(NOBODY, {"place": "x"}, if_match=1), 404, "not-found")
        refused(trainer.post(f"{NOBODY}/cancellation", {"reason": "x"}), 404, "not-found")
        refused(trainer.delete(f"{NOBODY}/cancellation"), 404, "not-found")


class TestOwn:
    """/leader/live-sessions"""

    def test_it_lists_what_is_mine_with_my_attendance(
        self, api: Api, group: Cohort, mei: Leader, clock: ManualClock
    ) -> None:
        came = cohorts.attended(group, mei)
        missed = cohorts.attended(group)
        coming = cohorts.live_session(group, place="https://meet.example/5")
        elsewhere = cohorts.live_session(cohorts.cohort())
        leader = api.shopper("mei")
        items = made(leader.get(OWN), 200)["items"]
        assert [one["id"] for one in items] == [came.id, missed.id, coming.id]
        assert [one["status"] for one in items] == ["present", "absent", "expected"]
        assert [one["present_s"] for one in items] == [3600, 0, 0]
        assert items[2]["place"] == "https://meet.example/5"
        assert leader.get(f"{OWN}/{coming.id}").json == items[2]
        refused(leader.get(f"{OWN}/{elsewhere.id}"), 404, "not-found")
        assert leader.get(OWN, **{"from": "2026-03-03"}).json["items"] == []
        assert len(leader.get(OWN, until="2026-03-03", limit=2).json["items"]) == 2

    def test_it_says_that_a_session_was_cancelled_and_why(
        self, api: Api, group: Cohort, mei: Leader
    ) -> None:
        one = added(api, group)
        path = f"{SESSIONS}/{one['id']}/cancellation"
        made(api.staff("trainer").post(path, {"reason": "Ill."}), 200)
        (shown,) = api.shopper("mei").get(OWN).json["items"]
        assert (shown["state"], shown["reason"], shown["status"]) == ("cancelled", "Ill.", None)

    def test_it_takes_a_constant_number_of_statements(
        self, api: Api, group: Cohort, mei: Leader, count_statements: Any
    ) -> None:
        cohorts.attended(group, mei)
        counts = []
        for _ in range(2):
            with count_statements() as statements:
                made(api.shopper("mei").get(OWN), 200)
            counts.append(len(statements))
            cohorts.live_session(group)
        assert counts[0] == counts[1]

    def test_it_tells_reminders_whose_sessions_come(self, group: Cohort, mei: Leader) -> None:
        one, now = cohorts.live_session(group), time.now()
        (view,) = sessions_between(now, one.ends_at)
        assert (view.session.id, view.trainer) == (one.id, "Lan")
        assert sessions_between(now, one.starts_at) == []
        assert leaders_of([one.id]) == {one.id: [mei.id]}


class TestCalendar:
    """/leader/calendar and /calendars/{token}.ics"""

    def address(self, api: Api) -> str:
        url = str(made(api.shopper("mei").get("/leader/calendar"), 200)["url"])
        return url.partition("/api/v1")[2]

    def test_it_gives_each_leader_a_secret_address(
        self, api: Api, group: Cohort, mei: Leader
    ) -> None:
        one = added(api, group, title_zh="销售", title_en="Selling, day one; with Lan")
        shown = made(api.shopper("mei").get("/leader/calendar"), 200)
        assert shown["url"].startswith("http://localhost/api/v1/calendars/")
        assert shown["webcal_url"] == shown["url"].replace("http://", "webcal://")
        path = self.address(api)
        assert path == self.address(api)
        answer = api.anonymous.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (
            200,
            "text/calendar; charset=utf-8",
        )
        (event,) = events(answer.data)
        assert (event["UID"], event["SUMMARY"]) == (
            f"{one['id']}@groupbuy",
            "Selling, day one; with Lan",
        )
        assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
        assert event.start == datetime(2026, 3, 3, 11, 30, tzinfo=UTC)
        token = path.rpartition("/")[2].removesuffix(".ics")
        feed = session().query(CalendarFeed).one()
        assert feed.token_hash == hashlib.sha256(token.encode()).digest()

    def test_it_tells_of_moves_and_cancellations_under_the_same_uid(
        self, api: Api, group: Cohort, clock: ManualClock
    ) -> None:
        one, trainer, path = added(api, group), api.staff("trainer"), self.address(api)
        clock.advance(hours=1)
        later = {"starts_at": "2026-03-03T12:00:00Z", "ends_at": "2026-03-03T13:00:00Z"}
        made(trainer.patch(f"{SESSIONS}/{one['id']}", later, if_match=1), 200)
        (event,) = events(api.anonymous.get(path).data)
        assert event["SEQUENCE"] == 1
        assert event.start == datetime(2026, 3, 3, 12, tzinfo=UTC)
        assert clock.now() == event.DTSTAMP
        made(trainer.post(f"{SESSIONS}/{one['id']}/cancellation", {"reason": "Ill."}), 200)
        (event,) = events(api.anonymous.get(path).data)
        assert (event["SEQUENCE"], event["STATUS"]) == (2, "CANCELLED")
        assert (event["UID"], event["DESCRIPTION"]) == (f"{one['id']}@groupbuy", "Ill.")

    def test_it_is_revoked(self, api: Api, group: Cohort, mei: Leader) -> None:
        path = self.address(api)
        assert api.shopper("mei").delete("/leader/calendar").status_code == 204
        refused(api.anonymous.get(path), 404, "not-found")
        assert api.shopper("mei").delete("/leader/calendar").status_code == 204
        another = self.address(api)
        assert another != path
        assert api.anonymous.get(another).status_code == 200
        with transaction():
            leading.suspend(leader_id=mei.id, reason="Odd.", actor=leaders.hua(), now=time.now())
        refused(api.anonymous.get(another), 404, "not-found")

    def test_it_is_only_a_leaders(self, api: Api) -> None:
        assert api.anonymous.get("/leader/calendar").status_code == 401
        for call in (api.shopper("zed").get, api.shopper("zed").delete):
            assert call("/leader/calendar").status_code == 403
        refused(api.anonymous.get("/calendars/abc.ics"), 404, "not-found")

    def test_it_writes_lines_as_the_standard_says(self) -> None:
        entry = Entry(
            id="lvs_1",
            starts_at=datetime(2026, 3, 3, tzinfo=UTC),
            ends_at=datetime(2026, 3, 3, 1, tzinfo=UTC),
            title="社区团购从零到一：" * 12 + "a,b;c\\d",
            place="Room 5\nsecond floor",
            description="",
            changed_at=datetime(2026, 3, 1, tzinfo=UTC),
            sequence=3,
            cancelled=False,
        )
        raw = ics([entry], language="zh-CN")
        lines = raw.split(b"\r\n")
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert all(len(line) <= 75 and line.decode() is not None for line in lines)
        whole = raw.replace(b"\r\n ", b"").decode()
        assert "a\\,b\\;c\\\\d" in whole
        assert "LOCATION:Room 5\\nsecond floor" in whole
        assert whole.startswith("BEGIN:VCALENDAR\r\n")
        assert ics([entry], language="zh-CN") == raw


def test_it_takes_only_live_lessons_of_the_program(api: Api, group: Cohort) -> None:
    program = training.program()
    module = training.module(training.course(program))
    article = training.lesson(module)
    live = training.lesson(module, LessonKind.LIVE_SESSION)
    theirs = cohorts.cohort(program)
    for lesson, cohort, status in ((article, theirs, 422), (live, group, 422), (live, theirs, 201)):
        body = {"cohort_id": cohort.id, "lesson_id": lesson.id, **TIMES}
        assert api.staff("trainer").post(SESSIONS, body).status_code == status
