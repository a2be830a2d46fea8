"""Certificates over HTTP: issued, renewed, revoked, and a leader's own."""

from datetime import date
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import PDF
from groupbuy.kernel.http import Api, Download, Page, PageQuery, language, page_of
from groupbuy.kernel.pages import public_address
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.texts import Text
from groupbuy.training import errors
from groupbuy.training.queries import certificates as queries
from groupbuy.training.rules.certificate_papers import CertificateContent, certificate_paper
from groupbuy.training.schemas.certificates import (
    CertificateBody,
    CertificateDecisionBody,
    CertificateQuery,
    CertificateSchema,
    CertificateWithTermsSchema,
    OwnCertificateSchema,
    OwnCertificateWithTermsSchema,
)
from groupbuy.training.services import certificates as services

api = Api("training_certificates", __name__, url_prefix="/api/v1", description="Certificates")

CERTIFICATES = "/hq/certificates"
CERTIFICATE = f"{CERTIFICATES}/<id(crt):certificate_id>"
OWN_CERTIFICATE = "/leader/certificates/<id(crt):certificate_id>"
NAME = Text("证书-{number}", "certificate-{number}")
EXAMPLE_ID = "0198f3c2a7b47d1e" * 2


def _today() -> date:
    return settings().calendar.day_of(clock.now())


def _paper(found: dict[str, Any]) -> Download:
    certificate, terms = found["certificate"], found["terms"]
    content = CertificateContent(
        number=certificate.number,
        title=certificate.title,
        holder=found["holder"],
        state=found["state"],
        issued_on=settings().calendar.day_of(certificate.issued_at),
        expires_on=certificate.expires_on,
    )
    paper = certificate_paper(
        content,
        language(),
        created=certificate.revoked_at or terms[-1].recorded_at,
        address=public_address(f"/verify/{certificate.number}"),
    )
    name = NAME.format(number=certificate.number).to(language())
    return Download(paper, PDF, f"{name}.pdf")


@api.get(
    CERTIFICATES,
    allow="training.read",
    query=CertificateQuery,
    returns=page_of(CertificateSchema),
)
def list_certificates(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List certificates, the newest first."""
    return queries.certificate_list(today=_today(), **query)


@api.post(
    CERTIFICATES,
    allow="training.edit",
    body=CertificateBody,
    returns=CertificateWithTermsSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, NotInThisState, errors.CertificateHeld],
    example={
        "certification_id": f"ctn_{EXAMPLE_ID}",
        "leader_id": f"ldr_{EXAMPLE_ID}",
        "reason": "Trained in our first class, before the school kept records.",
        "earned_on": "2026-09-01",
    },
)
def issue_certificate(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Certify a leader by hand, for a reason; it holds from now on."""
    with transaction():
        issued = services.issue_by_hand(
            **body, actor=actor, calendar=settings().calendar, now=clock.now()
        )
        return queries.certificate(issued.id, today=_today())


@api.get(CERTIFICATE, allow="training.read", returns=CertificateWithTermsSchema)
def show_certificate(actor: Actor, certificate_id: str) -> dict[str, Any]:
    """Show a certificate with the periods for which it holds."""
    return queries.certificate(certificate_id, today=_today())


@api.post(
    f"{CERTIFICATE}/renewal",
    allow="training.edit",
    body=CertificateDecisionBody,
    returns=CertificateWithTermsSchema,
    idempotent=True,
    problems=[NotInThisState, errors.NothingToRenew],
    example={"reason": "Passed on paper while the network was down."},
)
def renew_certificate(actor: Actor, certificate_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Renew a certificate by hand, for a reason: from its expiry on, or from today if it has."""
    with transaction():
        services.renew_by_hand(
            certificate_id=certificate_id,
            **body,
            actor=actor,
            calendar=settings().calendar,
            now=clock.now(),
        )
        return queries.certificate(certificate_id, today=_today())


@api.post(
    f"{CERTIFICATE}/revocation",
    allow="training.edit",
    body=CertificateDecisionBody,
    returns=CertificateWithTermsSchema,
    problems=[NotInThisState],
    example={"reason": "The assessment was taken by somebody else."},
)
def revoke_certificate(actor: Actor, certificate_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Revoke a certificate for good; what it opens is closed at once, what was earned stays."""
    with transaction():
        services.revoke(certificate_id=certificate_id, **body, actor=actor, now=clock.now())
        return queries.certificate(certificate_id, today=_today())


@api.get(f"{CERTIFICATE}/pdf", allow="training.read", files=[PDF])
def download_certificate(actor: Actor, certificate_id: str) -> Download:
    """Download a certificate as a PDF."""
    return _paper(queries.certificate(certificate_id, today=_today()))


@api.get(
    "/leader/certificates",
    allow="training.own",
    query=PageQuery,
    returns=page_of(OwnCertificateSchema),
)
def list_own_certificates(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List one's own certificates, the newest first."""
    return queries.own_certificates(leader_id=actor.leader_id, today=_today(), **query)


@api.get(OWN_CERTIFICATE, allow="training.own", returns=OwnCertificateWithTermsSchema)
def show_own_certificate(actor: Actor, certificate_id: str) -> dict[str, Any]:
    """Show an own certificate with the periods for which it holds."""
    return queries.own_certificate(certificate_id, leader_id=actor.leader_id, today=_today())


@api.get(f"{OWN_CERTIFICATE}/pdf", allow="training.own", files=[PDF])
def download_own_certificate(actor: Actor, certificate_id: str) -> Download:
    """Download an own certificate as a PDF; its code leads to the page that verifies it."""
    return _paper(
        queries.own_certificate(certificate_id, leader_id=actor.leader_id, today=_today())
    )
