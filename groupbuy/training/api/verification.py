"""Whether a certificate holds, for everybody: as JSON, and as the page that a scan opens."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Api, language
from groupbuy.kernel.pages import HTML, HtmlPage, html_page
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.settings import settings
from groupbuy.training.queries import certificates as queries
from groupbuy.training.rules.certificate_papers import (
    PAGE,
    STYLE,
    CertificateContent,
    unknown_body,
    verified_body,
)
from groupbuy.training.schemas.certificates import VerifiedCertificateSchema

DESCRIPTION = "Whether a certificate holds"
api = Api("training_verification", __name__, url_prefix="/api/v1", description=DESCRIPTION)
pages = Api("training_verification_pages", __name__, url_prefix="", description=DESCRIPTION)

LIMITS = ("30/minute", "300/hour")
"""For one address: enough for people, too few to look for numbers."""


def _page(found: dict[str, Any] | None) -> HtmlPage:
    spoken = language()
    if found is None:
        body, status = unknown_body(spoken), int(NotFound.status)
    else:
        body, status = verified_body(_content(found), spoken), 200
    return html_page(title=PAGE.to(spoken), body=body, language=spoken, style=STYLE, status=status)


def _content(found: dict[str, Any]) -> CertificateContent:
    return CertificateContent(
        number=found["certificate"].number,
        title=found["title"],
        holder=found["holder"],
        state=found["state"],
        issued_on=found["issued_on"],
        expires_on=found["certificate"].expires_on,
    )


@api.get(
    "/certificates/<string:number>",
    allow="certificates.verify",
    returns=VerifiedCertificateSchema,
    limits=LIMITS,
)
def verify_certificate(actor: Actor, number: str) -> dict[str, Any]:
    """Tell whether the certificate with a number holds; the holder's name is masked."""
    return queries.verified(number, calendar=settings().calendar, now=clock.now())


@pages.get("/verify/<string:number>", allow="certificates.verify", files=[HTML], limits=LIMITS)
def show_verification_page(actor: Actor, number: str) -> HtmlPage:
    """Show a page that tells whether a certificate holds; 404 if no certificate has the number."""
    return _page(queries.by_number(number, calendar=settings().calendar, now=clock.now()))
