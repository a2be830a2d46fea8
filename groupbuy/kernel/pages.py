"""Pages for people's browsers: whole in themselves, without scripts, pictures or other sources."""

import base64
import hashlib
from dataclasses import dataclass

from flask import Response, request
from markupsafe import Markup, escape

from groupbuy.kernel.downloads import Download
from groupbuy.kernel.settings import settings

HTML = "text/html"


@dataclass(frozen=True, slots=True)
class HtmlPage(Download):
    """A page that a view returns, with the policy that allows its own style and nothing else."""

    content: bytes
    media_type: str = HTML
    name: str = ""
    style: str = ""
    status: int = 200

    def response(self) -> Response:
        """Return the answer."""
        answer = Response(self.content, self.status, mimetype=self.media_type)
        known = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        )
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["X-Robots-Tag"] = "noindex"
        answer.headers["Vary"] = "Accept-Language"
        return answer


def html_page(
    *, title: str, body: Markup, language: str, style: str = "", status: int = 200
) -> HtmlPage:
    """Return a page; `title` is escaped, `body` is what was put together with escaping."""
    content = Markup(
        '<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).format(language=language, title=escape(title), style=Markup(style), body=body)
    return HtmlPage(content.encode(), style=style, status=status)


def public_address(path: str) -> str:
    """Return the address under which a browser finds a path of ours."""
    return (settings().public_url or request.host_url.rstrip("/")) + path
