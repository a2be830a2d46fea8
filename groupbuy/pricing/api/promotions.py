"""Promotions over HTTP."""

from typing import Any

from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, language, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.pricing import errors, queries, services
from groupbuy.pricing.queries import PromotionView
from groupbuy.pricing.rules import Delivery, Wanted
from groupbuy.pricing.schemas.promotions import (
    EndingBody,
    PromotionBody,
    PromotionEditBody,
    PromotionQuery,
    PromotionSchema,
    RehearsalBody,
)
from groupbuy.pricing.schemas.quotes import PlainQuoteSchema

api = Api("promotions", __name__, url_prefix="/api/v1", description="Rules of price")

PROMOTION = "/hq/promotions/<id(prm):promotion_id>"


@api.get(
    "/hq/promotions",
    allow="promotions.read",
    query=PromotionQuery,
    returns=page_of(PromotionSchema),
)
def list_promotions(actor: Actor, query: dict[str, Any]) -> Page[PromotionView]:
    """List promotions, the newest first."""
    in_force = query.pop("in_force")
    return queries.promotion_list(now=clock.now(), in_force_now=in_force, **query)


@api.post(
    "/hq/promotions",
    allow="promotions.edit",
    body=PromotionBody,
    returns=PromotionSchema,
    status=201,
    idempotent=True,
    versioned=True,
)
def draft_promotion(actor: Actor, body: dict[str, Any]) -> PromotionView:
    """Draft a promotion."""
    now = clock.now()
    with transaction():
        return queries.seen(services.create_promotion(**body, actor=actor, now=now), now=now)


@api.get(PROMOTION, allow="promotions.read", returns=PromotionSchema, versioned=True)
def show_promotion(actor: Actor, promotion_id: str) -> PromotionView:
    """Show a promotion."""
    return queries.seen(queries.promotion(promotion_id), now=clock.now())


@api.patch(
    PROMOTION,
    allow="promotions.edit",
    body=PromotionEditBody,
    returns=PromotionSchema,
    versioned=True,
    problems=[NotInThisState],
    example={"title_zh": "满200减50", "title_en": "50 off 200"},
)
def edit_promotion(
    actor: Actor, promotion_id: str, if_match: int, body: dict[str, Any]
) -> PromotionView:
    """Change a draft."""
    now = clock.now()
    with transaction():
        edited = services.edit_promotion(
            promotion_id=promotion_id, if_match=if_match, actor=actor, now=now, **body
        )
        return queries.seen(edited, now=now)


@api.post(
    f"{PROMOTION}/publication",
    allow="promotions.edit",
    body=Nothing,
    returns=PromotionSchema,
    versioned=True,
    problems=[NotInThisState, errors.PromotionNotReady],
)
def publish_promotion(actor: Actor, promotion_id: str, body: dict[str, Any]) -> PromotionView:
    """Publish a draft: from its start on it acts on prices, and it is never edited again."""
    now = clock.now()
    with transaction():
        published = services.publish_promotion(promotion_id=promotion_id, actor=actor, now=now)
        return queries.seen(published, now=now)


@api.post(
    f"{PROMOTION}/ending",
    allow="promotions.edit",
    body=EndingBody,
    returns=PromotionSchema,
    versioned=True,
    problems=[NotInThisState],
)
def end_promotion(actor: Actor, promotion_id: str, body: dict[str, Any]) -> PromotionView:
    """End a promotion now, or give a draft up; orders keep what it gave them."""
    now = clock.now()
    with transaction():
        ended = services.end_promotion(promotion_id=promotion_id, **body, actor=actor, now=now)
        return queries.seen(ended, now=now)


@api.post(
    f"{PROMOTION}/copies",
    allow="promotions.edit",
    body=Nothing,
    returns=PromotionSchema,
    status=201,
    idempotent=True,
    versioned=True,
)
def copy_promotion(actor: Actor, promotion_id: str, body: dict[str, Any]) -> PromotionView:
    """Draft the same promotion anew."""
    now = clock.now()
    with transaction():
        copied = services.copy_promotion(promotion_id=promotion_id, actor=actor, now=now)
        return queries.seen(copied, now=now)


@api.post(
    f"{PROMOTION}/rehearsals",
    allow="promotions.read",
    body=RehearsalBody,
    returns=PlainQuoteSchema,
    problems=[errors.NotForSale, errors.BelowMinimum, GroupBuyNotOpen],
)
def rehearse_promotion(actor: Actor, promotion_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Price a basket as if a promotion were in force now, whatever its state and time."""
    lines = [Wanted(**line) for line in body.pop("lines")]
    return services.rehearse(
        promotion_id=promotion_id,
        lines=lines,
        delivery=Delivery(settings().delivery_fee_fen, settings().free_delivery_from_fen),
        now=clock.now(),
        **body,
    ).shown(language())
