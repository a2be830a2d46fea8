"""Attendance: check-in, replays, corrections, the sheet, one's own weeks."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from blinker import Signal
from flask import Flask
from openpyxl import load_workbook

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.limits import limiter
from groupbuy.leaders.models import Leader
from groupbuy.training import signals
from groupbuy.training.jobs import close_sessions
from groupbuy.training.models import Attendance, Cohort, LessonRecord, LiveSession
from groupbuy.training.rules.content import LessonKind
from tests.client import Api
from tests.factories import cohorts, leaders, training
from tests.factories.cohorts import checked_in, code_of
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

OWN = "/leader/live-sessions"
HQ = "/hq/live-sessions"
BEGIN = datetime(2026, 3, 3, 11, 30, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)
REPLAY = {"replay_url": "https://media.example/1.mp4", "replay_s": 1000}


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


@pytest.fixture
def mei(api: Api) -> Leader:
    return leaders.leader(by=api.shopper("mei").id, name="Mei")


@pytest.fixture
def lesson_group(mei: Leader) -> tuple[str, Cohort]:
    """A live lesson, and a cohort of its program that Mei is in."""
    program = training.program()
    lesson = training.lesson(training.module(training.course(program)), LessonKind.LIVE_SESSION)
    return lesson.id, cohorts.cohort(program, leaders=[mei])


@pytest.fixture
def one(lesson_group: tuple[str, Cohort]) -> LiveSession:
    """A session of an hour that Mei is to come to, on a live lesson."""
    lesson_id, group = lesson_group
    return cohorts.live_session(group, at=BEGIN, lesson_id=lesson_id)


def decided(api: Api, one: LiveSession, *items: dict[str, Any]) -> dict[str, Any]:
    body = {"items": list(items), "reason": "I saw it."}
    return made(api.staff("trainer").post(f"{HQ}/{one.id}/attendance-decisions", body))


def completed() -> bool:
    session().expire_all()
    record = session().query(LessonRecord).one_or_none()
    return record is not None and record.completed_at is not None


class TestCheckIn:
    """POST /leader/live-sessions/{id}/check-in and …/check-out"""

    def test_it_checks_in_with_the_trainers_code(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        clock.at = at(-15)
        shown = made(api.staff("trainer").get(f"{HQ}/{one.id}/check-in-code"), 200)
        assert shown["shown_until"] == at(-14).isoformat()
        assert (shown["opens_at"], shown["closes_at"]) == (at(-15).isoformat(), END.isoformat())
        leader, path = api.shopper("mei"), f"{OWN}/{one.id}/check-in"
        there = made(leader.post(path, {"code": shown["code"].lower()}), 200)
        assert (there["status"], there["present_s"]) == ("present", 3600)
        assert there["checked_in_at"] == at(-15).isoformat()
        clock.at = at(20)
        again = made(leader.post(path, {"code": code_of(one)}), 200)
        assert (again["status"], again["checked_in_at"]) == ("present", there["checked_in_at"])
        assert not completed()
        clock.at = END
        close_sessions()
        close_sessions()
        assert completed()

    @pytest.mark.parametrize(("minute", "expected"), [(10, "present"), (11, "late")])
    def test_it_is_late_after_the_grace(
        self, api: Api, one: LiveSession, clock: ManualClock, minute: int, expected: str
    ) -> None:
        clock.at = at(minute)
        answer = api.shopper("mei").post(f"{OWN}/{one.id}/check-in", {"code": code_of(one)})
        assert made(answer, 200)["status"] == expected
        clock.at = END
        close_sessions()
        assert completed()

    @pytest.mark.parametrize("minute", [-16, 60])
    def test_it_is_open_only_around_the_session(
        self, api: Api, one: LiveSession, clock: ManualClock, minute: int
    ) -> None:
        clock.at = at(minute)
        leader, body = api.shopper("mei"), {"code": code_of(one)}
        problem = refused(leader.post(f"{OWN}/{one.id}/check-in", body), 409, "check-in-closed")
        assert problem["closes_at"] == END.isoformat()
        refused(leader.post(f"{OWN}/{one.id}/check-out"), 409, "check-in-closed")

    def test_it_refuses_wrong_codes_strangers_and_cancelled_sessions(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        clock.at, path = BEGIN, f"{OWN}/{one.id}"
        refused(
            api.shopper("mei").post(f"{path}/check-in", {"code": "AAAAAA"}),
            422,
            "check-in-code-wrong",
        )
        leaders.leader(by=api.shopper("tao").id)
        tao = api.shopper("tao")
        refused(tao.post(f"{path}/check-in", {"code": code_of(one)}), 404, "not-found")
        refused(tao.post(f"{path}/check-out"), 404, "not-found")
        spans = {"spans": [[0, 10]]}
        refused(tao.post(f"{path}/replay-progress", spans), 404, "not-found")
        assert session().query(Attendance).count() == 0
        reason = {"reason": "Ill."}
        trainer = api.staff("trainer")
        made(trainer.post(f"{HQ}/{one.id}/cancellation", reason), 200)
        answer = api.shopper("mei").post(f"{path}/check-in", {"code": code_of(one)})
        assert refused(answer, 409, "session-cancelled")["reason"] == "Ill."
        refused(api.shopper("mei").post(f"{path}/check-out"), 409, "session-cancelled")
        refused(api.shopper("mei").post(f"{path}/replay-progress", spans), 409, "session-cancelled")
        refused(trainer.get(f"{HQ}/{one.id}/check-in-code"), 409, "session-cancelled")

    def test_it_counts_presence_to_the_last_check_out(
        self, api: Api, one: LiveSession, clock: ManualClock
    ) -> None:
        leader, path = api.shopper("mei"), f"{OWN}/{one.id}"
        clock.at = BEGIN
        refused(leader.post(f"{path}/check-out"), 409, "not-checked-in")
        made(leader.post(f"{path}/check-in", {"code": code_of(one)}), 200)
        clock.at = at(30)
        left = made(leader.post(f"{path}/check-out"), 200)
        assert (left["status"], left["present_s"]) == ("absent", 1800)
        clock.at = at(50)
        assert made(leader.post(f"{path}/check-out"), 200)["status"] == "present"

    def test_it_counts_nothing_of_a_session_that_is_cancelled_meanwhile(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        clock.at = BEGIN
        checked_in(mei, one)
        path = f"{HQ}/{one.id}"
        made(api.staff("trainer").post(f"{path}/cancellation", {"reason": "No light."}), 200)
        clock.at = END
        close_sessions()
        assert not completed()
        weeks = api.shopper("mei").get("/leader/attendance").json["weeks"]
        assert (weeks[-1]["scheduled"], weeks[-1]["attended"]) == (0, 0)
        assert api.staff("trainer").get(f"{path}/attendance").json["items"] == []

    def test_it_limits_guesses(
        self,
        app: Flask,
        api: Api,
        one: LiveSession,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        clock.at = BEGIN
        leader, path = api.shopper("mei"), f"{OWN}/{one.id}/check-in"
        monkeypatch.setattr(limiter, "enabled", True)
        codes = [leader.post(path, {"code": "AAAAAA"}).status_code for _ in range(125)]
        monkeypatch.setattr(limiter, "enabled", False)
        assert set(codes) == {422, 429}
        assert codes[-1] == 429

    def test_it_announces_once_that_a_session_was_attended(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        heard: list[Any] = []

        def hear(sender: Any, **facts: Any) -> None:
            heard.append((sender.leader_id, facts["now"]))

        signal: Signal = signals.session_attended
        clock.at = BEGIN
        with signal.connected_to(hear):
            checked_in(mei, one)
            assert heard == []
            clock.at = END
            close_sessions()
            who = {"leader_id": mei.id}
            decided(api, one, {**who, "kind": "correct", "present_s": 0})
            decided(api, one, {**who, "kind": "uncorrect"})
        assert heard == [(mei.id, END)]


class TestReplay:
    """POST /leader/live-sessions/{id}/replay-progress"""

    def test_it_makes_a_missed_session_up_within_two_days(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        leader, path = api.shopper("mei"), f"{OWN}/{one.id}"
        clock.at = END
        spans = {"spans": [[0, 500]]}
        refused(leader.post(f"{path}/replay-progress", spans), 409, "replay-closed")
        trainer = api.staff("trainer")
        made(trainer.patch(f"{HQ}/{one.id}", REPLAY, if_match=1), 200)
        assert leader.get(path).json["replay_url"] == REPLAY["replay_url"]
        half = made(leader.post(f"{path}/replay-progress", spans), 200)
        assert (half["status"], half["watched_s"]) == ("absent", 500)
        again = made(leader.post(f"{path}/replay-progress", spans), 200)
        assert again["watched_s"] == 500
        clock.at = END + timedelta(hours=47)
        rest = {"spans": [[850, 80_000], [400, 800]]}
        whole = made(leader.post(f"{path}/replay-progress", rest), 200)
        assert (whole["status"], whole["watched_s"]) == ("makeup", 950)
        assert completed()
        weeks = leader.get("/leader/attendance").json["weeks"]
        assert (weeks[-1]["attended"], weeks[-1]["compliant"]) == (1, True)
        sheet = trainer.get(f"{HQ}/{one.id}/attendance").json
        assert sheet["counts"]["makeup"] == 1

    @pytest.mark.parametrize("when", [END - timedelta(seconds=1), END + timedelta(hours=48)])
    def test_it_is_closed_before_the_end_and_after_two_days(
        self, api: Api, one: LiveSession, clock: ManualClock, when: datetime
    ) -> None:
        with transaction():
            one.replay_url, one.replay_s = "https://media.example/1.mp4", 1000
        clock.at = when
        answer = api.shopper("mei").post(f"{OWN}/{one.id}/replay-progress", {"spans": [[0, 1000]]})
        refused(answer, 409, "replay-closed")

    @pytest.mark.parametrize("spans", [[], [[1]], [[0, 1, 2]], [[-1, 5]], [["a", 5]], None])
    def test_it_refuses_what_are_no_spans(self, api: Api, one: LiveSession, spans: Any) -> None:
        answer = api.shopper("mei").post(f"{OWN}/{one.id}/replay-progress", {"spans": spans})
        refused(answer, 422, "invalid-input")


class TestSheet:
    """/hq/live-sessions/{id}/attendance"""

    def test_it_shows_everybody_by_name(
        self, api: Api, mei: Leader, lesson_group: tuple[str, Cohort], clock: ManualClock
    ) -> None:
        group = lesson_group[1]
        tao = leaders.leader(name="Tao")
        trainer = api.staff("trainer")
        made(trainer.post(f"/hq/cohorts/{group.id}/members", {"leader_ids": [tao.id]}))
        one = cohorts.live_session(group, at=BEGIN)
        path = f"{HQ}/{one.id}/attendance"
        assert [row["status"] for row in trainer.get(path).json["items"]] == ["expected"] * 2
        clock.at = BEGIN
        checked_in(tao, one)
        assert [row["status"] for row in trainer.get(path).json["items"]] == ["expected", "present"]
        clock.at = END
        sheet = made(api.staff("auditor").get(path), 200)
        assert [(row["name"], row["status"]) for row in sheet["items"]] == [
            ("Mei", "absent"),
            ("Tao", "present"),
        ]
        assert sheet["session"]["id"] == one.id
        assert (sheet["counts"]["absent"], sheet["counts"]["present"]) == (1, 1)

    def test_it_downloads_the_sheet(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        clock.at = at(3)
        checked_in(mei, one)
        path, trainer = f"{HQ}/{one.id}/attendance/file", api.staff("trainer")
        csv = trainer.get(path, format="csv", language="zh-CN")
        assert csv.headers["Content-Disposition"].startswith("attachment; filename=")
        heading, row = csv.data.decode("utf-8-sig").splitlines()
        assert heading.startswith('"团长编号","姓名","出勤情况"')
        assert f'"{mei.id}","Mei","出勤","2026-03-03 19:33:00+08:00","","57"' in row
        book = load_workbook(io.BytesIO(trainer.get(path).data))
        assert [cell.value for cell in book.active[2]][1:3] == ["Mei", "Present"]
        refused(trainer.get(path, format="pdf"), 422, "invalid-input")

    def test_it_corrects_a_whole_sheet_and_takes_it_back(
        self, api: Api, mei: Leader, lesson_group: tuple[str, Cohort], clock: ManualClock
    ) -> None:
        lesson_id, group = lesson_group
        tao, bo = leaders.leader(name="Tao"), leaders.leader(name="Bo")
        ids = {"leader_ids": [tao.id, bo.id]}
        made(api.staff("trainer").post(f"/hq/cohorts/{group.id}/members", ids))
        one = cohorts.attended(group, tao, at=BEGIN, lesson_id=lesson_id)
        sheet = decided(
            api,
            one,
            {"leader_id": mei.id, "kind": "correct", "present_s": 3600},
            {"leader_id": tao.id, "kind": "correct", "present_s": 60},
            {"leader_id": bo.id, "kind": "correct", "present_s": 2000, "late": True},
        )
        named = {row["name"]: row for row in sheet["items"]}
        assert {name: row["status"] for name, row in named.items()} == {
            "Mei": "present",
            "Tao": "absent",
            "Bo": "late",
        }
        assert named["Tao"]["corrected"]
        assert session().query(LessonRecord).filter_by(lesson_id=lesson_id).count() == 3
        back = decided(api, one, {"leader_id": tao.id, "kind": "uncorrect"})
        assert {row["name"]: row["status"] for row in back["items"]}["Tao"] == "present"
        path, trainer = f"{HQ}/{one.id}/attendance-decisions", api.staff("trainer")
        page = made(trainer.get(path, leader=tao.id), 200)["items"]
        assert [(row["kind"], row["present_s"]) for row in page] == [
            ("uncorrect", None),
            ("correct", 60),
        ]
        assert (page[0]["reason"], page[0]["decided_by"]) == ("I saw it.", trainer.id)
        assert len(trainer.get(path).json["items"]) == 4

    def test_it_keeps_the_lesson_of_an_attendance_that_is_taken_back(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        clock.at = BEGIN
        checked_in(mei, one)
        clock.at = END
        close_sessions()
        decided(api, one, {"leader_id": mei.id, "kind": "correct", "present_s": 0})
        assert completed()
        assert api.shopper("mei").get(f"{OWN}/{one.id}").json["status"] == "absent"

    def test_it_excuses_in_advance_and_takes_it_back(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        sheet = decided(api, one, {"leader_id": mei.id, "kind": "excuse"})
        assert [row["status"] for row in sheet["items"]] == ["excused"]
        leader = api.shopper("mei")
        week = leader.get("/leader/attendance").json["weeks"][-1]
        assert (week["scheduled"], week["excused"], week["required"]) == (1, 1, 0)
        sheet = decided(api, one, {"leader_id": mei.id, "kind": "unexcuse"})
        assert [row["status"] for row in sheet["items"]] == ["expected"]
        week = leader.get("/leader/attendance").json["weeks"][-1]
        assert (week["excused"], week["required"], week["compliant"]) == (0, 1, False)
        clock.at = END
        close_sessions()
        assert not completed()

    def test_it_refuses_decisions_that_make_no_sense(
        self, api: Api, mei: Leader, one: LiveSession, clock: ManualClock
    ) -> None:
        trainer, path = api.staff("trainer"), f"{HQ}/{one.id}/attendance-decisions"
        stranger = leaders.leader()

        def post(*items: dict[str, Any]) -> Any:
            return trainer.post(path, {"items": list(items), "reason": "So."})

        correct = {"leader_id": mei.id, "kind": "correct", "present_s": 60}
        refused(post(correct), 409, "session-not-begun")
        clock.at = BEGIN
        for item, pointer in (
            ({"leader_id": stranger.id, "kind": "excuse"}, "/items/0/leader_id"),
            ({**correct, "present_s": 3601}, "/items/0/present_s"),
            ({**correct, "present_s": None}, "/items/0/present_s"),
            ({"leader_id": mei.id, "kind": "excuse", "present_s": 1}, "/items/0/present_s"),
            ({**correct, "kind": "praise"}, "/items/0/kind"),
        ):
            problem = refused(post(item), 422, "invalid-input")
            assert problem["errors"][0]["pointer"] == pointer
        problem = refused(post(correct, correct), 422, "invalid-input")
        assert problem["errors"][0]["pointer"] == "/items/1/leader_id"
        refused(trainer.post(path, {"items": [correct], "reason": ""}), 422, "invalid-input")
        made(trainer.post(f"{HQ}/{one.id}/cancellation", {"reason": "No."}), 200)
        refused(post(correct), 409, "session-cancelled")

    def test_it_lets_trainers_decide_and_headquarters_read(
        self, api: Api, mei: Leader, one: LiveSession
    ) -> None:
        nobody = f"{HQ}/lvs_{'0' * 32}"
        body = {"items": [{"leader_id": mei.id, "kind": "excuse"}], "reason": "So."}
        for path in ("attendance", "attendance/file", "attendance-decisions"):
            assert api.anonymous.get(f"{HQ}/{one.id}/{path}").status_code == 401
            assert api.shopper("mei").get(f"{HQ}/{one.id}/{path}").status_code == 403
            assert api.staff("operator").get(f"{HQ}/{one.id}/{path}").status_code == 200
            refused(api.staff("trainer").get(f"{nobody}/{path}"), 404, "not-found")
        for outsider in (api.shopper("mei"), api.staff("operator")):
            path = f"{HQ}/{one.id}"
            assert outsider.post(f"{path}/attendance-decisions", body).status_code == 403
            assert outsider.get(f"{path}/check-in-code").status_code == 403
        trainer = api.staff("trainer")
        refused(trainer.get(f"{nobody}/check-in-code"), 404, "not-found")
        refused(trainer.post(f"{nobody}/attendance-decisions", body), 404, "not-found")
