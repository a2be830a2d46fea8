"""Logs without secrets, and numbers for Prometheus."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DataError

from groupbuy.kernel.db import session
from groupbuy.kernel.observability import hide_secrets, scrub
from tests.client import Api

TOKEN = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"
OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "access_token",
        "password",
        "secret",
        "phone",
        "openid",
        "js_code",
        "code",
        "Authorization",
        "session_key",
        "unionid",
        "STRIPE_API_KEY",
    ],
)
def test_it_hides_the_values_of_telling_names(key: str) -> None:
    assert hide_secrets(None, "", {key: "anything"})[key] == "[hidden]"


@pytest.mark.parametrize("key", ["status_code", "exit_code", "share_code", "endpoint", "event"])
def test_it_leaves_harmless_names_alone(key: str) -> None:
    assert hide_secrets(None, "", {key: "anything"})[key] == "anything"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {TOKEN}", TOKEN),
        ("GET /sns/jscode2session?appid=wx1&secret=abc123&js_code=0a1B2c", "abc123"),
        ("GET /sns/jscode2session?appid=wx1&secret=abc123&js_code=0a1B2c", "0a1B2c"),
        ('{"openid": "' + OPENID + '"}', OPENID),
        (f"no shopper {OPENID} here", OPENID),
        ("call 13800138000 back", "13800138000"),
        ("key sk_test_51Habcdef123456 was refused", "sk_test_51Habcdef123456"),
        ("whsec_abcdef123456", "whsec_abcdef123456"),
        ("password=hunter2", "hunter2"),
    ],
)
def test_it_hides_secrets_inside_free_text(text: str, secret: str) -> None:
    assert secret not in scrub(text)


def test_it_keeps_amounts_and_ids_readable() -> None:
    text = "order ord_0198f3c2a7b47d1e0198f3c2a7b47d1e paid 11546212 fen in 2026-03"
    assert scrub(text) == text


def test_it_hides_secrets_in_structures_too(
    api: Api, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    log = structlog.get_logger("test")
    log.warning("deep", body={"user": {"phone": "13800138000"}, "list": [f"Bearer {TOKEN}"]})
    (line,) = log_lines()
    assert line["body"] == {"user": {"phone": "[hidden]"}, "list": ["Bearer [hidden]"]}


def test_it_writes_one_line_per_request_without_what_was_sent(
    api: Api, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    answer = api.anonymous.post("/auth/wechat-sessions", {"code": "demo:secretive"})
    (line,) = [line for line in log_lines() if line["event"] == "request"]
    assert line["endpoint"] == "identity.log_in_by_wechat"
    assert line["status_code"] == 201
    assert line["request_id"] == answer.headers["X-Request-Id"]
    everything = str(log_lines())
    assert "secretive" not in everything
    assert answer.json["token"] not in everything


def test_it_takes_over_a_request_id_that_is_well_formed(api: Api) -> None:
    client = api.app.test_client()
    good = client.get("/healthz", headers={"X-Request-Id": "caller-123456"})
    bad = client.get("/healthz", headers={"X-Request-Id": "bad id; drop table"})
    assert good.headers["X-Request-Id"] == "caller-123456"
    assert bad.headers["X-Request-Id"] != "bad id; drop table"


def test_it_counts_requests(api: Api) -> None:
    client = api.app.test_client()
    client.get("/healthz")
    page = client.get("/metrics").text
    assert 'groupbuy_requests_total{endpoint="healthz",method="GET",status="200"}' in page
    assert "groupbuy_request_seconds_bucket" in page


def test_it_logs_no_value_of_a_statement_that_failed(
    api: Api, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    with pytest.raises(DataError) as fault:
        session().execute(
            text("select cast(:name as integer) + :other"), {"name": "\0", "other": "Ma"}
        )
    structlog.get_logger("test").error("failed", exc_info=fault.value)
    (line,) = log_lines()
    assert "SQL parameters hidden" in line["exception"]
    assert "'Ma'" not in line["exception"]
