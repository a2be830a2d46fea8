"""Certifications and certificates over HTTP."""

import re
from typing import Any

import pytest

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.kernel.limits import limiter
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Program
from groupbuy.training.rules.content import LessonKind
from tests.client import Answer, Api, Caller
from tests.factories import leaders, training
from tests.journeys.headquarters import made

CERTIFICATIONS, CERTIFICATES = "/hq/certifications", "/hq/certificates"
NOBODY = f"{CERTIFICATES}/crt_{'0' * 32}"
NOWHERE = f"{CERTIFICATIONS}/ctn_{'0' * 32}"


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


@pytest.fixture
def trainer(api: Api) -> Caller:
    return api.staff("trainer")


@pytest.fixture
def mei(api: Api) -> Leader:
    return leaders.leader(by=api.shopper("mei").id, name="梅丽")


def drafted(trainer: Caller, code: str = "fresh-goods", **fields: Any) -> dict[str, Any]:
    body = {
        "code": code,
        "title_zh": "生鲜经营",
        "title_en": "Fresh goods",
        "program_id": training.program().id,
        **fields,
    }
    return made(trainer.post(CERTIFICATIONS, body))


def published(trainer: Caller, **fields: Any) -> dict[str, Any]:
    certification = drafted(trainer, **fields)
    return made(trainer.post(f"{CERTIFICATIONS}/{certification['id']}/publication"), 200)


def issued(trainer: Caller, leader: Leader, certification: dict[str, Any]) -> dict[str, Any]:
    body = {"certification_id": certification["id"], "leader_id": leader.id}
    return made(trainer.post(CERTIFICATES, {**body, "reason": "Trained before."}))


class TestCertifications:
    """/hq/certifications"""

    def test_it_drafts_edits_publishes_and_retires(self, api: Api, trainer: Caller) -> None:
        draft = drafted(trainer)
        assert (draft["state"], draft["validity_days"], draft["renewal_window_days"]) == (
            "draft",
            365,
            60,
        )
        path = f"{CERTIFICATIONS}/{draft['id']}"
        lesson = training.lesson(
            training.module(training.course(training.program())), LessonKind.ASSESSMENT
        )
        change = {"validity_days": 180, "renewal_lesson_id": lesson.id}
        edited = made(trainer.patch(path, change, if_match=draft["version"]), 200)
        assert (edited["validity_days"], edited["renewal_lesson_id"]) == (180, lesson.id)
        refused(trainer.patch(path, change, if_match=draft["version"]), 412, "stale-version")
        assert made(trainer.post(f"{path}/publication"), 200)["state"] == "published"
        refused(trainer.post(f"{path}/publication"), 409, "not-in-this-state")
        (known,) = made(api.staff("operator").get("/hq/qualifications"), 200)["items"]
        assert known == {"code": "fresh-goods", "title_zh": "生鲜经营", "title_en": "Fresh goods"}
        shown = made(api.staff("auditor").get(path), 200)
        change = {"title_en": "Fresh and frozen"}
        made(trainer.patch(path, change, if_match=shown["version"]), 200)
        (known,) = made(api.staff("operator").get("/hq/qualifications"), 200)["items"]
        assert known["title_en"] == "Fresh and frozen"
        assert made(trainer.post(f"{path}/retirement"), 200)["state"] == "retired"
        refused(trainer.post(f"{path}/retirement"), 409, "not-in-this-state")

    def test_it_lists_and_filters(self, trainer: Caller) -> None:
        first, second = drafted(trainer, "one"), published(trainer, code="two")

        def ids(**filters: str) -> list[str]:
            return [c["id"] for c in made(trainer.get(CERTIFICATIONS, **filters), 200)["items"]]

        assert ids() == [second["id"], first["id"]]
        assert ids(state="draft") == [first["id"]]
        assert ids(program=second["program_id"]) == [second["id"]]

    def test_it_throws_a_draft_away_but_nothing_else(self, trainer: Caller) -> None:
        draft, other = drafted(trainer, "one"), published(trainer, code="two")
        path = f"{CERTIFICATIONS}/{draft['id']}"
        refused(trainer.delete(path, if_match=7), 412, "stale-version")
        assert trainer.delete(path, if_match=draft["version"]).status_code == 204
        refused(trainer.get(path), 404, "not-found")
        answer = trainer.delete(f"{CERTIFICATIONS}/{other['id']}", if_match=other["version"])
        refused(answer, 409, "not-in-this-state")

    def test_it_refuses_what_makes_no_sense(self, trainer: Caller) -> None:
        draft = drafted(trainer)
        body = {"code": "fresh-goods", "title_zh": "生", "title_en": "F"}
        program = {"program_id": draft["program_id"]}
        answer = trainer.post(CERTIFICATIONS, {**body, **program})
        refused(answer, 409, "certification-code-taken")
        article = training.lesson(training.module(training.course(training.program())))
        for wrong, pointer in (
            ({"program_id": f"prg_{'0' * 32}"}, "/program_id"),
            ({**program, "renewal_lesson_id": article.id}, "/renewal_lesson_id"),
            ({**program, "renewal_lesson_id": f"lsn_{'0' * 32}"}, "/renewal_lesson_id"),
            ({**program, "validity_days": 60}, "/renewal_window_days"),
        ):
            told = refused(
                trainer.post(CERTIFICATIONS, {**body, "code": "x", **wrong}), 422, "invalid-input"
            )
            assert [error["pointer"] for error in told["errors"]] == [pointer]
        path = f"{CERTIFICATIONS}/{draft['id']}"
        answer = trainer.patch(path, {"renewal_window_days": 365}, if_match=draft["version"])
        refused(answer, 422, "invalid-input")


