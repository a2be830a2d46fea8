"""What batches, codes, issues and wallets take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Count, Fen, IdField, Moment, PageQuery, Schema, Words
from groupbuy.kernel.sheets import Format
from groupbuy.pricing.rules.coupons import (
    SHOWN_STATES,
    BatchState,
    CouponKind,
    CouponState,
    IssueState,
)
from groupbuy.pricing.schemas.scopes import ScopedBody, ScopedEditBody, switch

_KIND = validate.OneOf([kind.value for kind in CouponKind])
_BATCH_STATE = validate.OneOf([state.value for state in BatchState])
_COUPON_STATE = validate.OneOf([str(state) for state in SHOWN_STATES])
_CODE = validate.Regexp(r"^[A-Za-z0-9 -]{4,40}$(?!\n)", error="4 to 40 letters and digits.")
_CODE_EXAMPLE = {"example": "SPRING-2026"}
_MILLIONS = 10_000_000


class CouponBatchBody(ScopedBody):
    """A new batch, as a draft.

    `fixed` takes `off_fen` off; `percentage` takes `off_bps` off, at most `cap_fen`; `delivery`
    waives the fee, at most `off_fen` of it. Valid in [starts_at, ends_at), or for `valid_days`.
    """

    kind = fields.String(required=True, validate=_KIND)
    off_fen = Fen(minimum=1, load_default=None, allow_none=True)
    off_bps = Count(
        minimum=1, maximum=10_000, load_default=None, allow_none=True, metadata={"example": None}
    )
    cap_fen = Fen(minimum=1, load_default=None, allow_none=True, metadata={"example": None})
    from_fen = Fen(load_default=0)
    starts_at = Moment(load_default=None, allow_none=True, metadata={"example": None})
    ends_at = Moment(load_default=None, allow_none=True, metadata={"example": None})
    valid_days = Count(minimum=1, maximum=3650, load_default=None, allow_none=True)
    quantity = Count(required=True, minimum=1, maximum=_MILLIONS)
    per_shopper = Count(load_default=1, minimum=1, maximum=1000)
    public_code = fields.String(
        load_default=None, allow_none=True, validate=_CODE, metadata=_CODE_EXAMPLE
    )
    platform_funded = switch(load_default=False)


class CouponBatchEditBody(ScopedEditBody):
    """What may be changed of a draft; fields left out stay."""

    off_fen = Fen(minimum=1, allow_none=True)
    off_bps = Count(minimum=1, maximum=10_000, allow_none=True)
    cap_fen = Fen(minimum=1, allow_none=True)
    from_fen = Fen()
    starts_at = Moment(allow_none=True)
    ends_at = Moment(allow_none=True)
    valid_days = Count(minimum=1, maximum=3650, allow_none=True)
    quantity = Count(minimum=1, maximum=_MILLIONS)
    per_shopper = Count(minimum=1, maximum=1000)
    public_code = fields.String(allow_none=True, validate=_CODE, metadata=_CODE_EXAMPLE)
    platform_funded = switch()


class CouponBatchSchema(Schema):
    """A batch as headquarters sees it; `given` counts its coupons."""

    id = IdField("cpb", required=True)
    kind = fields.String(required=True, validate=_KIND)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    off_fen = fields.Integer(required=True, allow_none=True)
    off_bps = fields.Integer(required=True, allow_none=True)
    cap_fen = fields.Integer(required=True, allow_none=True)
    from_fen = fields.Integer(required=True)
    goods = fields.String(required=True)
    goods_ids = fields.List(fields.String(), required=True)
    place = fields.String(required=True)
    campaign_id = IdField("cmp", required=True, allow_none=True)
    starts_at = Moment(required=True, allow_none=True)
    ends_at = Moment(required=True, allow_none=True)
    valid_days = fields.Integer(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    given = fields.Integer(required=True)
    per_shopper = fields.Integer(required=True)
    public_code = fields.String(required=True, allow_none=True)
    platform_funded = fields.Boolean(required=True)
    state = fields.String(required=True, validate=_BATCH_STATE)
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
    published_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class CouponBatchQuery(PageQuery):
    """Filters of the list of batches."""

    state = fields.String(load_default=None, validate=_BATCH_STATE)
    kind = fields.String(load_default=None, validate=_KIND)


class BatchMoveBody(Schema):
    """Why it pauses or ends."""

    reason = Words(required=True, maximum=200)


class CodesBody(Schema):
    """How many personal codes to make."""

    count = Count(required=True, minimum=1, maximum=100_000)


class CodesMadeSchema(Schema):
    """How many personal codes were made."""

    made = fields.Integer(required=True)


class CouponCodeSchema(Schema):
    """A personal code, and who has its coupon."""

    id = IdField("cpc", required=True)
    code = fields.String(required=True)
    made_at = Moment(required=True)
    claimed_at = Moment(required=True, allow_none=True)
    claimed_by = IdField("shp", required=True, allow_none=True)


class CouponCodeQuery(PageQuery):
    """Filters of the list of codes."""

    claimed = fields.Boolean(load_default=None)


class CouponCodeFileQuery(Schema):
    """What the file is written as."""

    format = fields.String(
        load_default=Format.CSV.value, validate=validate.OneOf([f.value for f in Format])
    )


class AudienceSchema(Schema):
    """Whom to give coupons: every filter that is given must hold, at least one is needed."""

    shopper_ids = fields.List(
        IdField("shp"), validate=validate.Length(min=1, max=1000), metadata={"example": []}
    )
    community_id = IdField("com", metadata={"description": "who ordered in its group buys"})
    ordered_since = Moment()
    never_ordered = fields.Boolean(truthy={True}, falsy=set())
    members = fields.Boolean(truthy={True}, falsy=set())


class IssueBody(Schema):
    """An issue of a batch to many."""

    audience = fields.Nested(
        AudienceSchema, required=True, metadata={"example": {"never_ordered": True}}
    )

    @validates_schema
    def somebody(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse an audience of everybody by mistake, and of nobody."""
        audience = data.get("audience", {})
        if not audience:
            raise ValidationError("Name at least one filter.", "audience")
        if audience.get("never_ordered") and audience.get("ordered_since"):
            raise ValidationError("Nobody ordered since then and never.", "audience")


