"""Drafting, publishing, ending and copying promotions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.errors import pointers
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.pricing import queries
from groupbuy.pricing.errors import PromotionNotReady
from groupbuy.pricing.kinds.registry import KINDS
from groupbuy.pricing.models import Promotion
from groupbuy.pricing.rules.promotions import PROMOTION_MOVES, PromotionState
from groupbuy.pricing.rules.scopes import Goods
from groupbuy.pricing.services.scoping import campaign_is_gone, check_scope, exist

COPIED = (
    *("kind", "terms", "title_zh", "title_en", "goods", "goods_ids", "place", "campaign_id"),
    *("starts_at", "ends_at", "members_only", "newcomers_only", "stacks_with_promotions"),
    *("stacks_with_coupon", "priority", "orders_max"),
)


def create_promotion(*, actor: Actor, now: datetime, **fields: Any) -> Promotion:
    """Draft a promotion; `terms` are those of its kind.

    Raises:
        InvalidInput: the terms are not the kind's, or the times or the scope do not fit.
    """
    promotion = Promotion(**fields, created_by=actor.label, created_at=now)
    _check(promotion)
    session().add(promotion)
    session().flush()
    audit.record(
        actor=actor,
        action="promotion.create",
        subject=promotion.id,
        now=now,
        kind=promotion.kind,
        **({"copied_from": promotion.copied_from} if promotion.copied_from else {}),
    )
    return promotion


def edit_promotion(
    *, promotion_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Promotion:
    """Change a draft.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it was published.
        InvalidInput: as for `create_promotion`.
    """
    promotion = queries.promotion(promotion_id, locked=True)
    if promotion.version != if_match:
        raise StaleVersion
    if promotion.state != PromotionState.DRAFT:
        raise NotInThisState(state=promotion.state_at(now), action="edit")
    for field, value in changes.items():
        setattr(promotion, field, value)
    _check(promotion)
    session().flush()
    audit.record(
        actor=actor,
        action="promotion.edit",
        subject=promotion.id,
        now=now,
        changed=sorted(changes),
    )
    return promotion


def publish_promotion(*, promotion_id: str, actor: Actor, now: datetime) -> Promotion:
    """Publish a draft: from its start on it acts on prices, and it is never edited again.

    Raises:
        NotInThisState: it is no draft.
        PromotionNotReady: its time or its campaign is over.
    """
    promotion = queries.promotion(promotion_id, locked=True)
    _move(promotion, "publish", now)
    faults = [
        name
        for name, fault in (
            ("already_over", promotion.ends_at is not None and promotion.ends_at <= now),
            ("campaign_gone", campaign_is_gone(campaign_id=promotion.campaign_id)),
        )
        if fault
    ]
    if faults:
        raise PromotionNotReady(faults=faults)
    promotion.published_at = now
    session().flush()
    audit.record(actor=actor, action="promotion.publish", subject=promotion.id, now=now)
    return promotion


def end_promotion(*, promotion_id: str, reason: str, actor: Actor, now: datetime) -> Promotion:
    """End a promotion now, or give a draft up; orders keep what it gave them.

    Raises:
        NotInThisState: it is over.
    """
    promotion = queries.promotion(promotion_id, locked=True)
    _move(promotion, "end", now)
    promotion.ended_at, promotion.ended_by = now, actor.label
    promotion.end_reason = reason
    session().flush()
    audit.record(actor=actor, action="promotion.end", subject=promotion.id, now=now, reason=reason)
    return promotion


def copy_promotion(*, promotion_id: str, actor: Actor, now: datetime) -> Promotion:
    """Draft the same promotion anew."""
    original = queries.promotion(promotion_id)
    fields = {name: getattr(original, name) for name in COPIED}
    return create_promotion(**fields, copied_from=original.id, actor=actor, now=now)


def _move(promotion: Promotion, action: str, now: datetime) -> None:
    after = PROMOTION_MOVES.get((PromotionState(promotion.state_at(now)), action))
    if after is None:
        raise NotInThisState(state=promotion.state_at(now), action=action)
    promotion.state = after


def _check(promotion: Promotion) -> None:
    promotion.terms = _terms(promotion.kind, promotion.terms)
    if promotion.ends_at is not None and promotion.ends_at <= promotion.starts_at:
        raise InvalidInput.at(
            "/ends_at", Text("须晚于开始时间。", "It must be later than starts_at.")
        )
    check_scope(of=promotion)


def _terms(kind: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms as the kind reads them."""
    try:
        loaded: dict[str, Any] = KINDS[kind].TERMS().load(terms)
    except ValidationError as error:
        faults = pointers({"messages": {"json": {"terms": error.messages}}})
        raise InvalidInput(errors=faults) from error
    gifts = sorted(set(KINDS[kind].gift_ids(loaded)))
    if gifts and not exist(goods=Goods.SKUS, ids=gifts):
        raise InvalidInput.at("/terms/steps", Text("赠品不存在。", "A gift is not there."))
    return loaded
