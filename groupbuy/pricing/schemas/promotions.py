"""What promotions take and give over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.pricing.kinds.registry import KINDS
from groupbuy.pricing.rules import MAX_LINES
from groupbuy.pricing.rules.promotions import PromotionState
from groupbuy.pricing.schemas.quotes import WantedLineSchema
from groupbuy.pricing.schemas.scopes import ScopedBody, ScopedEditBody, switch

_KIND = validate.OneOf(list(KINDS))
_STATE = validate.OneOf([state.value for state in PromotionState])
_TERMS_EXAMPLE = {"by": "amount", "steps": [{"from_fen": 20000, "off_fen": 5000}]}


class PromotionBody(ScopedBody):
    """A new promotion, as a draft; it is in force in [starts_at, ends_at) once published.

    `terms` by kind: `buy_get` {buy, get, at_most}; `gift` {by, steps: [{from_fen or from_units,
    gifts: [{sku_id, quantity}]}], repeats}; `reduction` {by, steps: [{from_fen or from_units,
    off_fen}]}; `free_delivery` {from_fen}. `by` is amount or count.
    """

    kind = fields.String(required=True, validate=_KIND, metadata={"example": "reduction"})
    terms = fields.Dict(required=True, metadata={"example": _TERMS_EXAMPLE})
    starts_at = Moment(required=True)
    ends_at = Moment(load_default=None, allow_none=True)
    members_only = switch(load_default=False)
    newcomers_only = switch(load_default=False)
    stacks_with_promotions = switch(load_default=True)
    stacks_with_coupon = switch(load_default=True)
    priority = Count(load_default=0, maximum=1000)
    orders_max = Count(load_default=None, allow_none=True, minimum=1, maximum=100_000_000)


class PromotionEditBody(ScopedEditBody):
    """What may be changed of a draft; fields left out stay."""

    terms = fields.Dict(metadata={"example": _TERMS_EXAMPLE})
    starts_at = Moment()
    ends_at = Moment(allow_none=True)
    members_only = switch()
    newcomers_only = switch()
    stacks_with_promotions = switch()
    stacks_with_coupon = switch()
    priority = Count(maximum=1000)
    orders_max = Count(allow_none=True, minimum=1, maximum=100_000_000)


class PromotionSchema(Schema):
    """A promotion as headquarters sees it; its state is that of now."""

    id = IdField("prm", required=True, attribute="promotion.id")
    kind = fields.String(required=True, attribute="promotion.kind", validate=_KIND)
    title_zh = fields.String(required=True, attribute="promotion.title_zh")
    title_en = fields.String(required=True, attribute="promotion.title_en")
    terms = fields.Dict(required=True, attribute="promotion.terms")
    goods = fields.String(required=True, attribute="promotion.goods")
    goods_ids = fields.List(fields.String(), required=True, attribute="promotion.goods_ids")
    place = fields.String(required=True, attribute="promotion.place")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="promotion.campaign_id")
    starts_at = Moment(required=True, attribute="promotion.starts_at")
    ends_at = Moment(required=True, allow_none=True, attribute="promotion.ends_at")
    members_only = fields.Boolean(required=True, attribute="promotion.members_only")
    newcomers_only = fields.Boolean(required=True, attribute="promotion.newcomers_only")
    stacks_with_promotions = fields.Boolean(
        required=True, attribute="promotion.stacks_with_promotions"
    )
    stacks_with_coupon = fields.Boolean(required=True, attribute="promotion.stacks_with_coupon")
    priority = fields.Integer(required=True, attribute="promotion.priority")
    orders_max = fields.Integer(required=True, allow_none=True, attribute="promotion.orders_max")
    orders_used = fields.Integer(required=True, attribute="promotion.orders_used")
    state = fields.String(required=True, validate=_STATE)
    copied_from = IdField("prm", required=True, allow_none=True, attribute="promotion.copied_from")
    created_by = fields.String(required=True, attribute="promotion.created_by")
    created_at = Moment(required=True, attribute="promotion.created_at")
    published_at = Moment(required=True, allow_none=True, attribute="promotion.published_at")
    ended_at = Moment(required=True, allow_none=True, attribute="promotion.ended_at")
    ended_by = fields.String(required=True, allow_none=True, attribute="promotion.ended_by")
    end_reason = fields.String(required=True, attribute="promotion.end_reason")
    version = fields.Integer(required=True)


class PromotionQuery(PageQuery):
    """Filters of the list; `in_force` asks whether it acts on prices now."""

    state = fields.String(load_default=None, validate=_STATE)
    kind = fields.String(load_default=None, validate=_KIND)
    campaign_id = IdField("cmp", load_default=None)
    in_force = fields.Boolean(load_default=None)


class EndingBody(Schema):
    """Why it ends."""

    reason = Words(required=True, maximum=200)


class RehearsalBody(Schema):
    """A basket, and who would buy it."""

    group_buy_id = IdField("gbu", load_default=None, allow_none=True)
    lines = fields.List(
        fields.Nested(WantedLineSchema),
        required=True,
        validate=validate.Length(min=1, max=MAX_LINES),
    )
    member = switch(load_default=False)
    newcomer = switch(load_default=False)