class IssueSchema(Schema):
    """An issue and how far it has come."""

    id = IdField("cpi", required=True)
    batch_id = IdField("cpb", required=True)
    audience = fields.Dict(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf([state.value for state in IssueState])
    )
    found = fields.Integer(required=True)
    issued = fields.Integer(required=True)
    requested_by = fields.String(required=True)
    requested_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class CouponSchema(Schema):
    """A coupon as headquarters sees it; a claimed one may have expired."""

    id = IdField("cpn", required=True)
    batch_id = IdField("cpb", required=True)
    shopper_id = IdField("shp", required=True)
    number = fields.Integer(required=True)
    state = fields.String(required=True)
    starts_at = Moment(required=True)
    expires_at = Moment(required=True)
    order_id = IdField("ord", required=True, allow_none=True)
    issue_id = IdField("cpi", required=True, allow_none=True)
    claimed_at = Moment(required=True)
    used_at = Moment(required=True, allow_none=True)


class CouponQuery(PageQuery):
    """Filters of headquarters' list of coupons."""

    batch_id = IdField("cpb", load_default=None)
    shopper_id = IdField("shp", load_default=None)
    state = fields.String(
        load_default=None, validate=validate.OneOf([state.value for state in CouponState])
    )


class ClaimBody(Schema):
    """A code that was read or received."""

    code = fields.String(required=True, validate=_CODE, metadata=_CODE_EXAMPLE)


class OwnCouponSchema(Schema):
    """A coupon as its shopper sees it; its state is that of now."""

    id = IdField("cpn", required=True, attribute="coupon.id")
    title_zh = fields.String(required=True, attribute="batch.title_zh")
    title_en = fields.String(required=True, attribute="batch.title_en")
    kind = fields.String(required=True, attribute="batch.kind", validate=_KIND)
    off_fen = fields.Integer(required=True, allow_none=True, attribute="batch.off_fen")
    off_bps = fields.Integer(required=True, allow_none=True, attribute="batch.off_bps")
    cap_fen = fields.Integer(required=True, allow_none=True, attribute="batch.cap_fen")
    from_fen = fields.Integer(required=True, attribute="batch.from_fen")
    goods = fields.String(required=True, attribute="batch.goods")
    goods_ids = fields.List(fields.String(), required=True, attribute="batch.goods_ids")
    place = fields.String(required=True, attribute="batch.place")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="batch.campaign_id")
    starts_at = Moment(required=True, attribute="coupon.starts_at")
    expires_at = Moment(required=True, attribute="coupon.expires_at")
    state = fields.String(required=True, validate=_COUPON_STATE)
    order_id = IdField("ord", required=True, allow_none=True, attribute="coupon.order_id")


class WalletQuery(PageQuery):
    """Filters of one's own coupons."""

    state = fields.String(load_default=None, validate=_COUPON_STATE)
