"""Assessments and their versions over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState, StaleVersion
from groupbuy.training import errors
from groupbuy.training.models import AssessmentVersion
from groupbuy.training.queries import assessments as queries
from groupbuy.training.queries.assessments import AssessmentView
from groupbuy.training.queries.item_analysis import ItemFigures, item_analysis
from groupbuy.training.schemas.assessments import (
    AssessmentBody,
    AssessmentPublicationBody,
    AssessmentQuery,
    AssessmentSchema,
    AssessmentVersionBody,
    AssessmentVersionSchema,
    ItemAnalysisQuery,
    ItemAnalysisSchema,
)
from groupbuy.training.services import assessments as services

api = Api(
    "training_assessments", __name__, url_prefix="/api/v1", description="Assessments of the school"
)

ASSESSMENTS = "/hq/assessments"
ASSESSMENT = f"{ASSESSMENTS}/<id(ast):assessment_id>"
VERSIONS = f"{ASSESSMENT}/versions"
VERSION = f"{VERSIONS}/<int(max=1000000):number>"
DRAFT_EXAMPLE: dict[str, Any] = {
    "sections": [{"bank_id": f"qbk_{'0198f3c2a7b47d1e' * 2}", "draw": 10}],
    "pass_bps": 8_000,
    "max_attempts": 3,
    "cooldown_minutes": 60,
    "time_limit_s": 1_200,
    "grading": "highest",
    "review": "after_pass",
}


@api.get(
    ASSESSMENTS, allow="training.read", query=AssessmentQuery, returns=page_of(AssessmentSchema)
)
def list_assessments(actor: Actor, query: dict[str, Any]) -> Page[AssessmentView]:
    """List assessments."""
    return queries.assessment_list(**query)


@api.post(
    ASSESSMENTS,
    allow="training.edit",
    body=AssessmentBody,
    returns=AssessmentSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.LessonTakesNoAssessment],
)
def create_assessment(actor: Actor, body: dict[str, Any]) -> AssessmentView:
    """Make the assessment of a lesson; it asks nothing until a version is published."""
    with transaction():
        made = services.create_assessment(**body, actor=actor, now=clock.now())
        return queries.assessment_view(made.id)


@api.get(ASSESSMENT, allow="training.read", returns=AssessmentSchema)
def show_assessment(actor: Actor, assessment_id: str) -> AssessmentView:
    """Show an assessment."""
    return queries.assessment_view(assessment_id)


@api.get(
    f"{ASSESSMENT}/item-analysis",
    allow="training.read",
    query=ItemAnalysisQuery,
    returns=ItemAnalysisSchema,
)
def show_item_analysis(
    actor: Actor, assessment_id: str, query: dict[str, Any]
) -> dict[str, list[ItemFigures]]:
    """Show how hard each question is, and whether it tells who knows from who does not."""
    return {"items": item_analysis(assessment_id=assessment_id, **query)}


@api.get(VERSIONS, allow="training.read", query=PageQuery, returns=page_of(AssessmentVersionSchema))
def list_assessment_versions(
    actor: Actor, assessment_id: str, query: dict[str, Any]
) -> Page[AssessmentVersion]:
    """List an assessment's versions, the newest first."""
    return queries.version_list(assessment_id=assessment_id, **query)


@api.post(
    VERSIONS,
    allow="training.edit",
    body=AssessmentVersionBody,
    returns=AssessmentVersionSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.AssessmentDraftExists],
    example=DRAFT_EXAMPLE,
)
def draft_assessment_version(
    actor: Actor, assessment_id: str, body: dict[str, Any]
) -> AssessmentVersion:
    """Draft an assessment's next version; what is left out is as in the version before."""
    with transaction():
        return services.draft_version(
            assessment_id=assessment_id, **body, actor=actor, now=clock.now()
        )


@api.get(VERSION, allow="training.read", returns=AssessmentVersionSchema, versioned=True)
def show_assessment_version(actor: Actor, assessment_id: str, number: int) -> AssessmentVersion:
    """Show a version."""
    return queries.version(assessment_id, number)


@api.patch(
    VERSION,
    allow="training.edit",
    body=AssessmentVersionBody,
    returns=AssessmentVersionSchema,
    versioned=True,
    problems=[NotInThisState],
    example={"pass_bps": 7_500},
)
def edit_assessment_version(
    actor: Actor, assessment_id: str, number: int, if_match: int, body: dict[str, Any]
) -> AssessmentVersion:
    """Change a draft."""
    with transaction():
        return services.edit_version(
            assessment_id=assessment_id,
            number=number,
            if_match=if_match,
            actor=actor,
            now=clock.now(),
            **body,
        )


@api.delete(VERSION, allow="training.edit", versioned=True, problems=[NotInThisState])
def discard_assessment_version(
    actor: Actor, assessment_id: str, number: int, if_match: int
) -> None:
    """Throw a draft away."""
    with transaction():
        services.discard_version(
            assessment_id=assessment_id,
            number=number,
            if_match=if_match,
            actor=actor,
            now=clock.now(),
        )


@api.post(
    f"{VERSION}/publication",
    allow="training.edit",
    body=AssessmentPublicationBody,
    returns=AssessmentVersionSchema,
    versioned=True,
    problems=[NotInThisState, StaleVersion, errors.AssessmentNotPublishable],
    example={"version": 3},
)
def publish_assessment_version(
    actor: Actor, assessment_id: str, number: int, body: dict[str, Any]
) -> AssessmentVersion:
    """Publish a draft as it was read: who begins from now on gets it, questions as they are now."""
    with transaction():
        return services.publish_version(
            assessment_id=assessment_id,
            number=number,
            if_match=body["version"],
            actor=actor,
            now=clock.now(),
        )
