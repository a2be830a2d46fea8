"""The grammar of the HTTP surface: an endpoint is a declaration.

`Api` adds to flask-smorest's blueprint what every endpoint of ours has: the permission, the
schemas, the Problems it may raise (with an example each in the API description), idempotency,
versions (ETag / If-Match) and rate limits. A view gets what it declared as keyword arguments:
`actor` always, `body`, `query`, `if_match` and the path's parameters.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

import flask_smorest
import marshmallow as ma
from flask import Response, current_app, g, request
from werkzeug.routing import BaseConverter, ValidationError

from groupbuy.kernel import clock, describing, examples, idempotency
from groupbuy.kernel.access import Actor, gate
from groupbuy.kernel.cache import PUBLIC
from groupbuy.kernel.db import reading, retrying, transaction
from groupbuy.kernel.describing import EDITS
from groupbuy.kernel.downloads import FILE, Download
from groupbuy.kernel.fields import (
    Count,
    Day,
    Fen,
    IdField,
    Moment,
    MonthField,
    Nothing,
    PageQuery,
    ProblemSchema,
    Schema,
    Words,
    page_of,
)
from groupbuy.kernel.ids import to_uuid
from groupbuy.kernel.limits import limited
from groupbuy.kernel.pagination import Page
from groupbuy.kernel.parsing import StrictParser, nothing_unknown
from groupbuy.kernel.problems import (
    Problem,
    StaleVersion,
    TooManyRequests,
    VersionRequired,
)
from groupbuy.kernel.texts import language_of

View = TypeVar("View", bound=Callable[..., Any])
WEBHOOK = "public.webhook"
"""The permission of endpoints whose views read and verify the body themselves."""
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class IdConverter(BaseConverter):
    """`<id(ord):order_id>` in a path; anything that is not such an id is 404."""

    part_isolating = True

    def __init__(self, map: Any, prefix: str) -> None:
        super().__init__(map)
        self.prefix = prefix
        self.regex = rf"{prefix}_[0-9a-f]{{32}}"

    def to_python(self, value: str) -> str:
        """Check the form."""
        try:
            to_uuid(value, self.prefix)
        except ValueError as error:
            raise ValidationError from error
        return value


class MonthConverter(BaseConverter):
    """`<month:month>` in a path."""

    regex = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])"


class Api(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose endpoints declare everything about themselves."""

    ARGUMENTS_PARSER = StrictParser()

    def endpoint(
        self,
        method: str,
        rule: str,
        *,
        allow: str,
        returns: type[ma.Schema] | None = None,
        files: Sequence[str] = (),
        status: int | None = None,
        body: type[ma.Schema] | None = None,
        query: type[ma.Schema] | None = None,
        problems: Sequence[type[Problem]] = (),
        idempotent: bool = False,
        versioned: bool = False,
        limits: Sequence[str] = (),
        limit_by: Callable[[], str] | None = None,
        cached: bool = False,
        example: Mapping[str, Any] | None = None,
        answer_example: Mapping[str, Any] | None = None,
    ) -> Callable[[View], View]:
        """Declare an endpoint.

        Args:
            allow: the permission a caller needs, from identity's table.
            returns, status: the answer's schema and code (200; 201 or 204 must be said).
            files: the media types of what the view may return as a Download.
            body, query: the request's schemas; unknown fields are refused.
            problems: what the services behind it may raise, beyond the common ones.
            idempotent: demand an Idempotency-Key and replay the first answer.
            versioned: answer an ETag; a write demands If-Match, passed as `if_match`.
            limits, limit_by: rate limits such as `5/minute`, counted per address unless said.
            cached: the same for everybody (see kernel.cache); the actor is the anonymous one.
            example, answer_example: for the API description; made from the schema when left out.
        """
        status = status or (200 if returns or files else 204)
        _refuse_to_cache(rule, cached and (method != "GET" or bool(limits) or versioned))

        def register(view: View) -> View:
            call = _positional(view, body=body, query=query, method=method, versioned=versioned)
            shown = answer_example or (returns and examples.answer_example(returns))
            call = _answering(self, status, returns, shown, files, call)
            call = self.arguments(query, location="query")(call) if query else call
            if body is not None:
                call = self.arguments(body, example=example or examples.request_example(body))(call)
            call = _once(call) if idempotent else call
            call = _again_after_deadlock(call) if method in WRITES else call
            knows = body is not None or method not in WRITES or allow == WEBHOOK
            call = nothing_unknown(call, body=knows, query=query is not None)
            call = _admitted(call, allow, nobody=cached)
            call = limited(limits, limit_by)(call)
            fails = list(problems) + [TooManyRequests] * bool(limits)
            fails += describing.common(rule, idempotent, method, versioned)
            edits = versioned and method in EDITS
            told = describing.description(allow, fails, idempotent, edits, files)
            call = self.doc(operationId=view.__name__, **told)(call)
            call.allow, call.cached = allow, cached
            self.route(rule, methods=[method], endpoint=view.__name__)(call)
            return view

        return register

    def get(self, rule: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a read."""
        return self.endpoint("GET", rule, **declaration)

    def post(self, rule: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a creation or an action."""
        return self.endpoint("POST", rule, **declaration)

    def put(self, rule: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a replacement."""
        return self.endpoint("PUT", rule, **declaration)

    def patch(self, rule: str, **declaration: Any) -> Callable[[View], View]:
        """Declare an edit."""
        return self.endpoint("PATCH", rule, **declaration)

    def delete(self, rule: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a removal."""
        return self.endpoint("DELETE", rule, **declaration)


def current_actor() -> Actor:
    """Return the actor of this request, for logs and limits; views get theirs as an argument."""
    return cast(Actor, g.actor)


def bearer_token() -> str | None:
    """Return the bearer token of the request, if it carries one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def caller_key() -> str:
    """Return what a rate limit per account counts by, however often somebody logs in anew.

    Limits are asked before anybody is let in, so this asks on its own whose token it is. A token
    that is nobody's counts by its hash: never by itself.
    """
    token = bearer_token()
    with reading():
        holder = gate().holder(token)
    return holder or hashlib.sha256((token or "").encode()).hexdigest()


def language() -> str:
    """Return the language of the answer: zh-CN unless the caller prefers English."""
    return language_of(request.headers.get("Accept-Language", ""))


def _answering(
    api: Api,
    status: int,
    returns: type[ma.Schema] | None,
    example: Any,
    files: Sequence[str],
    call: Any,
) -> Any:
    call = api.response(status, returns, example=example)(call)
    for media_type in files:
        call = api.response(status, FILE, content_type=media_type)(call)
    return call


def _positional(
    view: Callable[..., Any],
    *,
    body: type[ma.Schema] | None,
    query: type[ma.Schema] | None,
    method: str,
    versioned: bool,
) -> Callable[..., Any]:
    """Turn the positional arguments that flask-smorest injects into named ones."""
    names = [name for name, schema in (("body", body), ("query", query)) if schema is not None]

    @wraps(view)
    def call(*injected: Any, **path: Any) -> Any:
        given = dict(zip(names, injected, strict=True)) | path
        if versioned and method in EDITS:
            given["if_match"] = _if_match()
        result = view(actor=current_actor(), **given)
        if isinstance(result, Download):
            # Rows come through a cursor, and PostgreSQL keeps one only inside a transaction.
            with transaction(longest=None):
                return result.response()
        if versioned and result is not None:
            return result, None, {"ETag": f'"{_version(result)}"'}
        return result

    return call


def _version(result: Any) -> int:
    return int(result["version"] if isinstance(result, Mapping) else result.version)


def _if_match() -> int:
    tag = request.headers.get("If-Match")
    if not tag:
        raise VersionRequired
    digits = tag.removeprefix("W/").strip('"')
    if not digits.isdecimal():
        raise StaleVersion
    return int(digits)


def _refuse_to_cache(rule: str, unfit: bool) -> None:
    if unfit:
        raise TypeError(f"{rule} cannot be cached: it is no GET, or it has limits or versions")


def _admitted(call: Callable[..., Any], permission: str, *, nobody: bool) -> Callable[..., Any]:
    """Let in who may; with `nobody` everyone, but as the anonymous caller.

    So an answer that is the same for everybody cannot depend on who asks.
    """

    @wraps(call)
    def admitted(*args: Any, **kwargs: Any) -> Any:
        with reading():
            g.actor = gate().admit(None if nobody else bearer_token(), permission)
            if nobody:
                request.environ[PUBLIC] = request.endpoint
            return call(*args, **kwargs)

    return admitted


def _again_after_deadlock(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def again(*args: Any, **kwargs: Any) -> Any:
        return retrying(lambda: call(*args, **kwargs))

    return again


_REPLAYED_HEADERS = ("Content-Type", "ETag", "Location")


def _once(call: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a repeated request with the first answer (see kernel.idempotency)."""

    @wraps(call)
    def once(*args: Any, **kwargs: Any) -> Any:
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        claim: dict[str, Any] = {
            "scope": f"{current_actor().label} {request.method} {request.path}",
            "key": key,
            "request_body": request.get_data(cache=True),
        }
        with transaction():
            first = idempotency.claim(**claim)
            if first is not None:
                headers = {**first.headers, "Idempotent-Replayed": "true"}
                return Response(first.body, first.status, headers)
            response = current_app.make_response(call(*args, **kwargs))
            if response.status_code < 300:
                kept = {n: response.headers[n] for n in _REPLAYED_HEADERS if n in response.headers}
                answer = idempotency.Answer(response.status_code, kept, response.get_data())
                idempotency.keep(**claim, answer=answer, now=clock.now())
        return response

    return once


__all__ = [
    "Api",
    "Count",
    "Day",
    "Download",
    "Fen",
    "HTTPStatus",
    "IdField",
    "Moment",
    "MonthField",
    "Nothing",
    "Page",
    "PageQuery",
    "ProblemSchema",
    "Schema",
    "Words",
    "page_of",
]
