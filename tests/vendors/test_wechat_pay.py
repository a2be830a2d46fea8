"""WeChat Pay's API through the real client, over a socket."""

import base64
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from groupbuy.vendors import wechat_pay as vendor
from groupbuy.vendors.wechat_pay import (
    WeChatPayClient,
    WeChatPayForged,
    WeChatPayRefused,
    WeChatPayUnavailable,
    unseal,
)
from tests.doubles import server
from tests.doubles.server import Answer, Fault
from tests.doubles.wechat_keys import sealed
from tests.doubles.wechat_pay import (
    API_V3_KEY,
    BILLS,
    CERT_SERIAL,
    MCH_ID,
    PUBLIC_KEY_ID,
    WeChatPayDouble,
    key,
    private_pem,
    public_pem,
    signed,
)

UNKNOWN_BILL = f"{BILLS}/out-bill-no/P404"


@pytest.fixture
def double() -> Iterator[WeChatPayDouble]:
    with WeChatPayDouble() as running:
        yield running


@pytest.fixture
def client(double: WeChatPayDouble) -> WeChatPayClient:
    return WeChatPayClient(
        mch_id=MCH_ID,
        cert_serial=CERT_SERIAL,
        private_key=private_pem("merchant"),
        public_key_id=PUBLIC_KEY_ID,
        public_key=public_pem("wechat"),
        base_url=double.url,
    )


class TestRequests:
    def test_it_signs_what_it_sends_so_that_wechat_pay_is_satisfied(
        self, double: WeChatPayDouble, client: WeChatPayClient
    ) -> None:
        double.say(200, '{"团长": "梅"}'.encode())
        double.say(200, b'{"ok": true}')
        assert client.post("/v3/x?y=1&z=%E6%A2%85", {"梅": "团长"}) == {"团长": "梅"}
        assert client.get("/v3/x?y=1") == {"ok": True}
        posted, got = double.seen
        assert (posted.method, posted.body.decode()) == ("POST", '{"梅": "团长"}')
        assert posted.headers["Content-Type"] == "application/json"
        assert (got.method, got.body) == ("GET", b"")

    def test_it_signs_every_request_anew(
        self, double: WeChatPayDouble, client: WeChatPayClient
    ) -> None:
        for _ in range(2):
            with pytest.raises(WeChatPayRefused):
                client.get(UNKNOWN_BILL)
        first, second = (seen.headers["Authorization"] for seen in double.seen)
        assert first != second

    @pytest.mark.parametrize(
        "changes",
        [
            {"private_key": "stranger"},
            {"mch_id": "1900000002"},
            {"cert_serial": "00"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_it_is_not_heard_with_wrong_credentials_of_ours(
        self, client: WeChatPayClient, changes: dict[str, str]
    ) -> None:
        if "private_key" in changes:
            changes = {"private_key": private_pem("stranger")}
        with pytest.raises(WeChatPayUnavailable, match="status 401"):
            replace(client, **changes).get(UNKNOWN_BILL)

    def test_it_takes_an_empty_answer_for_an_empty_document(
        self, double: WeChatPayDouble, client: WeChatPayClient
    ) -> None:
        double.say(204, b"")
        assert client.post("/v3/close", {}) == {}

    def test_it_encrypts_names_for_wechat_pay_alone(self, client: WeChatPayClient) -> None:
        sealed = client.encrypt("梅团长")
        assert sealed != client.encrypt("梅团长")
        oaep = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)
        assert key("wechat").decrypt(base64.b64decode(sealed), oaep).decode() == "梅团长"


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            (404, b'{"code": "NOT_FOUND", "message": "no"}', "NOT_FOUND"),
            (500, b'{"code": "SYSTEM_ERROR"}', "SYSTEM_ERROR"),
            (302, b"{}", ""),
            (400, b'{"code": ["x"]}', ""),
            (400, b'{"code": "openid o-Mei is wrong"}', ""),
        ],
    )
    def test_it_is_refused_with_a_signed_answer(
        self, double: WeChatPayDouble, client: WeChatPayClient, status: int, body: bytes, code: str
    ) -> None:
        double.say(status, body)
        with pytest.raises(WeChatPayRefused) as refusal:
            client.get("/v3/x")
        assert (refusal.value.status, refusal.value.code) == (status, code)
        assert len(double.seen) == 1

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'{"a":', b"\xff\xfe", b"7"])
    def test_it_takes_nonsense_for_no_answer(
        self, double: WeChatPayDouble, client: WeChatPayClient, body: bytes
    ) -> None:
        double.say(200, body)
        with pytest.raises(WeChatPayUnavailable):
            client.get("/v3/x")

    @pytest.mark.parametrize(
        ("fault", "why"),
        [
            (server.FORGED, "status 404, wrong signature"),
            (server.STALE, "status 404, too old"),
            (server.TOO_MANY, "status 429, signed with another key"),
        ],
        ids=lambda value: getattr(value, "kind", ""),
    )
    def test_it_trusts_only_what_wechat_pay_has_just_signed(
        self, double: WeChatPayDouble, client: WeChatPayClient, fault: Fault, why: str
    ) -> None:
        double.script(fault)
        with pytest.raises(WeChatPayUnavailable) as silence:
            client.get(UNKNOWN_BILL)
        assert str(silence.value) == why

    @pytest.mark.parametrize(
        "fault",
        [server.DROP_BEFORE_EFFECT, server.DROP_AFTER_EFFECT, server.delay(0.6)],
        ids=lambda fault: fault.kind.value,
    )
    def test_it_says_nothing_of_the_request_when_the_network_fails(
        self,
        double: WeChatPayDouble,
        client: WeChatPayClient,
        monkeypatch: pytest.MonkeyPatch,
        fault: Fault,
    ) -> None:
        monkeypatch.setattr(vendor, "TIMEOUT_SECONDS", (0.2, 0.2))
        double.script(fault)
        with pytest.raises(WeChatPayUnavailable) as silence:
            client.post(BILLS, {"openid": "o-Mei"})
        assert str(silence.value) in ("ConnectionError", "ReadTimeout")
        assert silence.value.__suppress_context__

    def test_it_says_so_when_nobody_listens(self, client: WeChatPayClient) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with pytest.raises(WeChatPayUnavailable, match=r"^ConnectionError$"):
            replace(client, base_url=f"http://127.0.0.1:{port}").get("/v3/x")


