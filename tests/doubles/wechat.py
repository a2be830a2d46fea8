"""WeChat's login API, small but stateful: codes that work once, for five minutes.

Source: WeChat mini-program documentation, `auth.code2Session`. Errors come with status 200 and
`Content-Type: text/plain`, as from the real server.
"""

import itertools
import json
from collections import deque
from dataclasses import dataclass
from typing import Any

from tests.doubles.server import Answer, Double, Fault, Seen

APP_ID = "wx-double-app"
SECRET = "wechat-double-secret"
CODE_SECONDS = 300

MESSAGES = {
    -1: "system error",
    40002: "invalid grant_type",
    40013: "invalid appid",
    40029: "invalid code",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    45011: "api minute-quota reach limit",
}


@dataclass(slots=True)
class Code:
    """A login code: whose, until when, and whether it was used."""

    openid: str
    unionid: str | None
    expires_at: float
    used: bool = False


class WeChatDouble(Double):
    """WeChat for one mini-program; its clock stands still until `advance` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0
        self._codes: dict[str, Code] = {}
        self._errcodes: deque[int] = deque()
        self._bodies: deque[bytes] = deque()
        self._numbers = itertools.count(1)

    def issue(self, openid: str, unionid: str | None = None, *, code: str = "") -> str:
        """Return a code as `wx.login` gives it to this person's phone."""
        code = code or f"0a1Code{next(self._numbers):04}"
        self._codes[code] = Code(openid, unionid, self.clock + CODE_SECONDS)
        return code

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock += seconds

    def refuse(self, *errcodes: int) -> None:
        """Answer the next requests with these error codes, whatever they ask."""
        self._errcodes.extend(errcodes)

    def mumble(self, *bodies: bytes) -> None:
        """Answer the next requests with these bytes."""
        self._bodies.extend(bodies)

    def perform(self, request: Seen, fault: Fault | None) -> Answer:
        """Answer what was scripted first."""
        if self._bodies:
            return Answer(200, self._bodies.popleft(), {"Content-Type": "text/plain"})
        if self._errcodes:
            return _error(self._errcodes.popleft())
        return super().perform(request, fault)

    def effect(self, request: Seen) -> Answer:
        """Exchange a code, once."""
        if (request.method, request.path) != ("GET", "/sns/jscode2session"):
            return Answer(404, b"not found")
        given = request.query
        expected = {"appid": 40013, "secret": 40125, "grant_type": 40002}
        right = {"appid": APP_ID, "secret": SECRET, "grant_type": "authorization_code"}
        for name, errcode in expected.items():
            if given.get(name) != right[name]:
                return _error(errcode)
        return self._exchange(given.get("js_code", ""))

    def _exchange(self, js_code: str) -> Answer:
        code = self._codes.get(js_code)
        if code is None or self.clock >= code.expires_at:
            return _error(40029)
        if code.used:
            return _error(40163)
        code.used = True
        answer = {"openid": code.openid, "session_key": "c2Vzc2lvbi1rZXktZG91YmxlIQ=="}
        if code.unionid is not None:
            answer["unionid"] = code.unionid
        return _text(answer)


def _error(errcode: int) -> Answer:
    message = f"{MESSAGES.get(errcode, 'error')}, rid: 6541f3b2-0000"
    return _text({"errcode": errcode, "errmsg": message})


def _text(body: Any) -> Answer:
    return Answer(200, json.dumps(body).encode(), {"Content-Type": "text/plain"})
