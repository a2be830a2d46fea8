"""Problems of identity."""

from datetime import UTC, tzinfo
from http import HTTPStatus
from typing import Any, ClassVar

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class LoginCodeRejected(Problem):
    """WeChat does not accept the code: unknown, expired (5 minutes) or used before."""

    status = HTTPStatus.UNAUTHORIZED
    code = "login-code-rejected"
    title = Text("登录凭证无效或已使用", "The login code is invalid or was used before")
    detail = Text("请重新调用 wx.login 获取新的 code。", "Call wx.login again for a new code.")


class LoginTooOften(Problem):
    """WeChat counts more than 100 logins a minute for this person."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "login-too-often"
    title = Text("登录过于频繁，请稍后再试", "Too many logins; try again in a minute")
    headers: ClassVar[dict[str, str]] = {"Retry-After": "60"}


class LoginRefusedHighRisk(Problem):
    """WeChat holds this account for high-risk."""

    status = HTTPStatus.FORBIDDEN
    code = "login-refused-high-risk"
    title = Text("微信已拦截该账号的登录", "WeChat refuses this account's login")


class LoginUnavailable(Problem):
    """WeChat is busy or does not answer; nothing is wrong with the code."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "login-unavailable"
    title = Text("微信登录暂时不可用", "WeChat login is unavailable at the moment")
    headers: ClassVar[dict[str, str]] = {"Retry-After": "3"}


class WrongCredentials(Problem):
    """The email or the password is wrong, or the account is closed; it never says which."""

    status = HTTPStatus.UNAUTHORIZED
    code = "wrong-credentials"
    title = Text("邮箱或密码错误", "Wrong email or password")


class StaffEmailTaken(Problem):
    """Another member of staff has this email."""

    status = HTTPStatus.CONFLICT
    code = "staff-email-taken"
    title = Text("该邮箱已被使用", "This email is taken")


class OwnAccountProtected(Problem):
    """Staff may not change their own role or close their own account."""

    status = HTTPStatus.CONFLICT
    code = "own-account-protected"
    title = Text("不能修改自己的角色或停用自己", "You cannot change your own role or access")


class CannotEraseYet(Problem):
    """Something still needs the personal data; `reasons` says what, in words."""

    status = HTTPStatus.CONFLICT
    code = "cannot-erase-yet"
    title = Text("暂时无法注销", "The data cannot be erased yet")

    def document(self, language: str, zone: tzinfo = UTC) -> dict[str, Any]:
        """Return the document with the reasons in the language."""
        body = super().document(language, zone)
        reasons = body.get("reasons", [])
        body["reasons"] = [r.to(language) if isinstance(r, Text) else r for r in reasons]
        return body
