"""Problems: one document, two languages, nothing of our insides."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from groupbuy.kernel.problems import (
    InvalidInput,
    NotInThisState,
    NotPermitted,
    Problem,
    RequestInProgress,
)
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import AttemptTooSoon
from tests.client import Api, Caller


def test_it_speaks_chinese_unless_the_caller_prefers_english(api: Api) -> None:
    titles = {
        language: api.anonymous.get("/me", language=language).json["title"]
        for language in ("zh-CN", "zh-TW", "en", "en-GB", "fr", "en;q=0.5, zh;q=0.9")
    }
    assert titles == {
        "zh-CN": "请先登录",
        "zh-TW": "请先登录",
        "en": "Log in first",
        "en-GB": "Log in first",
        "fr": "请先登录",
        "en;q=0.5, zh;q=0.9": "请先登录",
    }


def test_it_is_a_problem_document(api: Api) -> None:
    answer = api.anonymous.get("/me")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["code"] == "not-authenticated"
    assert answer.json["type"] == "/problems/not-authenticated"
    assert answer.json["status"] == answer.status_code == 401


def test_it_names_the_missing_permission(api: Api) -> None:
    answer = api.shopper("zed").get("/hq/staff")
    assert (answer.status_code, answer.json["code"]) == (403, "not-permitted")
    assert answer.json["permission"] == "staff.manage"
    assert "staff.manage" in answer.json["detail"]


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/hq/staff/stf_1", "/hq/staff/stf_" + "0" * 32, "/hq/staff/prd_" + "0" * 32],
)
def test_it_answers_404_for_what_is_not_there(api: Api, path: str) -> None:
    answer = api.staff("admin").get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "not-found")


def test_it_answers_405_as_a_problem(api: Api) -> None:
    answer = api.anonymous.put("/me", {})
    assert (answer.status_code, answer.json["code"]) == (405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


BROKEN = [
    b"{",
    b"\xff",
    b"[1",
    b'{"name": NaN}',
    b'{"name": "\\ud800"}',
    b'{"name": "a\\u0000b"}',
    b'{"na\\u0000me": [{"deep": 1}]}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_it_answers_400_for_what_is_not_json(api: Api, body: bytes) -> None:
    answer = raw(api, api.shopper("bo"), body)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed-request")


def test_it_answers_400_for_a_query_that_no_column_could_hold(api: Api) -> None:
    answer = api.staff("admin").get("/hq/staff", cursor="a\0b")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed-request")


def test_it_takes_an_escaped_backslash_for_what_it_is(api: Api) -> None:
    answer = raw(api, api.shopper("bo"), b'{"name": "\\\\u0000"}')
    assert (answer.status_code, answer.json["name"]) == (200, "\\u0000")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"null", b"7"])
def test_it_answers_422_for_json_that_is_no_object(api: Api, body: bytes) -> None:
    answer = raw(api, api.shopper("bo"), body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-input")


def test_it_answers_413_for_a_body_without_end(api: Api) -> None:
    answer = raw(api, api.shopper("bo"), b'{"name": "' + b"x" * (1 << 20) + b'"}')
    assert (answer.status_code, answer.json["code"]) == (413, "request-entity-too-large")


def raw(api: Api, caller: Caller, body: bytes) -> Any:
    client = api.app.test_client()
    headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"}
    return client.patch("/api/v1/me", data=body, headers=headers)


def test_it_points_at_every_fault_of_the_input(api: Api) -> None:
    body = {"email": "nobody", "name": " ", "role": "king", "password": 7, "extra~/x": 1}
    answer = api.staff("admin").post("/hq/staff", body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-input")
    pointers = sorted(fault["pointer"] for fault in answer.json["errors"])
    assert pointers == ["/email", "/extra~0~1x", "/name", "/password", "/role"]


def test_it_translates_the_common_faults(api: Api) -> None:
    answer = api.shopper("bo").patch("/me", {"nick": "x"}, language="zh-CN")
    texts = {fault["pointer"]: fault["detail"] for fault in answer.json["errors"]}
    assert texts == {"/name": "缺少必填字段。", "/nick": "未知字段。"}


def test_it_asks_for_the_version_and_refuses_a_stale_one(api: Api) -> None:
    admin = api.staff("admin")
    path = f"/hq/staff/{api.staff('finance').id}"
    missing = admin.patch(path, {"name": "Hua"})
    stale = admin.patch(path, {"name": "Hua"}, if_match=7)
    assert (missing.status_code, missing.json["code"]) == (428, "version-required")
    assert (stale.status_code, stale.json["code"]) == (412, "stale-version")


@pytest.mark.committed
def test_it_hides_a_surprise_from_the_caller_and_tells_the_log_once(
    notes_api: Api, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    answer = notes_api.shopper("bo").post("/notes", {"text": "crash"})
    assert (answer.status_code, answer.json["code"]) == (500, "unexpected")
    assert "secret plan" not in answer.text
    assert "Traceback" not in answer.text
    (line,) = [line for line in log_lines() if line["level"] == "error"]
    assert line["trace_id"] == answer.json["trace_id"] == answer.headers["X-Request-Id"]
    assert "RuntimeError" in line["exception"]
    assert "hunter2" not in line["exception"]
    assert "13800138000" not in line["exception"]


@pytest.mark.committed
def test_it_says_what_is_not_possible_in_which_state(notes_api: Api) -> None:
    answer = notes_api.shopper("bo").post("/notes", {"text": "refuse"})
    assert (answer.status_code, answer.json["code"]) == (409, "not-in-this-state")
    assert answer.json["detail"] == "While it is asleep, note is not possible."


def test_it_can_open_the_type_of_a_problem(api: Api) -> None:
    client = api.app.test_client()
    page = client.get("/problems/not-found", headers={"Accept-Language": "en"}).json
    assert page == {
        "type": "/problems/not-found",
        "status": 404,
        "title": "Not found",
        "meaning": "It does not exist, or it is somebody else's.",
    }
    assert client.get("/problems/nothing").status_code == 404


def test_it_refuses_two_problems_with_one_code() -> None:
    with pytest.raises(TypeError, match="used twice"):
        type("Copy", (Problem,), {"code": "not-found", "title": Text("找不到", "Not found")})


def test_it_fills_the_detail_and_never_fails_at_it() -> None:
    assert (
        NotInThisState(state="paid").document("en")["detail"]
        == "While it is paid, … is not possible."
    )
    assert NotPermitted().document("en")["detail"] == "Your role lacks the permission …."
    assert RequestInProgress().document("en")["title"] == "The same request is still in progress"


def test_it_tells_instants_in_its_words_as_clocks_on_the_wall_do() -> None:
    at = "2026-03-02T01:00:59.123456+00:00"
    problem = AttemptTooSoon(again_at=at)
    here = problem.document("zh-CN", ZoneInfo("Asia/Shanghai"))
    assert (here["detail"], here["again_at"]) == ("请在 2026-03-02 09:00 之后再试。", at)
    assert "2026-03-02 01:00 UTC" in problem.document("en")["detail"]
    assert AttemptTooSoon(again_at="soon").document("en")["detail"] == "Try again from soon on."


def test_it_carries_a_fault_that_only_a_service_could_see() -> None:
    problem = InvalidInput.at("/lines/0", Text("没有货", "not for sale"))
    assert problem.document("zh-CN")["errors"] == [{"pointer": "/lines/0", "detail": "没有货"}]
