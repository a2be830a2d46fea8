"""Problems: errors that a caller can do something about, as RFC 9457 `application/problem+json`.

A domain error is a subclass beside its domain. The catalogue in docs/problems.md is generated
from these classes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from http import HTTPStatus
from typing import Any, ClassVar

from groupbuy.kernel.texts import Text

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An error with a type, a status and texts; subclasses name one situation each.

    Keyword arguments become extension members of the problem document and fill the `detail`.
    """

    status: ClassVar[int] = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = ""
    title: ClassVar[Text]
    detail: ClassVar[Text | None] = None
    headers: ClassVar[dict[str, str]] = {}

    catalogue: ClassVar[dict[str, type["Problem"]]] = {}

    def __init__(self, **members: Any) -> None:
        self.members = members
        super().__init__(f"{self.code}: {members}" if members else self.code)

    def __init_subclass__(cls) -> None:
        """File each concrete problem under its code, which must be unique."""
        super().__init_subclass__()
        if not cls.code:
            return
        known = Problem.catalogue.setdefault(cls.code, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"problem code {cls.code!r} is used twice")

    @classmethod
    def type_uri(cls) -> str:
        """Return the relative reference that identifies the problem; it can be opened."""
        return f"/problems/{cls.code}"

    def document(self, language: str, zone: tzinfo = UTC) -> dict[str, Any]:
        """Return the problem document in a language; its words tell instants in a zone's time."""
        body: dict[str, Any] = {
            "type": self.type_uri(),
            "title": self.title.to(language),
            "status": int(self.status),
            "code": self.code,
        }
        members = {name: spoken(value, language) for name, value in self.members.items()}
        if self.detail is not None:
            words = _Members({name: _on_the_clock(part, zone) for name, part in members.items()})
            body["detail"] = self.detail.to(language).format_map(words)
        return body | members

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return a document for the API description."""
        body = cls().document("en")
        body.pop("detail", None)
        return body


def spoken(value: Any, language: str) -> Any:
    """Return a value with every text anywhere in it in the language."""
    if isinstance(value, Text):
        return value.to(language)
    if isinstance(value, dict):
        return {name: spoken(part, language) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [spoken(part, language) for part in value]
    return value


def _on_the_clock(value: Any, zone: tzinfo) -> Any:
    """Return an instant as people read it, `2026-03-02 09:00`; anything else as it is."""
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    if instant.tzinfo is None:
        return value
    local = f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{local} UTC" if zone is UTC else local


class _Members(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


class NotFound(Problem):
    """It does not exist, or it is somebody else's."""

    status = HTTPStatus.NOT_FOUND
    code = "not-found"
    title = Text("找不到", "Not found")
    detail = Text(
        "没有这个内容，或者它不属于您。", "There is no such thing here, or it is not yours."
    )


class NotAuthenticated(Problem):
    """The request carries no valid token."""

    status = HTTPStatus.UNAUTHORIZED
    code = "not-authenticated"
    title = Text("请先登录", "Log in first")
    detail = Text(
        "请求需要有效的 Bearer 令牌；令牌可能已过期或已注销。",
        "The request needs a valid bearer token; yours may have expired or been revoked.",
    )
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class NotPermitted(Problem):
    """The role of the caller does not have the permission."""

    status = HTTPStatus.FORBIDDEN
    code = "not-permitted"
    title = Text("没有权限", "Not permitted")
    detail = Text("您的角色缺少权限 {permission}。", "Your role lacks the permission {permission}.")


def pointed(name: str) -> str:
    """Return a field's name as a step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


class InvalidInput(Problem):
    """The request does not fit its schema; `errors` lists each fault with a JSON pointer."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid-input"
    title = Text("输入有误", "The input is not valid")

    @classmethod
    def at(cls, pointer: str, text: Text) -> "InvalidInput":
        """Return a problem with one fault that only a service could see."""
        return cls(errors=[{"pointer": pointer, "detail": text}])

    @classmethod
    def unknown(cls, names: Iterable[str]) -> "InvalidInput":
        """Return a problem with fields that nobody knows, where there is no schema to say so."""
        text = Text("未知字段。", "Unknown field.")
        return cls(errors=[{"pointer": f"/{pointed(name)}", "detail": text} for name in names])


class MalformedRequest(Problem):
    """The body is not the JSON that the endpoint expects."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed-request"
    title = Text("请求格式错误", "The request is malformed")
    detail = Text(
        "请求体须为有效的 JSON，并带 Content-Type: application/json。",
        "The body must be valid JSON, sent with Content-Type: application/json.",
    )


class StaleVersion(Problem):
    """The resource changed since the caller read it."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "stale-version"
    title = Text("内容已被他人修改", "Somebody changed it meanwhile")
    detail = Text("请重新读取后再修改。", "Read it again, then repeat your change.")


class VersionRequired(Problem):
    """An edit without If-Match."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    code = "version-required"
    title = Text("缺少 If-Match", "If-Match is missing")
    detail = Text(
        "修改前请先读取，并在 If-Match 中带上 ETag。",
        "Read the resource first and send its ETag in If-Match.",
    )


class IdempotencyKeyMissing(Problem):
    """A creating write without Idempotency-Key."""

    status = HTTPStatus.BAD_REQUEST
    code = "idempotency-key-missing"
    title = Text("缺少 Idempotency-Key", "Idempotency-Key is missing")
    detail = Text(
        "请为每次创建生成一个唯一的键（1 至 200 个可见字符），重试时使用同一个键。",
        "Send a key of 1 to 200 visible characters, unique for each creation, the same on retry.",
    )


class IdempotencyKeyReused(Problem):
    """The same Idempotency-Key with another request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency-key-reused"
    title = Text("Idempotency-Key 已用于其他请求", "The Idempotency-Key belongs to another request")


class RequestInProgress(Problem):
    """The first request with this Idempotency-Key has not ended yet."""

    status = HTTPStatus.CONFLICT
    code = "request-in-progress"
    title = Text("相同的请求正在处理", "The same request is still in progress")
    detail = Text("请稍候用同一个键重试。", "Repeat it with the same key in a moment.")
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class TooManyRequests(Problem):
    """A rate limit was reached."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too-many-requests"
    title = Text("请求过于频繁", "Too many requests")


class Unexpected(Problem):
    """A fault of ours; the log line with the same trace id says more."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "unexpected"
    title = Text("系统出错", "Something went wrong on our side")


class NotInThisState(Problem):
    """The action is not in the table of allowed moves for the present state."""

    status = HTTPStatus.CONFLICT
    code = "not-in-this-state"
    title = Text("当前状态不允许此操作", "Not possible in the present state")
    detail = Text(
        "状态为 {state} 时不能执行 {action}。", "While it is {state}, {action} is not possible."
    )