class TestCertificates:
    """/hq/certificates"""

    def test_it_issues_by_hand_and_shows_why(self, api: Api, trainer: Caller, mei: Leader) -> None:
        certification = published(trainer)
        body = {
            "certification_id": certification["id"],
            "leader_id": mei.id,
            "reason": "Trained in our first class.",
            "earned_on": "2026-02-01",
        }
        shown = made(trainer.post(CERTIFICATES, body))
        assert (shown["holder"], shown["state"], shown["expires_on"]) == (
            "梅丽",
            "certified",
            "2027-02-01",
        )
        assert (shown["issue_reason"], shown["issued_by"]) == (body["reason"], trainer.id)
        (term,) = shown["terms"]
        assert (term["cause"], term["reason"]) == ("issued_by_hand", body["reason"])
        assert re.fullmatch(r"2026-(\d{4}-){3}\d\d", shown["number"])
        held = refused(trainer.post(CERTIFICATES, body), 409, "certificate-held")
        assert held["certificate_id"] == shown["id"]
        answer = trainer.post(CERTIFICATES, {**body, "leader_id": f"ldr_{'0' * 32}"})
        refused(answer, 404, "not-found")
        draft = drafted(trainer, "other")
        answer = trainer.post(CERTIFICATES, {**body, "certification_id": draft["id"]})
        refused(answer, 409, "not-in-this-state")
        answer = trainer.post(CERTIFICATES, {**body, "earned_on": "2026-12-31"})
        refused(answer, 422, "invalid-input")
        (entry,) = api.staff("auditor").get("/hq/audit-log", subject=shown["id"]).json["items"]
        assert (entry["action"], entry["facts"]["reason"]) == ("certificate.issue", body["reason"])

    def test_it_lists_and_filters(self, trainer: Caller, mei: Leader, clock: ManualClock) -> None:
        first, second = published(trainer, code="one"), published(trainer, code="two")
        old = issued(trainer, mei, first)
        clock.advance(days=30)
        new = issued(trainer, leaders.leader(), second)

        def ids(**filters: Any) -> list[str]:
            return [c["id"] for c in made(trainer.get(CERTIFICATES, **filters), 200)["items"]]

        assert ids() == [new["id"], old["id"]]
        assert ids(leader=mei.id) == ids(certification=first["id"]) == [old["id"]]
        clock.advance(days=300)
        assert ids(expiring_within_days=34) == []
        assert ids(expiring_within_days=35) == ids(state="expiring") == [old["id"]]
        clock.advance(days=40)
        assert ids(state="expired") == [old["id"]]
        made(trainer.post(f"{CERTIFICATES}/{new['id']}/revocation", {"reason": "No."}), 200)
        assert ids(state="revoked") == [new["id"]]
        assert ids(state="certified") == ids(expiring_within_days=100) == []

    def test_it_renews_and_revokes_for_a_reason(
        self, trainer: Caller, mei: Leader, clock: ManualClock
    ) -> None:
        shown = issued(trainer, mei, published(trainer))
        path, why = f"{CERTIFICATES}/{shown['id']}", {"reason": "Passed on paper."}
        told = refused(trainer.post(f"{path}/renewal", why), 409, "nothing-to-renew")
        assert told["renewable_from"] == "2027-01-01"
        clock.advance(days=330)
        after = made(trainer.post(f"{path}/renewal", why), 200)
        assert (after["expires_on"], len(after["terms"])) == ("2028-03-01", 2)
        assert after["terms"][1]["starts_at"] == after["terms"][0]["until_at"]
        why = {"reason": "Somebody else took the assessment."}
        refused(trainer.post(f"{path}/revocation", {"reason": " "}), 422, "invalid-input")
        after = made(trainer.post(f"{path}/revocation", why), 200)
        assert (after["state"], after["revoked_by"], after["revocation_reason"]) == (
            "revoked",
            trainer.id,
            why["reason"],
        )
        for action in ("renewal", "revocation"):
            refused(trainer.post(f"{path}/{action}", why), 409, "not-in-this-state")

    def test_it_lets_trainers_decide_and_readers_read(self, api: Api, trainer: Caller) -> None:
        why = {"reason": "No."}
        body = {"certification_id": f"ctn_{'0' * 32}", "leader_id": f"ldr_{'0' * 32}", **why}
        posts = [
            (CERTIFICATIONS, {}),
            (f"{NOWHERE}/publication", {}),
            (f"{NOWHERE}/retirement", {}),
            (CERTIFICATES, body),
            (f"{NOBODY}/renewal", why),
            (f"{NOBODY}/revocation", why),
        ]
        for path, sent in posts:
            assert api.anonymous.post(path, sent).status_code == 401
            for outsider in (api.shopper("zed"), api.staff("operator"), api.staff("auditor")):
                assert outsider.post(path, sent).status_code == 403
        for path, sent in posts[1:]:
            refused(trainer.post(path, sent), 404, "not-found")
        for path in (CERTIFICATIONS, NOWHERE, CERTIFICATES, NOBODY, f"{NOBODY}/pdf"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403
        refused(api.staff("operator").get(NOBODY), 404, "not-found")
        refused(trainer.patch(NOWHERE, {}, if_match=1), 404, "not-found")
        assert api.shopper("zed").patch(NOWHERE, {}, if_match=1).status_code == 403
        assert api.shopper("zed").delete(NOWHERE, if_match=1).status_code == 403


class TestOwn:
    """/leader/certificates and /leader/certifications"""

    def test_it_shows_where_a_leader_stands(self, api: Api, trainer: Caller, mei: Leader) -> None:
        certification = published(trainer)
        mine = api.shopper("mei")

        def standing() -> tuple[Any, ...]:
            (shown,) = made(mine.get("/leader/certifications"), 200)["items"]
            assert shown["title"] == "Fresh goods"
            return shown["state"], shown["percent"], shown["certificate_id"]

        assert standing() == (None, None, None)
        learnt = session().get_one(Program, certification["program_id"])
        training.lesson(training.module(training.course(learnt)))
        training.enrolled(mei, program=learnt)
        assert standing() == ("in_progress", 0, None)
        shown = issued(trainer, mei, certification)
        assert standing() == ("certified", 0, shown["id"])

    def test_it_shows_and_prints_only_ones_own(
        self, api: Api, trainer: Caller, mei: Leader
    ) -> None:
        shown = issued(trainer, mei, published(trainer))
        path = f"/leader/certificates/{shown['id']}"
        leaders.leader(by=api.shopper("zed").id)
        own = made(api.shopper("mei").get(path, language="zh-CN"), 200)
        assert (own["title"], own["number"], len(own["terms"])) == (
            "生鲜经营",
            shown["number"],
            1,
        )
        assert "issued_by" not in own
        assert "recorded_by" not in own["terms"][0]
        (listed,) = made(api.shopper("mei").get("/leader/certificates"), 200)["items"]
        assert listed["id"] == shown["id"]
        assert made(api.shopper("zed").get("/leader/certificates"), 200)["items"] == []
        for way in (path, f"{path}/pdf"):
            refused(api.shopper("zed").get(way), 404, "not-found")
            assert api.shopper("bo").get(way).status_code == 403
            assert api.anonymous.get(way).status_code == 401
        answer = api.shopper("mei").get(f"{path}/pdf")
        assert (answer.headers["Content-Type"], answer.data[:5]) == ("application/pdf", b"%PDF-")
        assert shown["number"] in answer.headers["Content-Disposition"]
        assert api.shopper("mei").get(f"{path}/pdf").data == answer.data
        assert trainer.get(f"{CERTIFICATES}/{shown['id']}/pdf").data == answer.data

    def test_it_tells_the_leader_why_it_was_revoked(
        self, api: Api, trainer: Caller, mei: Leader
    ) -> None:
        shown = issued(trainer, mei, published(trainer))
        why = {"reason": "Copied answers."}
        made(trainer.post(f"{CERTIFICATES}/{shown['id']}/revocation", why), 200)
        own = made(api.shopper("mei").get(f"/leader/certificates/{shown['id']}"), 200)
        assert (own["state"], own["revocation_reason"]) == ("revoked", "Copied answers.")
        assert api.shopper("mei").get(f"/leader/certificates/{shown['id']}/pdf").status_code == 200
        (qualified,) = made(api.shopper("mei").get("/leader/qualifications"), 200)["items"]
        assert qualified["ended_at"] == own["revoked_at"]


class TestVerification:
    """GET /certificates/{number}, and the page that a scan opens"""

    def test_it_tells_anybody_whether_it_holds_and_no_more(
        self, api: Api, trainer: Caller, mei: Leader, clock: ManualClock
    ) -> None:
        number = issued(trainer, mei, published(trainer))["number"]
        told = made(api.anonymous.get(f"/certificates/{number}"), 200)
        assert told == {
            "number": number,
            "title": "Fresh goods",
            "holder": "梅*",
            "state": "certified",
            "valid": True,
            "issued_on": "2026-03-02",
            "expires_on": "2027-03-02",
        }
        typed = number.replace("-", " ")
        assert made(api.shopper("zed").get(f"/certificates/{typed}"), 200) == told
        clock.advance(days=350)
        assert made(api.anonymous.get(f"/certificates/{number}"), 200) == told

    @pytest.mark.parametrize("number", ["2026-0000-0000-0000-00", "2026", "%3Cb%3E"])
    def test_it_knows_no_other_numbers(self, api: Api, number: str) -> None:
        refused(api.anonymous.get(f"/certificates/{number}"), 404, "not-found")
        page = api.anonymous.get(f"/verify/{number}")
        assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "No certificate has this number" in page.text
        assert "<b>" not in page.text

    def test_it_shows_a_page_in_both_languages(
        self, api: Api, trainer: Caller, mei: Leader
    ) -> None:
        number = issued(trainer, mei, published(trainer))["number"]
        page = api.anonymous.get(f"/verify/{number}", language="zh-CN")
        assert page.status_code == 200
        assert '<html lang="zh-CN">' in page.text
        for seen in ("生鲜经营", "有效", "梅*", number, "2026-03-02", "2027-03-02"):
            assert seen in page.text
        for hidden in ("梅丽", mei.id, "Trained before"):
            assert hidden not in page.text
        assert "Valid" in api.anonymous.get(f"/verify/{number}").text
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in page.headers

    def test_it_escapes_what_people_wrote(self, api: Api, trainer: Caller) -> None:
        nasty = leaders.leader(name="<script>alert(1)</script>")
        certification = published(trainer, title_en="<img src=x onerror=alert(1)>")
        number = issued(trainer, nasty, certification)["number"]
        page = api.anonymous.get(f"/verify/{number}").text
        assert "<img" not in page
        assert "<script" not in page
        assert "&lt;img src=x" in page

    def test_it_says_revoked_and_expired_without_a_reason(
        self, api: Api, trainer: Caller, mei: Leader, clock: ManualClock
    ) -> None:
        shown = issued(trainer, mei, published(trainer))
        clock.advance(days=366)
        assert made(api.anonymous.get(f"/certificates/{shown['number']}"), 200)["valid"] is False
        assert "Expired" in api.anonymous.get(f"/verify/{shown['number']}").text
        why = {"reason": "Copied answers."}
        made(trainer.post(f"{CERTIFICATES}/{shown['id']}/revocation", why), 200)
        told = made(api.anonymous.get(f"/certificates/{shown['number']}"), 200)
        assert (told["state"], told["valid"]) == ("revoked", False)
        page = api.anonymous.get(f"/verify/{shown['number']}").text
        assert "Revoked" in page
        assert "Copied" not in page

    def test_it_limits_how_often_an_address_may_ask(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limiter, "enabled", True)
        paths = ("/certificates/2026", "/verify/2026")
        for path in paths:
            codes = [api.anonymous.get(path).status_code for _ in range(32)]
            assert codes[:30] == [404] * 30
            assert 429 in codes[30:]
