"""Proof of identity by a WeChat login code, or by `demo:<name>` in demo mode."""

import re

from groupbuy.identity.errors import (
    LoginCodeRejected,
    LoginRefusedHighRisk,
    LoginTooOften,
    LoginUnavailable,
)
from groupbuy.kernel.db import outside_transaction
from groupbuy.kernel.problems import Problem
from groupbuy.kernel.settings import Settings
from groupbuy.vendors.wechat import (
    WeChatClient,
    WeChatIdentity,
    WeChatRefused,
    WeChatUnavailable,
)

DEMO_CODE = re.compile(r"demo:([a-z][a-z0-9-]{0,30})")

REFUSALS: dict[int, type[Problem]] = {
    40029: LoginCodeRejected,
    40163: LoginCodeRejected,
    45011: LoginTooOften,
    40226: LoginRefusedHighRisk,
}


def prove(code: str, settings: Settings) -> WeChatIdentity:
    """Return who holds the code.

    Raises:
        LoginCodeRejected, LoginTooOften, LoginRefusedHighRisk, LoginUnavailable: by WeChat's
            error code; an error code we do not know counts as unavailable.
    """
    demo = DEMO_CODE.fullmatch(code)
    if settings.demo and demo:
        return WeChatIdentity(openid=f"demo-{demo[1]}", unionid=None)
    if not settings.wechat_app_id:
        # Only in demo mode: production does not start without WeChat.
        raise LoginCodeRejected
    client = WeChatClient(settings.wechat_app_id, settings.wechat_secret, settings.wechat_api_url)
    with outside_transaction():
        try:
            return client.identify(code)
        except WeChatRefused as refusal:
            raise REFUSALS.get(refusal.errcode, LoginUnavailable)() from None
        except WeChatUnavailable:
            raise LoginUnavailable from None


def demo_name(code: str) -> str:
    """Return the first name that a demo code introduces, '' for any other code."""
    demo = DEMO_CODE.fullmatch(code)
    return demo[1].capitalize() if demo else ""
