"""WeChat's server API: what we need of it.

Source: WeChat mini-program documentation, `auth.code2Session` (GET /sns/jscode2session). Codes
work once, for 5 minutes; error codes: -1 busy, 40029 invalid code, 40163 code used, 45011 more
than 100 a minute for one user, 40226 high-risk user.
"""

import time
from dataclasses import dataclass

import requests

TIMEOUT_SECONDS = (3.05, 5.0)
BUSY = -1
BUSY_ATTEMPTS = 3


class WeChatUnavailable(Exception):
    """No usable answer came: busy, time-out, not JSON. Carries no part of the request."""


class WeChatRefused(Exception):
    """WeChat answered with an error code."""

    def __init__(self, errcode: int) -> None:
        self.errcode = errcode
        super().__init__(f"WeChat refused with errcode {errcode}")


@dataclass(frozen=True, slots=True)
class WeChatIdentity:
    """Who logged in. The session_key is dropped at once: nothing of ours needs it."""

    openid: str
    unionid: str | None


@dataclass(frozen=True, slots=True)
class WeChatClient:
    """A client for one mini-program."""

    app_id: str
    secret: str
    base_url: str
    pause_seconds: float = 0.2

    def identify(self, js_code: str) -> WeChatIdentity:
        """Exchange a login code for the person's identity, trying again while WeChat is busy.

        Raises:
            WeChatRefused: with the error code.
            WeChatUnavailable: busy every time, or no usable answer.
        """
        for attempt in range(BUSY_ATTEMPTS):
            answer = self._code_to_session(js_code)
            errcode = _errcode(answer)
            if errcode == 0:
                return _identity(answer)
            if errcode != BUSY:
                raise WeChatRefused(errcode)
            time.sleep(self.pause_seconds * (attempt + 1))
        raise WeChatUnavailable("busy")

    def _code_to_session(self, js_code: str) -> dict[str, object]:
        parameters = {
            "appid": self.app_id,
            "secret": self.secret,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        try:
            response = requests.get(
                f"{self.base_url}/sns/jscode2session",
                params=parameters,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
            answer = response.json()
        except requests.RequestException as error:
            # The exception's text holds the URL with secret and code: only its kind goes on.
            raise WeChatUnavailable(type(error).__name__) from None
        if response.status_code != 200 or not isinstance(answer, dict):
            raise WeChatUnavailable(f"status {response.status_code}")
        return answer


def _errcode(answer: dict[str, object]) -> int:
    errcode = answer.get("errcode") or 0
    if not isinstance(errcode, int):
        raise WeChatUnavailable("no usable errcode")
    return errcode


def _identity(answer: dict[str, object]) -> WeChatIdentity:
    openid = answer.get("openid")
    if not isinstance(openid, str) or not openid:
        raise WeChatUnavailable("no openid in the answer")
    unionid = answer.get("unionid")
    return WeChatIdentity(openid, unionid if isinstance(unionid, str) else None)
