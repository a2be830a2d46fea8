"""Coaches, segments and templates over HTTP: whom to coach, by whom, and how it begins."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.settings import settings
from groupbuy.training import errors
from groupbuy.training.models import CoachingTemplate, LeaderSegment, SegmentRun
from groupbuy.training.queries import coaching as queries
from groupbuy.training.queries import segments
from groupbuy.training.queries.coaching import CoachView
from groupbuy.training.rules.segments import SegmentTerms
from groupbuy.training.schemas.coaching import (
    CoachBody,
    CoachEditBody,
    CoachingSegmentQuery,
    CoachingSegmentSchema,
    CoachingTemplateBody,
    CoachingTemplateEditBody,
    CoachingTemplateQuery,
    CoachingTemplateSchema,
    CoachQuery,
    CoachSchema,
    SegmentRunSchema,
)
from groupbuy.training.services import coaches as services
from groupbuy.training.services import segmenting

api = Api(
    "training_coaches", __name__, url_prefix="/api/v1", description="Whom to coach, and by whom"
)

SEGMENTS = "/hq/coaching/segments"
COACHES = "/hq/coaches"
COACH = f"{COACHES}/<id(stf):staff_id>"
TEMPLATES = "/hq/coaching/templates"
TEMPLATE = f"{TEMPLATES}/<id(cpt):template_id>"


def terms() -> SegmentTerms:
    """Return how leaders are divided, as the operator set it."""
    wanted = settings()
    return SegmentTerms(
        wanted.coaching_head_bps, wanted.coaching_upper_bps, wanted.coaching_new_days
    )


@api.get(
    SEGMENTS,
    allow="coaching.read",
    query=CoachingSegmentQuery,
    returns=page_of(CoachingSegmentSchema),
)
def list_coaching_segments(actor: Actor, query: dict[str, Any]) -> Page[LeaderSegment]:
    """List where leaders stood in a month, the first rank first, new leaders last."""
    return segments.segment_list(**query)


@api.post(
    f"{SEGMENTS}/<month:month>/calculation",
    allow="coaching.edit",
    returns=SegmentRunSchema,
    idempotent=True,
    problems=[errors.MonthNotLocked],
)
def calculate_coaching_segments(actor: Actor, month: str) -> SegmentRun:
    """Divide the leaders of a locked month; a month is divided once, by itself after locking."""
    with transaction():
        return segmenting.divide(month=month, terms=terms(), actor=actor, now=clock.now())


@api.get(COACHES, allow="coaching.read", query=CoachQuery, returns=page_of(CoachSchema))
def list_coaches(actor: Actor, query: dict[str, Any]) -> Page[CoachView]:
    """List coaches with how many leaders they help, and how many they may."""
    return queries.coach_list(**query)


@api.post(
    COACHES,
    allow="coaching.edit",
    body=CoachBody,
    returns=CoachSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.CoachAway, errors.CoachKnown],
    example={"staff_id": f"stf_{'0198f3c2a7b47d1e' * 2}", "load_limit": 30},
)
def add_coach(actor: Actor, body: dict[str, Any]) -> CoachView:
    """Let a trainer or an operator coach."""
    with transaction():
        coach = services.add_coach(**body, actor=actor, now=clock.now())
        return queries.coach_view(coach.staff_id)


@api.get(COACH, allow="coaching.read", returns=CoachSchema, versioned=True)
def show_coach(actor: Actor, staff_id: str) -> CoachView:
    """Show a coach."""
    return queries.coach_view(staff_id)


@api.patch(
    COACH,
    allow="coaching.edit",
    body=CoachEditBody,
    returns=CoachSchema,
    versioned=True,
    problems=[errors.CoachFull],
    example={"active": False},
)
def edit_coach(actor: Actor, staff_id: str, if_match: int, body: dict[str, Any]) -> CoachView:
    """Change how many leaders somebody coaches; who is not active keeps the open plans."""
    with transaction():
        services.edit_coach(
            staff_id=staff_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )
        return queries.coach_view(staff_id)


@api.get(
    TEMPLATES,
    allow="coaching.read",
    query=CoachingTemplateQuery,
    returns=page_of(CoachingTemplateSchema),
)
def list_coaching_templates(actor: Actor, query: dict[str, Any]) -> Page[CoachingTemplate]:
    """List what plans begin with; a segment has one template in use."""
    return queries.template_list(**query)


@api.post(
    TEMPLATES,
    allow="coaching.edit",
    body=CoachingTemplateBody,
    returns=CoachingTemplateSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.TemplateInUse],
    example={
        "segment": "tail",
        "title_zh": "重新开张",
        "title_en": "A fresh start",
        "tasks": [
            {
                "kind": "call",
                "title_zh": "和教练通一次电话",
                "title_en": "A call with your coach",
                "due_days": 3,
            },
            {
                "kind": "host",
                "title_zh": "开一次团",
                "title_en": "Host a group buy",
                "due_days": 14,
                "by_leader": True,
            },
        ],
    },
)
def add_coaching_template(actor: Actor, body: dict[str, Any]) -> CoachingTemplate:
    """Add a template for a segment, in use from now on."""
    with transaction():
        return services.add_template(**body, actor=actor, now=clock.now())


@api.get(TEMPLATE, allow="coaching.read", returns=CoachingTemplateSchema, versioned=True)
def show_coaching_template(actor: Actor, template_id: str) -> CoachingTemplate:
    """Show a template."""
    return queries.template(template_id)


@api.patch(
    TEMPLATE,
    allow="coaching.edit",
    body=CoachingTemplateEditBody,
    returns=CoachingTemplateSchema,
    versioned=True,
    problems=[errors.TemplateInUse],
    example={"active": False},
)
def edit_coaching_template(
    actor: Actor, template_id: str, if_match: int, body: dict[str, Any]
) -> CoachingTemplate:
    """Change a template for the plans that begin from now on, or take it out of use."""
    with transaction():
        return services.edit_template(
            template_id=template_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )
