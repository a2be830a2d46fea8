"""WeChat's login API through the real client, over a socket."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from groupbuy.vendors import wechat as vendor
from groupbuy.vendors.wechat import WeChatClient, WeChatRefused, WeChatUnavailable
from tests.doubles import server
from tests.doubles.server import Fault
from tests.doubles.wechat import APP_ID, SECRET, WeChatDouble


@pytest.fixture
def wechat() -> Iterator[WeChatDouble]:
    with WeChatDouble() as running:
        yield running


@pytest.fixture
def client(wechat: WeChatDouble) -> WeChatClient:
    return WeChatClient(APP_ID, SECRET, wechat.url, pause_seconds=0.01)


class TestIdentify:
    def test_it_asks_as_the_documentation_says(
        self, wechat: WeChatDouble, client: WeChatClient
    ) -> None:
        code = wechat.issue("openid-bo")
        assert client.identify(code).openid == "openid-bo"
        [request] = wechat.seen
        assert (request.method, request.path) == ("GET", "/sns/jscode2session")
        assert request.query == {
            "appid": APP_ID,
            "secret": SECRET,
            "js_code": code,
            "grant_type": "authorization_code",
        }

    def test_it_gives_the_unionid_where_there_is_one(
        self, wechat: WeChatDouble, client: WeChatClient
    ) -> None:
        assert client.identify(wechat.issue("openid-bo")).unionid is None
        assert client.identify(wechat.issue("openid-bo", "union-bo")).unionid == "union-bo"

    @pytest.mark.parametrize("code", ["a+b/c=&secret=x", "a b%20c#d?e", "团长;=", "%2526"])
    def test_it_encodes_the_code(
        self, wechat: WeChatDouble, client: WeChatClient, code: str
    ) -> None:
        wechat.issue("openid-bo", code=code)
        assert client.identify(code).openid == "openid-bo"
        [request] = wechat.seen
        assert parse_qs(request.raw_query)["js_code"] == [code]
        assert request.query["secret"] == SECRET

    def test_it_is_refused_when_the_code_is_used_again(
        self, wechat: WeChatDouble, client: WeChatClient
    ) -> None:
        code = wechat.issue("openid-bo")
        client.identify(code)
        with pytest.raises(WeChatRefused) as refusal:
            client.identify(code)
        assert refusal.value.errcode == 40163

    def test_it_is_refused_after_five_minutes_to_the_second(
        self, wechat: WeChatDouble, client: WeChatClient
    ) -> None:
        early, late = wechat.issue("openid-bo"), wechat.issue("openid-bo")
        wechat.advance(299)
        assert client.identify(early).openid == "openid-bo"
        wechat.advance(1)
        with pytest.raises(WeChatRefused) as refusal:
            client.identify(late)
        assert refusal.value.errcode == 40029

    @pytest.mark.parametrize(
        ("changes", "errcode"), [({"app_id": "wx-other"}, 40013), ({"secret": "other"}, 40125)]
    )
    def test_it_is_refused_with_wrong_credentials_of_ours(
        self, wechat: WeChatDouble, client: WeChatClient, changes: dict[str, str], errcode: int
    ) -> None:
        stranger = replace(client, **changes)  # type: ignore[arg-type]
        with pytest.raises(WeChatRefused) as refusal:
            stranger.identify(wechat.issue("openid-bo"))
        assert refusal.value.errcode == errcode

    @pytest.mark.parametrize("errcode", [40029, 45011, 40226, 99999])
    def test_it_passes_the_error_code_on_at_once(
        self, wechat: WeChatDouble, client: WeChatClient, errcode: int
    ) -> None:
        wechat.refuse(errcode)
        with pytest.raises(WeChatRefused) as refusal:
            client.identify("anything")
        assert refusal.value.errcode == errcode
        assert len(wechat.seen) == 1


class TestBusy:
    def test_it_tries_again_while_wechat_is_busy(
        self, wechat: WeChatDouble, client: WeChatClient
    ) -> None:
        wechat.refuse(-1, -1)
        assert client.identify(wechat.issue("openid-bo")).openid == "openid-bo"
        assert len(wechat.seen) == 3

    def test_it_gives_up_when_wechat_stays_busy(
        self, wechat: WeChatDouble, client: WeChatClient
    ) -> None:
        wechat.refuse(-1, -1, -1)
        with pytest.raises(WeChatUnavailable, match="busy"):
            client.identify(wechat.issue("openid-bo"))
        assert len(wechat.seen) == 3


class TestNoAnswer:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>502</html>",
            b'{"openid": ',
            b"[]",
            b"null",
            b"\xff\xfe",
            b"{}",
            b'{"openid": 7}',
        ],
    )
    def test_it_takes_nonsense_for_no_answer(
        self, wechat: WeChatDouble, client: WeChatClient, body: bytes
    ) -> None:
        wechat.mumble(body)
        with pytest.raises(WeChatUnavailable):
            client.identify("anything")

    @pytest.mark.parametrize(
        "fault",
        [
            server.DROP_BEFORE_EFFECT,
            server.DROP_AFTER_EFFECT,
            server.ERROR_BEFORE_EFFECT,
            server.TOO_MANY,
            server.delay(0.6),
        ],
        ids=lambda fault: fault.kind.value,
    )
    def test_it_says_nothing_of_the_request_when_the_network_fails(
        self,
        wechat: WeChatDouble,
        client: WeChatClient,
        monkeypatch: pytest.MonkeyPatch,
        fault: Fault,
    ) -> None:
        monkeypatch.setattr(vendor, "TIMEOUT_SECONDS", (0.2, 0.2))
        code = wechat.issue("openid-bo")
        wechat.script(fault)
        with pytest.raises(WeChatUnavailable) as failure:
            client.identify(code)
        assert code not in repr(failure.value)
        assert SECRET not in repr(failure.value)
        assert failure.value.__suppress_context__ or failure.value.__context__ is None

    def test_it_says_nothing_of_the_request_when_nobody_listens(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        client = WeChatClient(APP_ID, SECRET, f"http://127.0.0.1:{port}")
        with pytest.raises(WeChatUnavailable) as failure:
            client.identify("some-code")
        assert str(failure.value) == "ConnectionError"
        assert failure.value.__suppress_context__
