"""The API's description: OpenAPI 3.1 at /openapi.json, browsable at /docs from local assets."""

from typing import Any

import flask_smorest
from flask import Flask, Response, jsonify
from flask_swagger_ui import get_swaggerui_blueprint

from groupbuy.identity.rules import Role, permits
from groupbuy.kernel.http import (
    IdConverter,
    IdField,
    Moment,
    MonthConverter,
    ProblemSchema,
    language,
)
from groupbuy.kernel.problems import NotFound, Problem

DESCRIPTION = """\
The backend of a community group-buying mini-program (社区团购).

Log in with `POST /api/v1/auth/wechat-sessions` (in demo mode a code such as `demo:bo` works) or
`POST /api/v1/auth/staff-sessions`, then press *Authorize* and paste the token. Money is integer
fen (`…_fen`), rates are basis points (`…_bps`), times are RFC 3339 with an offset, and errors are
RFC 9457 problem documents whose `type` can be opened.
"""


class DocumentedApi(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's registry of endpoints; errors are ours, not its."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_doc_blueprint(self) -> None:
        """Serve no pages of its own."""

    def _register_error_handlers(self) -> None:
        """Leave errors to kernel.errors."""


def describe_api(app: Flask) -> DocumentedApi:
    """Create the description and the pages that show it."""
    api = DocumentedApi(
        app,
        spec_kwargs={
            "info": {"description": DESCRIPTION},
            "servers": [{"url": "/"}],
            "components": {
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        },
    )
    api.register_field(IdField, "string", None)
    api.register_field(Moment, "string", "date-time")
    api.register_converter(IdConverter, _id_parameter)
    api.register_converter(MonthConverter, _month_parameter)
    api.spec.components.schema("Problem", schema=ProblemSchema)

    @app.get("/openapi.json")
    def openapi() -> Response:
        """Serve the description."""
        return jsonify(describe(api))

    @app.get("/problems/<code>")
    def problem_page(code: str) -> Response:
        """Explain one type of problem."""
        problem = Problem.catalogue.get(code)
        if problem is None:
            raise NotFound
        return jsonify(
            {
                "type": problem.type_uri(),
                "status": int(problem.status),
                "title": problem.title.to(language()),
                "meaning": (problem.__doc__ or "").strip(),
            }
        )

    app.register_blueprint(
        get_swaggerui_blueprint(
            "/docs", "/openapi.json", config={"app_name": "groupbuy", "validatorUrl": None}
        ),
        url_prefix="/docs",
    )
    return api


def describe(api: DocumentedApi) -> dict[str, Any]:
    """Return the OpenAPI document; an endpoint that is open to everybody needs no login."""
    document: dict[str, Any] = api.spec.to_dict()
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "x-permission" in operation:
                public = permits(Role.ANONYMOUS, operation["x-permission"])
                operation["security"] = [] if public else [{"bearer": []}]
    # Each type of problem has members of its own.
    document["components"]["schemas"]["Problem"]["additionalProperties"] = True
    return document


def _month_parameter(converter: Any) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{converter.regex}$", "example": "2026-11"}


def _id_parameter(converter: Any) -> dict[str, Any]:
    prefix = converter.prefix
    return {
        "type": "string",
        "pattern": f"^{prefix}_[0-9a-f]{{32}}$",
        "example": f"{prefix}_{'0198f3c2a7b47d1e' * 2}",
    }
