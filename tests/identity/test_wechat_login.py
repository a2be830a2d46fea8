"""Logging in by WeChat from end to end: our API, the real client, a double on a socket."""

import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
import structlog
from flask import Flask

from groupbuy.identity.errors import LoginUnavailable
from groupbuy.identity.providers import wechat_login
from groupbuy.kernel.settings import EXTENSION, settings
from groupbuy.kernel.variables import Mode
from groupbuy.vendors.wechat import WeChatClient
from tests.client import Answer, Api, Caller
from tests.doubles import server
from tests.doubles.server import Fault
from tests.doubles.wechat import SECRET, WeChatDouble

OPENID = "oDouble_Bo-0123456789abcdefg"
PHONE = "13812345678"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once when WeChat is busy."""
    still = SimpleNamespace(sleep=lambda seconds: None)
    monkeypatch.setattr("groupbuy.vendors.wechat.time", still)


def log_in(api: Api, code: str) -> Answer:
    return api.anonymous.post("/auth/wechat-sessions", {"code": code})


class TestLogin:
    def test_it_logs_a_person_in_and_knows_them_again(self, api: Api, wechat: WeChatDouble) -> None:
        first = log_in(api, wechat.issue(OPENID))
        again = log_in(api, wechat.issue(OPENID, "union-bo"))
        other = log_in(api, wechat.issue("o-somebody-else"))
        assert {first.status_code, again.status_code, other.status_code} == {201}
        assert first.json["shopper"]["id"] == again.json["shopper"]["id"]
        assert first.json["shopper"]["id"] != other.json["shopper"]["id"]
        assert Caller(api.app, first.json["token"]).get("/me").status_code == 200

    def test_it_tells_nobody_the_session_key_or_the_openid(
        self, api: Api, wechat: WeChatDouble
    ) -> None:
        answer = log_in(api, wechat.issue(OPENID, "union-bo"))
        assert set(answer.json) == {"token", "expires_at", "shopper"}
        for secret in (OPENID, "union-bo", "session_key"):
            assert secret not in answer.text

    def test_it_passes_any_code_on_unharmed(self, api: Api, wechat: WeChatDouble) -> None:
        code = wechat.issue(OPENID, code="0a1+b/c=&appid=x#团")
        assert log_in(api, code).status_code == 201

    def test_it_tries_again_twice_while_wechat_is_busy(
        self, api: Api, wechat: WeChatDouble
    ) -> None:
        wechat.refuse(-1, -1)
        assert log_in(api, wechat.issue(OPENID)).status_code == 201
        assert len(wechat.seen) == 3


class TestRefusals:
    def test_it_refuses_a_code_used_before(self, api: Api, wechat: WeChatDouble) -> None:
        code = wechat.issue(OPENID)
        assert log_in(api, code).status_code == 201
        answer = log_in(api, code)
        assert (answer.status_code, answer.json["code"]) == (401, "login-code-rejected")

    def test_it_refuses_a_code_after_five_minutes(self, api: Api, wechat: WeChatDouble) -> None:
        code = wechat.issue(OPENID)
        wechat.advance(300)
        answer = log_in(api, code)
        assert (answer.status_code, answer.json["code"]) == (401, "login-code-rejected")

    @pytest.mark.parametrize(
        ("errcode", "status", "problem", "retry_after"),
        [
            (40029, 401, "login-code-rejected", None),
            (40163, 401, "login-code-rejected", None),
            (45011, 429, "login-too-often", "60"),
            (40226, 403, "login-refused-high-risk", None),
            (40013, 503, "login-unavailable", "3"),
            (40125, 503, "login-unavailable", "3"),
            (99999, 503, "login-unavailable", "3"),
        ],
    )
    def test_it_says_what_each_error_code_means(
        self,
        api: Api,
        wechat: WeChatDouble,
        errcode: int,
        status: int,
        problem: str,
        retry_after: str | None,
    ) -> None:
        wechat.refuse(errcode)
        answer = log_in(api, "some-code")
        assert (answer.status_code, answer.json["code"]) == (status, problem)
        assert answer.headers.get("Retry-After") == retry_after

    def test_it_is_unavailable_when_wechat_stays_busy(self, api: Api, wechat: WeChatDouble) -> None:
        wechat.refuse(-1, -1, -1)
        answer = log_in(api, wechat.issue(OPENID))
        assert (answer.status_code, answer.json["code"]) == (503, "login-unavailable")

    @pytest.mark.parametrize(
        "fault",
        [server.DROP_BEFORE_EFFECT, server.ERROR_BEFORE_EFFECT, server.delay(0.6)],
        ids=lambda fault: fault.kind.value,
    )
    def test_it_is_unavailable_when_no_answer_comes(
        self, api: Api, wechat: WeChatDouble, monkeypatch: pytest.MonkeyPatch, fault: Fault
    ) -> None:
        monkeypatch.setattr("groupbuy.vendors.wechat.TIMEOUT_SECONDS", (0.2, 0.2))
        wechat.script(fault)
        answer = log_in(api, wechat.issue(OPENID))
        assert (answer.status_code, answer.json["code"]) == (503, "login-unavailable")

    def test_it_is_unavailable_when_wechat_mumbles(self, api: Api, wechat: WeChatDouble) -> None:
        wechat.mumble(b"<html>bad gateway</html>")
        assert log_in(api, "some-code").status_code == 503

    def test_it_rejects_all_but_demo_codes_when_no_mini_program_is_set_up(self, api: Api) -> None:
        answer = log_in(api, "some-code")
        assert (answer.status_code, answer.json["code"]) == (401, "login-code-rejected")


class TestDemoCodes:
    def test_it_sends_them_to_wechat_like_any_code_outside_demo_mode(
        self, app: Flask, api: Api, wechat: WeChatDouble, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        production = replace(settings(), mode=Mode.PRODUCTION)
        monkeypatch.setitem(app.extensions, EXTENSION, production)
        answer = log_in(api, "demo:bo")
        assert (answer.status_code, answer.json["code"]) == (401, "login-code-rejected")
        assert [request.query["js_code"] for request in wechat.seen] == ["demo:bo"]


class Lines(logging.Handler):
    """Keeps every record as the application would write it, and as it was before."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.format(record), str(record.msg), str(record.args)]