class TestVerify:
    """The same check serves callbacks, which WeChat Pay sends to us."""

    BODY = b'{"id": "EV-1"}'

    def headers(self, *, age_seconds: int = 0) -> dict[str, str]:
        return signed(Answer(200, self.BODY), age_seconds=age_seconds).headers

    def test_it_accepts_what_wechat_pay_signed(self, client: WeChatPayClient) -> None:
        client.verify(self.headers(), self.BODY)
        client.verify(self.headers(age_seconds=290), self.BODY)
        client.verify(self.headers(age_seconds=-290), self.BODY)

    def test_it_refuses_another_body(self, client: WeChatPayClient) -> None:
        with pytest.raises(WeChatPayForged):
            client.verify(self.headers(), self.BODY + b" ")

    @pytest.mark.parametrize("age_seconds", [310, -310])
    def test_it_refuses_five_minutes_of_difference(
        self, client: WeChatPayClient, age_seconds: int
    ) -> None:
        with pytest.raises(WeChatPayForged, match="too old"):
            client.verify(self.headers(age_seconds=age_seconds), self.BODY)

    @pytest.mark.parametrize(
        "changes",
        [
            {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/abc"},
            {"Wechatpay-Signature": ""},
            {"Wechatpay-Signature": "团长"},
            {"Wechatpay-Nonce": ""},
            {"Wechatpay-Nonce": "other"},
            {"Wechatpay-Timestamp": "soon"},
            {"Wechatpay-Timestamp": "١٢٣"},
            {"Wechatpay-Timestamp": ""},
            {"Wechatpay-Serial": "PUB_KEY_ID_OTHER"},
        ],
        ids=str,
    )
    def test_it_refuses_what_it_cannot_tell(
        self, client: WeChatPayClient, changes: dict[str, str]
    ) -> None:
        with pytest.raises(WeChatPayForged):
            client.verify(self.headers() | changes, self.BODY)
        with pytest.raises(WeChatPayForged):
            client.verify({}, self.BODY)


class TestKeys:
    def test_it_refuses_probes(self, client: WeChatPayClient) -> None:
        genuine = signed(Answer(200, b"{}"))
        probe = genuine.headers | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/AAAA"}
        with pytest.raises(WeChatPayForged, match="a probe"):
            client.verify(probe, b"{}")

    def test_it_shows_no_key(self, client: WeChatPayClient) -> None:
        assert "PRIVATE" not in repr(client)
        assert "BEGIN" not in repr(client)

    def test_it_wants_rsa_keys(self, client: WeChatPayClient) -> None:
        with pytest.raises(ValueError, match="PEM"):
            replace(client, private_key="no key").get("/v3/x")


class TestUnsealing:
    def test_it_opens_what_was_sealed_under_our_key(self) -> None:
        assert unseal(sealed({"团长": "梅"}), API_V3_KEY) == {"团长": "梅"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"algorithm": "AEAD_SM4_GCM"},
            {"ciphertext": "!"},
            {"ciphertext": ""},
            {"nonce": "another one"},
            {"nonce": None},
            {"associated_data": "refund"},
        ],
        ids=str,
    )
    def test_it_opens_nothing_that_was_changed(self, changes: dict[str, Any]) -> None:
        with pytest.raises(WeChatPayForged):
            unseal(sealed({"a": 1}) | changes, API_V3_KEY)

    def test_it_opens_nothing_of_others(self) -> None:
        with pytest.raises(WeChatPayForged):
            unseal(sealed({"a": 1}), "another key of 32 characters ...")
        with pytest.raises(WeChatPayForged, match="not an object"):
            unseal(sealed(["a"]), API_V3_KEY)


class TestFiles:
    def test_it_downloads_from_where_it_asks_whatever_host_is_named(
        self, double: WeChatPayDouble, client: WeChatPayClient
    ) -> None:
        content = client.download("https://elsewhere.example/v3/billdownload/file?token=2026-03-02")
        assert content == double.bill("2026-03-02")

    @pytest.mark.parametrize("fault", [server.DROP_BEFORE_EFFECT, server.ERROR_BEFORE_EFFECT])
    def test_it_says_when_no_file_came(
        self, double: WeChatPayDouble, client: WeChatPayClient, fault: Fault
    ) -> None:
        double.script(fault)
        with pytest.raises(WeChatPayUnavailable):
            client.download(f"{double.url}/v3/billdownload/file?token=x")
