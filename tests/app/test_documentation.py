"""The API's description, and the page that shows it from local assets."""

import re
from typing import Any
from urllib.parse import urljoin

from flask import Flask

from groupbuy.kernel.http import Schema


def test_it_describes_the_api_as_openapi_3_1(app: Flask) -> None:
    spec = app.test_client().get("/openapi.json").json
    assert spec is not None
    assert spec["openapi"].startswith("3.1")
    assert spec["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert "/api/v1/me" in spec["paths"]


def test_it_shows_examples_and_error_answers(app: Flask) -> None:
    spec = app.test_client().get("/openapi.json").json
    assert spec is not None
    login = spec["paths"]["/api/v1/auth/wechat-sessions"]["post"]
    media = login["requestBody"]["content"]["application/json"]
    assert media["example"] == {"code": "demo:bo"}
    rejected = login["responses"]["401"]["content"]["application/problem+json"]["examples"]
    assert rejected["login-code-rejected"]["value"]["status"] == 401


def test_it_serves_the_page_without_any_other_host(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/docs/").text
    assert "/openapi.json" in page
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert assets
    for asset in assets:
        assert not asset.startswith(("http:", "https:", "//")), asset
        with client.get(urljoin("/docs/", asset)) as answer:
            assert answer.status_code == 200, asset


def test_it_gives_every_body_and_answer_an_example_that_its_schema_accepts(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    assert document is not None
    bare, refused = [], []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            name = f"{method} {path}"
            media = [r.get("content", {}) for c, r in operation["responses"].items() if c < "300"]
            body = operation.get("requestBody", {}).get("content", {})
            for content in (*media, body):
                bare += [name for m in content.values() if "example" not in m and not _file(m)]
            for medium in body.values():
                schema_name = medium["schema"]["$ref"].rsplit("/", 1)[1]
                faults = _schema(schema_name).validate(medium["example"])
                refused += [(name, faults)] if faults else []
    assert (bare, refused) == ([], [])


def _file(medium: dict[str, Any]) -> bool:
    return bool(medium["schema"].get("format") == "binary")


def _schema(name: str) -> Schema:
    """Return the schema class that the document calls by this name."""
    known = [*Schema.__subclasses__()]
    for parent in known:
        known += parent.__subclasses__()
    found = next(s for s in known if s.__name__ in (name, f"{name}Schema"))
    return found()
