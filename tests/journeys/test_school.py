"""Mei at the business school, over HTTP: from her application to a renewed certificate."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import settings
from groupbuy.training.curriculum.facts import facts_of
from groupbuy.training.curriculum.reading import starter_programs
from groupbuy.training.jobs import (
    award_badges,
    close_sessions,
    divide_leaders,
    expire_attempts,
    remind_idle_leaders,
    remind_of_expiries,
    remind_of_sessions,
    turn_cohorts,
)
from tests.cli.test_commands import run
from tests.client import Api, Caller
from tests.journeys.headquarters import Shop, made
from tests.journeys.test_first_month import only_statement, publish_plan, settle
from tests.orders.test_api import refused

APRIL = "/hq/settlement-periods/2026-04"
DUE = (
    turn_cohorts,
    close_sessions,
    expire_attempts,
    award_badges,
    remind_idle_leaders,
    remind_of_sessions,
    remind_of_expiries,
)
EVENINGS = [{"weekday": day, "time": "19:30", "minutes": 60} for day in (1, 3, 5)]
HOST = "certified-host"


@dataclass
class School:
    """The school as its people use it: Rui teaches, Mei learns."""

    shop: Shop

    @property
    def rui(self) -> Caller:
        """Rui, who teaches."""
        return self.shop.api.staff("trainer", "rui")

    @property
    def mei(self) -> Caller:
        """Mei, who learns."""
        return self.shop.api.shopper("mei")

    def wait(self, until: datetime | None = None, **duration: float) -> None:
        """Let time pass, in the shop and in the school."""
        self.shop.wait(until, **duration)
        for due in DUE:
            due()
        run_pending()

    def program(self, title: str) -> dict[str, Any]:
        """Return a program as Mei sees it, with its lessons."""
        items = made(self.mei.get("/leader/programs"), 200)["items"]
        (found,) = [one for one in items if one["title"] == title]
        return made(self.mei.get(f"/leader/programs/{found['id']}"), 200)

    def steps(self, program_id: str) -> Iterator[dict[str, Any]]:
        """Yield the lessons of a program in their order."""
        shown = made(self.mei.get(f"/leader/programs/{program_id}"), 200)
        for course in shown["courses"]:
            for module in course["modules"]:
                yield from module["lessons"]

    def gather(self, program_id: str) -> list[dict[str, Any]]:
        """Let Rui plan a cohort of two weeks, and Mei join it; return its sessions."""
        first = self.shop.api.clock.now().date() + timedelta(days=7)
        body = {
            "program_id": program_id,
            "trainer_id": self.rui.id,
            "title_zh": "三月班",
            "title_en": "Class of March",
            "first_day": first.isoformat(),
            "last_day": (first + timedelta(days=13)).isoformat(),
            "capacity": 20,
            "open": True,
            "pattern": EVENINGS,
        }
        cohort = made(self.rui.post("/hq/cohorts", body))
        made(self.rui.post(f"/hq/cohorts/{cohort['id']}/timetable"))
        (open_one,) = made(self.mei.get("/leader/cohorts"), 200)["items"]
        made(self.mei.post(f"/leader/cohorts/{open_one['id']}/membership"))
        return list(made(self.mei.get("/leader/live-sessions"), 200)["items"])

    def attend(self, one: dict[str, Any]) -> dict[str, Any]:
        """Let Mei check in with the code that Rui shows, and stay to the end."""
        starts_at = datetime.fromisoformat(one["starts_at"])
        self.wait(until=starts_at - timedelta(minutes=30))
        self.wait(until=starts_at + timedelta(minutes=3))
        code = made(self.rui.get(f"/hq/live-sessions/{one['id']}/check-in-code"), 200)["code"]
        path = f"/leader/live-sessions/{one['id']}"
        refused(self.mei.post(f"{path}/check-in", {"code": "000000"}), 422, "check-in-code-wrong")
        made(self.mei.post(f"{path}/check-in", {"code": code}), 200)
        self.wait(until=datetime.fromisoformat(one["ends_at"]) + timedelta(minutes=6))
        return made(self.mei.get(path), 200)

    def make_up(self, one: dict[str, Any]) -> dict[str, Any]:
        """Let Mei miss a session, Rui put its replay up, and Mei watch it the next day."""
        self.wait(until=datetime.fromisoformat(one["ends_at"]) + timedelta(hours=2))
        path = f"/leader/live-sessions/{one['id']}"
        assert made(self.mei.get(path), 200)["status"] == "absent"
        shown = f"/hq/live-sessions/{one['id']}"
        version = made(self.rui.get(shown), 200)["version"]
        replay = {"replay_url": "https://video.example.com/review.mp4", "replay_s": 3_600}
        made(self.rui.patch(shown, replay, if_match=version), 200)
        self.wait(hours=15)
        seen = self.mei.post(f"{path}/replay-progress", {"spans": [[0, 1_800]]})
        assert made(seen, 200)["status"] == "absent"
        seen = self.mei.post(f"{path}/replay-progress", {"spans": [[1_700, 3_500]]})
        return made(seen, 200)

    def read(self, program_id: str) -> None:
        """Let Mei read all articles of a program, each when the one before is done."""
        for step in self.steps(program_id):
            if step["kind"] == "article":
                lesson = made(self.mei.get(f"/leader/lessons/{step['id']}"), 200)
                assert "##" in lesson["content"]["body"]
                self.wait(minutes=10)
                made(self.mei.post(f"/leader/lessons/{step['id']}/progress", {"read": True}), 200)

    def sit(self, lesson_id: str, *, knowing: int) -> dict[str, Any]:
        """Let Mei sit an assessment and answer so many questions rightly."""
        asked = made(self.mei.get(f"/leader/lessons/{lesson_id}/assessment"), 200)
        begun = self.mei.post(f"/leader/assessments/{asked['assessment_id']}/attempts")
        paper = made(begun)
        path = f"/leader/attempts/{paper['id']}"
        for question in paper["questions"][:knowing]:
            assert (question["right"], question["explanation"]) == (None, None)
            answer = {"answer": rightly(question)}
            made(self.mei.put(f"{path}/answers/{question['question_id']}", answer), 200)
        self.wait(minutes=11)
        return made(self.mei.post(f"{path}/submission"), 200)


def rightly(question: dict[str, Any]) -> Any:
    """Return what who has read the lessons answers, in the letters of the paper."""
    bank = {
        one.body["prompt_en"]: one.body
        for program in starter_programs(facts_of(settings()))
        for one in program.questions
    }
    body = bank[question["prompt"]]
    texts = {option["key"]: option["en"] for option in body.get("options", ())}
    letters = {option["text"]: option["key"] for option in question["options"]}
    right = body["right"]
    if question["kind"] == "single":
        return letters[texts[right]]
    if question["kind"] in ("multiple", "ordering"):
        return [letters[texts[key]] for key in right]
    return right


@pytest.fixture
def school(app: Flask, api: Api) -> School:
    """A shop with rice, a plan, the starter curriculum, and hosts who must be certified."""
    shop = Shop(api)
    shop.stock("Rice", price_fen=12_000, units=200)
    publish_plan(api)
    opened = School(shop)
    assert opened.rui.id
    assert run(app, "school", "install", "--by", "rui@groupbuy.example").exit_code == 0
    made(shop.hua.post("/hq/hosting-requirements", {"qualification": HOST}))
    return opened


def test_it_goes_from_an_application_to_a_renewed_certificate(school: School, api: Api) -> None:
    shop = school.shop

    # Mei is recruited. She may not host yet: that takes a certificate.
    mei_at = shop.recruit("mei")
    campaign = shop.campaign({"Rice": 10_000}, allotment=150, opens_in=timedelta(days=31))
    hosting = {
        "campaign_id": campaign,
        "community_id": mei_at["community"],
        "pickup_point_id": mei_at["point"],
    }
    missing = refused(school.mei.post("/leader/group-buys", hosting), 409, "qualification-missing")
    assert missing["qualifications"] == [HOST]

    # She joins a cohort, which enrols her; the program asks for twelve lessons.
    program = school.program("Choosing and selling")
    assert program["enrollment"] is None
    first, second, third, fourth, *_ = school.gather(program["id"])
    program = school.program("Choosing and selling")
    assert (program["enrollment"], program["required"], program["percent"]) == ("active", 12, 0)
    assert first["title"] == "Recommendation workshop"
    *_, locked = [one for one in school.steps(program["id"]) if one["kind"] == "article"]
    read = {"read": True}
    answer = school.mei.post(f"/leader/lessons/{locked['id']}/progress", read)
    refused(answer, 409, "lesson-locked")

    # She attends three sessions, misses one and makes it up by its replay.
    assert school.attend(first)["status"] == "present"
    assert school.make_up(second)["status"] == "makeup"
    assert school.attend(third)["status"] == "present"
    school.read(program["id"])
    assert school.attend(fourth)["status"] == "present"
    attended = made(school.mei.get("/leader/attendance"), 200)
    week = next(one for one in attended["weeks"] if one["week"] == "2026-03-09")
    assert (week["attended"], week["required"], week["compliant"]) == (3, 3, True)
    assert attended["streak"] == {"current": 1, "best": 1}

    # The assessment: once failed, once too soon, then passed.
    (exam,) = [one for one in school.steps(program["id"]) if one["kind"] == "assessment"]
    assert school.program("Choosing and selling")["percent"] == 91
    failed = school.sit(exam["id"], knowing=7)
    assert (failed["score_bps"], failed["passed"], failed["review_open"]) == (7_000, False, True)
    assert "(Lesson: " in failed["questions"][0]["explanation"]
    again = f"/leader/assessments/{failed['assessment_id']}/attempts"
    refused(school.mei.post(again), 409, "attempt-too-soon")
    refused(school.mei.post("/leader/group-buys", hosting), 409, "qualification-missing")
    school.wait(hours=1)
    assert school.sit(exam["id"], knowing=8)["passed"]

    # That completes the program and certifies her: a paper, and a page for whoever asks.
    assert school.program("Choosing and selling")["enrollment"] == "completed"
    (certificate,) = made(school.mei.get("/leader/certificates"), 200)["items"]
    assert (certificate["qualification"], certificate["state"]) == (HOST, "certified")
    paper = school.mei.get(f"/leader/certificates/{certificate['id']}/pdf")
    assert paper.data.startswith(b"%PDF")
    shown = made(api.anonymous.get(f"/certificates/{certificate['number']}"), 200)
    assert shown["state"] == "certified"
    assert "Mei" not in str(shown)
    assert api.anonymous.get(f"/verify/{certificate['number']}").status_code == 200

    # Now she may host. She sells in April, Tao does not; April is settled, answered, locked.
    group_buy = made(school.mei.post("/leader/group-buys", hosting))
    shop.recruit("tao")
    school.wait(until=datetime.fromisoformat("2026-04-03T10:00:00+08:00"))
    order = shop.order("bo", group_buy["id"], {"Rice": 100})
    shop.pay("bo", order["id"])
    school.wait(days=1)
    shop.deliver(mei_at["point"])
    shop.hand_over("mei", "bo", order["id"])
    school.wait(hours=24)
    school.wait(until=datetime.fromisoformat("2026-05-08T00:10:00+08:00"))
    settle(api, APRIL)
    statement = only_statement(api, "2026-04")
    assert (statement["volume_fen"], statement["sales_fen"]) == (1_000_000, 100_000)
    school.wait(days=4)
    made(api.staff("approver", "qiao").post(f"{APRIL}/lock"), 200)

    # The month ends her in a coaching segment: of two who are ranked she is the head.
    divide_leaders()
    run_pending()
    places = made(school.rui.get("/hq/coaching/segments", month="2026-04"), 200)["items"]
    assert [(one["rank"], one["segment"], one["net_fen"]) for one in places] == [
        (1, "head", 1_000_000),
        (2, "tail", 0),
    ]
    own = made(school.mei.get("/leader/coaching"), 200)
    assert [(one["month"], one["segment"]) for one in own["segments"]] == [("2026-04", "head")]

    # A year later she renews within the window, and loses no day of the old certificate.
    expires_on = datetime.fromisoformat(certificate["expires_on"]).date()
    school.wait(days=300)
    school.wait(hours=10)  # nobody is reminded at night
    assert expires_on - api.clock.at.date() < timedelta(days=60)
    path = f"/leader/certificates/{certificate['id']}"
    assert made(school.mei.get(path), 200)["state"] == "expiring"
    assert school.sit(exam["id"], knowing=10)["score_bps"] == 10_000
    renewed = made(school.mei.get(path), 200)
    assert renewed["state"] == "certified"
    assert renewed["expires_on"] == (expires_on + timedelta(days=365)).isoformat()
    assert [term["cause"] for term in renewed["terms"]] == [
        "program_completed",
        "assessment_passed",
    ]

    # All along she was told what she had to know.
    notices = made(school.mei.get("/me/notices", limit=100), 200)["items"]
    told = {one["kind"] for one in notices}
    assert {"live_session", "program_completed", "certificate_expiring"} <= told

    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken
