"""How every error leaves the building: one handler each for Problems, HTTP errors and surprises."""

from typing import Any

import orjson
import structlog
from flask import Flask, Response, g
from flask_limiter import RateLimitExceeded
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from groupbuy.kernel.complaints import complaint
from groupbuy.kernel.http import language
from groupbuy.kernel.problems import (
    MEDIA_TYPE,
    InvalidInput,
    MalformedRequest,
    NotFound,
    Problem,
    StaleVersion,
    TooManyRequests,
    Unexpected,
    pointed,
)
from groupbuy.kernel.settings import settings

log = structlog.get_logger(__name__)


def register_error_handlers(app: Flask) -> None:
    """Make every error an `application/problem+json` document."""
    app.register_error_handler(Problem, answer_problem)
    app.register_error_handler(RateLimitExceeded, answer_rate_limit)
    app.register_error_handler(StaleDataError, answer_lost_race)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_surprise)


def answer_problem(problem: Problem) -> Response:
    """Render a Problem in the caller's language."""
    body = orjson.dumps(problem.document(language(), settings().calendar.zone))
    return Response(body, int(problem.status), headers=problem.headers, mimetype=MEDIA_TYPE)


def answer_rate_limit(error: RateLimitExceeded) -> Response:
    """Say how long to wait."""
    seconds = int(error.limit.limit.get_expiry()) if error.limit else 60
    response = answer_problem(TooManyRequests(retry_after_seconds=seconds))
    response.headers["Retry-After"] = str(seconds)
    return response


def answer_lost_race(error: StaleDataError) -> Response:
    """Answer an edit that passed its If-Match and was then overtaken before it was written."""
    return answer_problem(StaleVersion())


def answer_http_error(error: HTTPException) -> Response:
    """Render what Flask and webargs raise."""
    if error.code == 422:
        return answer_problem(InvalidInput(errors=list(pointers(getattr(error, "data", {})))))
    if error.code == 404:
        return answer_problem(NotFound())
    if error.code == 400:
        return answer_problem(MalformedRequest())
    if error.response is not None and error.code is None:
        raise error
    document = {
        "type": "about:blank",
        "title": error.name,
        "status": error.code,
        "code": error.name.lower().replace(" ", "-"),
    }
    headers = {k: v for k, v in error.get_headers() if k != "Content-Type"}
    return Response(orjson.dumps(document), error.code, headers=headers, mimetype=MEDIA_TYPE)


def answer_surprise(error: Exception) -> Response:
    """Answer 500 with a trace id, and leave one log line that says what happened."""
    trace = g.get("request_id", "")
    log.error("unexpected error", trace_id=trace, exc_info=error)
    return answer_problem(Unexpected(trace_id=trace))


def pointers(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Flatten marshmallow's messages into `errors: [{pointer, detail}]`."""
    faults: list[dict[str, Any]] = []
    for messages in data.get("messages", {}).values():
        _walk("", messages, faults)
    return faults


def _walk(path: str, messages: Any, faults: list[dict[str, Any]]) -> None:
    if isinstance(messages, dict):
        for key, value in messages.items():
            step = "" if key == "_schema" else f"/{pointed(str(key))}"
            _walk(path + step, value, faults)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        faults.append({"pointer": path or "/", "detail": complaint(str(message))})