@pytest.fixture
def lines(app: Flask) -> Iterator[list[str]]:
    """Every log line of the test at level DEBUG."""
    root = logging.getLogger()
    ours = next(
        handler.formatter
        for handler in root.handlers
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    )
    handler, level = Lines(ours), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.setLevel(level)
    root.removeHandler(handler)


class TestSecrecy:
    def test_it_logs_no_secret_whether_a_login_works_or_not(
        self,
        api: Api,
        wechat: WeChatDouble,
        lines: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        codes = [wechat.issue(OPENID, "union-bo", code=f"0a1SecretCode{n}") for n in range(4)]
        token = log_in(api, codes[0]).json["token"]
        bo = Caller(api.app, token)
        assert bo.patch("/me", {"name": f"Bo {PHONE}"}).status_code == 200
        log_in(api, codes[0])
        wechat.script(server.DROP_BEFORE_EFFECT)
        log_in(api, codes[1])
        wechat.mumble(b"nonsense")
        log_in(api, codes[2])
        unreachable = replace(settings(), wechat_api_url="http://127.0.0.1:1")
        monkeypatch.setitem(api.app.extensions, EXTENSION, unreachable)
        assert log_in(api, codes[3]).status_code == 503
        written = "\n".join(lines)
        # Once as it goes out, once as it was before.
        assert written.count('"event":"request"') == 2 * 6
        for secret in (*codes, SECRET, OPENID, "union-bo", token, PHONE, "session_key"):
            assert secret not in written

    def test_it_logs_no_secret_when_something_of_ours_breaks_in_the_middle(
        self,
        api: Api,
        wechat: WeChatDouble,
        lines: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        code = wechat.issue(OPENID)

        def break_down(self: WeChatClient, js_code: str) -> None:
            raise RuntimeError(f"secret={self.secret}&js_code={js_code} openid: {OPENID}")

        monkeypatch.setattr(WeChatClient, "identify", break_down)
        assert log_in(api, code).status_code == 500
        written = "\n".join(line for line in lines if line.startswith("{"))
        assert "unexpected error" in written
        for secret in (code, SECRET, OPENID):
            assert secret not in written

    def test_it_raises_nothing_that_tells_a_secret(self, app: Flask, wechat: WeChatDouble) -> None:
        code = wechat.issue(OPENID)
        unreachable = replace(settings(), wechat_api_url="http://127.0.0.1:1")
        with pytest.raises(LoginUnavailable) as problem:
            wechat_login.prove(code, unreachable)
        told = "".join(traceback.format_exception(problem.value))
        for secret in (code, SECRET, OPENID):
            assert secret not in told
