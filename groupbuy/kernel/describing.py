"""What the API description says of an endpoint: its permission, Problems and headers."""

from collections.abc import Sequence
from typing import Any

from groupbuy.kernel.pages import HTML
from groupbuy.kernel.problems import (
    MEDIA_TYPE,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidInput,
    MalformedRequest,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Problem,
    RequestInProgress,
    StaleVersion,
    VersionRequired,
)

EDITS = ("PUT", "PATCH", "DELETE")


def common(rule: str, idempotent: bool, method: str, versioned: bool) -> list[type[Problem]]:
    """Return the Problems that an endpoint may raise because of what it declares."""
    common: list[type[Problem]] = [NotAuthenticated, NotPermitted, MalformedRequest, InvalidInput]
    if "<" in rule:
        common.append(NotFound)
    if idempotent:
        common += [IdempotencyKeyMissing, IdempotencyKeyReused, RequestInProgress]
    if versioned and method in EDITS:
        common += [StaleVersion, VersionRequired]
    return common


def description(
    allow: str,
    raised: Sequence[type[Problem]],
    idempotent: bool,
    conditional: bool,
    files: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what the API description says of an endpoint beside its schemas.

    One that answers with a page answers with a page where nothing is found, too.
    """
    told: dict[str, Any] = {"responses": _documented(raised), "x-permission": allow}
    if HTML in files and "404" in told["responses"]:
        told["responses"]["404"]["content"][HTML] = {"schema": {"type": "string"}}
    headers = _headers(idempotent, conditional)
    # A list given here replaces the parameters made from the query's schema: none if empty.
    return told | ({"parameters": headers} if headers else {})


def _documented(problems: Sequence[type[Problem]]) -> dict[str, Any]:
    """Describe Problems as OpenAPI responses, one example each."""
    by_status: dict[int, dict[str, type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(int(problem.status), {})[problem.code] = problem
    return {
        str(status): {
            "description": " | ".join(p.title.en for p in group.values()),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {code: {"value": p.example()} for code, p in group.items()},
                }
            },
        }
        for status, group in sorted(by_status.items())
    }


def _headers(idempotent: bool, conditional: bool) -> list[dict[str, Any]]:
    headers = []
    if idempotent:
        headers.append(_header("Idempotency-Key", "9b1c2f7e-place-order-1"))
    if conditional:
        headers.append(_header("If-Match", '"1"'))
    return headers


def _header(name: str, example: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return {"in": "header", "name": name, "required": True, "schema": schema, "example": example}
