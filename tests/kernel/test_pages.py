"""Pages for people's browsers."""

import base64
import hashlib
from dataclasses import replace

import pytest
from flask import Flask
from markupsafe import Markup

from groupbuy.kernel.pages import html_page, public_address
from groupbuy.kernel.settings import EXTENSION
from groupbuy.kernel.settings import settings as present


def test_it_allows_its_own_style_and_nothing_else(app: Flask) -> None:
    style = "p > a{color:#191919}"
    page = html_page(
        title="<b>", body=Markup("<p>Hi</p>"), language="en", style=style, status=404
    ).response()
    text = page.get_data(as_text=True)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert f"<style>{style}</style>" in text
    assert "<title>&lt;b&gt;</title>" in text
    assert '<html lang="en">' in text
    known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{known}'" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("public_url", "address"),
    [("", "http://localhost/verify/1"), ("https://shop.example", "https://shop.example/verify/1")],
)
def test_it_says_where_a_browser_finds_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, public_url: str, address: str
) -> None:
    monkeypatch.setitem(app.extensions, EXTENSION, replace(present(), public_url=public_url))
    with app.test_request_context("/"):
        assert public_address("/verify/1") == address
