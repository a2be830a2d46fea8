"""The API's description, and the page that shows it from local assets."""

import re
from urllib.parse import urljoin

from flask import Flask


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
