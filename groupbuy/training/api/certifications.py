"""Certifications over HTTP: what leaders can be certified in."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.training import errors
from groupbuy.training.models.certificates import Certification
from groupbuy.training.queries import certificates as queries
from groupbuy.training.queries.openings import openings
from groupbuy.training.schemas.certificates import (
    CertificationBody,
    CertificationEditBody,
    CertificationOpeningsSchema,
    CertificationQuery,
    CertificationSchema,
    OwnCertificationSchema,
)
from groupbuy.training.services import certifications as services

api = Api("training_certifications", __name__, url_prefix="/api/v1", description="Certifications")

CERTIFICATIONS = "/hq/certifications"
CERTIFICATION = f"{CERTIFICATIONS}/<id(ctn):certification_id>"
EXAMPLE_ID = "0198f3c2a7b47d1e" * 2


@api.get(
    CERTIFICATIONS,
    allow="training.read",
    query=CertificationQuery,
    returns=page_of(CertificationSchema),
)
def list_certifications(actor: Actor, query: dict[str, Any]) -> Page[Certification]:
    """List certifications, the newest first."""
    return queries.certification_list(**query)


@api.post(
    CERTIFICATIONS,
    allow="training.edit",
    body=CertificationBody,
    returns=CertificationSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.CertificationCodeTaken],
    example={
        "code": "fresh-goods",
        "title_zh": "生鲜经营",
        "title_en": "Fresh goods",
        "program_id": f"prg_{EXAMPLE_ID}",
        "validity_days": 365,
        "renewal_lesson_id": f"lsn_{EXAMPLE_ID}",
    },
)
def draft_certification(actor: Actor, body: dict[str, Any]) -> Certification:
    """Draft a certification."""
    with transaction():
        return services.draft_certification(**body, actor=actor, now=clock.now())


@api.get(CERTIFICATION, allow="training.read", returns=CertificationSchema, versioned=True)
def show_certification(actor: Actor, certification_id: str) -> Certification:
    """Show a certification."""
    return queries.certification(certification_id)


@api.get(f"{CERTIFICATION}/openings", allow="training.read", returns=CertificationOpeningsSchema)
def show_certification_openings(actor: Actor, certification_id: str) -> dict[str, Any]:
    """Show what a certification opens: hosting, categories, campaigns, levels, pay."""
    return openings(certification_id)


@api.patch(
    CERTIFICATION,
    allow="training.edit",
    body=CertificationEditBody,
    returns=CertificationSchema,
    versioned=True,
    example={"validity_days": 180, "renewal_window_days": 30},
)
def edit_certification(
    actor: Actor, certification_id: str, if_match: int, body: dict[str, Any]
) -> Certification:
    """Change what is certified from now on; certificates that were issued keep their terms."""
    with transaction():
        return services.edit_certification(
            certification_id=certification_id,
            if_match=if_match,
            actor=actor,
            now=clock.now(),
            **body,
        )


@api.delete(CERTIFICATION, allow="training.edit", versioned=True, problems=[NotInThisState])
def discard_certification(actor: Actor, certification_id: str, if_match: int) -> None:
    """Throw a draft away."""
    with transaction():
        services.discard_certification(
            certification_id=certification_id, if_match=if_match, actor=actor, now=clock.now()
        )


@api.post(
    f"{CERTIFICATION}/publication",
    allow="training.edit",
    body=Nothing,
    returns=CertificationSchema,
    versioned=True,
    problems=[NotInThisState],
)
def publish_certification(
    actor: Actor, certification_id: str, body: dict[str, Any]
) -> Certification:
    """Certify from now on whoever completes the program; nothing is issued for the past."""
    with transaction():
        return services.publish_certification(
            certification_id=certification_id, actor=actor, now=clock.now()
        )


@api.post(
    f"{CERTIFICATION}/retirement",
    allow="training.edit",
    body=Nothing,
    returns=CertificationSchema,
    versioned=True,
    problems=[NotInThisState],
)
def retire_certification(
    actor: Actor, certification_id: str, body: dict[str, Any]
) -> Certification:
    """Issue no more certificates; those that were issued hold, and can be renewed."""
    with transaction():
        return services.retire_certification(
            certification_id=certification_id, actor=actor, now=clock.now()
        )


@api.get(
    "/leader/certifications",
    allow="training.own",
    query=PageQuery,
    returns=page_of(OwnCertificationSchema),
)
def list_own_certifications(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List what one can be certified in, and where one stands with each."""
    today = settings().calendar.day_of(clock.now())
    return queries.own_certifications(leader_id=actor.leader_id, today=today, **query)
