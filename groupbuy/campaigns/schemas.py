"""What campaigns takes and gives over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.rules import MAX_STEPS, CampaignState, GroupBuyState, UnclaimedRule
from groupbuy.kernel.http import Count, Fen, IdField, Moment, PageQuery, Schema, Words

_KIND = validate.OneOf(list(KINDS))
_CAMPAIGN_STATE = validate.OneOf(list(CampaignState))
_GROUP_BUY_STATE = validate.OneOf(list(GroupBuyState))
_UNCLAIMED_RULE = validate.OneOf(list(UnclaimedRule))
_AT_MOST = validate.Length(max=500)


_TERMS = {
    "description": "what the kind asks for; see docs/domain.md, Campaigns",
    "example": {},
}


class QualificationCode(fields.String):
    """The code of a certification, which is that of the qualification it gives."""

    def __init__(self, **options: Any) -> None:
        form = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,49}$(?!\n)", error="a-z, 0-9, -")
        super().__init__(validate=form, **options)


_QUALIFICATION = {
    "description": "the code of what its hosts must be qualified in",
    "example": None,
}


class LadderStepSchema(Schema):
    """A step of a price ladder: from so many units sold in the group buy, each costs this."""

    from_units = Count(required=True)
    price_fen = Fen(minimum=1, required=True)


class CampaignItemBody(Schema):
    """A SKU in a campaign; `allotment` is how many units are taken from the house for it.

    `ladder` gives steps of falling prices; the first one is `price_fen`.
    """

    sku_id = IdField("sku", required=True)
    price_fen = Fen(minimum=1, required=True)
    allotment = Count(minimum=1, required=True)
    limit_per_shopper = Count(minimum=1, load_default=None, allow_none=True)
    ladder = fields.List(
        fields.Nested(LadderStepSchema),
        load_default=list,
        validate=validate.Length(max=MAX_STEPS),
        metadata={"example": []},
    )
    earns_commission = fields.Boolean(load_default=True, truthy={True}, falsy={False})


class CampaignBody(Schema):
    """A new campaign, as a draft; it is open in [opens_at, closes_at)."""

    kind = fields.String(required=True, validate=_KIND)
    terms = fields.Dict(keys=fields.String(), load_default=dict, metadata=_TERMS)
    title = Words(required=True, maximum=100)
    description = Words(minimum=0, maximum=5000, load_default="")
    opens_at = Moment(required=True)
    closes_at = Moment(required=True)
    pickup_from = Moment(load_default=None, allow_none=True)
    pickup_until = Moment(load_default=None, allow_none=True)
    one_parcel = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    unclaimed_rule = fields.String(load_default=UnclaimedRule.KEEP, validate=_UNCLAIMED_RULE)
    keep_days = Count(minimum=1, maximum=90, load_default=7)
    required_qualification = QualificationCode(
        load_default=None, allow_none=True, metadata=_QUALIFICATION
    )
    items = fields.List(fields.Nested(CampaignItemBody), load_default=list, validate=_AT_MOST)


class CampaignEditBody(Schema):
    """What may be changed about a draft; fields left out stay, `items` replaces the list.

    Of a campaign that is announced or open: the words, the pickup window, a later closing.
    """

    kind = fields.String(validate=_KIND)
    terms = fields.Dict(keys=fields.String(), metadata=_TERMS)
    title = Words(maximum=100)
    description = Words(minimum=0, maximum=5000)
    opens_at = Moment()
    closes_at = Moment()
    pickup_from = Moment(allow_none=True)
    pickup_until = Moment(allow_none=True)
    one_parcel = fields.Boolean(truthy={True}, falsy={False})
    unclaimed_rule = fields.String(validate=_UNCLAIMED_RULE)
    keep_days = Count(minimum=1, maximum=90)
    required_qualification = QualificationCode(allow_none=True, metadata=_QUALIFICATION)
    items = fields.List(fields.Nested(CampaignItemBody), validate=_AT_MOST)


class CampaignItemSchema(Schema):
    """An item as headquarters sees it."""

    id = IdField("cit", required=True, attribute="item.id")
    sku_id = IdField("sku", required=True, attribute="item.sku_id")
    title = fields.String(required=True)
    price_fen = Fen(required=True, attribute="item.price_fen")
    allotment = fields.Integer(required=True, attribute="item.allotment")
    limit_per_shopper = fields.Integer(
        required=True, allow_none=True, attribute="item.limit_per_shopper"
    )
    ladder = fields.List(fields.Nested(LadderStepSchema), required=True, attribute="item.ladder")
    earns_commission = fields.Boolean(required=True, attribute="item.earns_commission")
    pool_id = IdField("pol", required=True, allow_none=True, attribute="item.pool_id")


class CampaignSchema(Schema):
    """A campaign as headquarters sees it."""

    id = IdField("cmp", required=True, attribute="campaign.id")
    kind = fields.String(required=True, validate=_KIND, attribute="campaign.kind")
    terms = fields.Dict(required=True, attribute="campaign.terms", metadata=_TERMS)
    title = fields.String(required=True, attribute="campaign.title")
    description = fields.String(required=True, attribute="campaign.description")
    opens_at = Moment(required=True, attribute="campaign.opens_at")
    closes_at = Moment(required=True, attribute="campaign.closes_at")
    extended_until = Moment(required=True, allow_none=True, attribute="campaign.extended_until")
    pickup_from = Moment(required=True, allow_none=True, attribute="campaign.pickup_from")
    pickup_until = Moment(required=True, allow_none=True, attribute="campaign.pickup_until")
    one_parcel = fields.Boolean(required=True, attribute="campaign.one_parcel")
    unclaimed_rule = fields.String(
        required=True, validate=_UNCLAIMED_RULE, attribute="campaign.unclaimed_rule"
    )
    keep_days = fields.Integer(required=True, attribute="campaign.keep_days")
    required_qualification = fields.String(
        required=True, allow_none=True, attribute="campaign.required_qualification"
    )
    state = fields.String(required=True, validate=_CAMPAIGN_STATE, attribute="campaign.state")
    scheduled_at = Moment(required=True, allow_none=True, attribute="campaign.scheduled_at")
    opened_at = Moment(required=True, allow_none=True, attribute="campaign.opened_at")
    closed_at = Moment(required=True, allow_none=True, attribute="campaign.closed_at")
    settled_at = Moment(required=True, allow_none=True, attribute="campaign.settled_at")
    cancel_reason = fields.String(required=True, attribute="campaign.cancel_reason")
    items = fields.List(fields.Nested(CampaignItemSchema), required=True)
    version = fields.Integer(required=True)


class CampaignQuery(PageQuery):
    """Filters of the list of campaigns; `q` is part of the title, they open in [from, to)."""

    kind = fields.String(load_default=None, validate=_KIND)
    state = fields.String(load_default=None, validate=_CAMPAIGN_STATE)
    q = fields.String(load_default=None, validate=validate.Length(min=1, max=100))
    since = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None, data_key="to")


class CampaignCancellationBody(Schema):
    """Why a campaign is called off; for an open one it must be said."""

    reason = Words(load_default="", minimum=0, maximum=500)


class AllotmentBody(Schema):
    """So many units more of a SKU of the campaign."""

    sku_id = IdField("sku", required=True)
    units = Count(required=True, minimum=1)


class OfferItemSchema(Schema):
    """An item as leaders and shoppers see it."""

    sku_id = IdField("sku", required=True, attribute="item.sku_id")
    title = fields.String(required=True)
    price_fen = Fen(required=True, attribute="item.price_fen")
    limit_per_shopper = fields.Integer(
        required=True, allow_none=True, attribute="item.limit_per_shopper"
    )


class NextStepSchema(LadderStepSchema):
    """The next step of a ladder, and the units that are missing to it."""

    units_missing = Count(required=True)


class LadderSchema(Schema):
    """Where an item stands on its price ladder in a group buy; final once that is decided."""

    steps = fields.List(fields.Nested(LadderStepSchema), required=True)
    units = Count(required=True)
    price_fen = Fen(required=True)
    next = fields.Nested(NextStepSchema, required=True, allow_none=True)
    final_price_fen = Fen(required=True, allow_none=True)


class GroupBuyOfferItemSchema(OfferItemSchema):
    """An item in a group buy; orders pay `price_fen`, and get back what the ladder saves."""

    ladder = fields.Nested(LadderSchema, required=True, allow_none=True)


class ProgressSchema(Schema):
    """How far a group buy is on its way to its minimum."""

    measure = fields.String(required=True)
    minimum = Count(required=True)
    reached = Count(required=True)
    missing = Count(required=True)


class _OfferSchema(Schema):
    title = fields.String(required=True, attribute="campaign.title")
    description = fields.String(required=True, attribute="campaign.description")
    opens_at = Moment(required=True, attribute="campaign.opens_at")
    closes_at = Moment(required=True, attribute="campaign.closes_at")
    pickup_from = Moment(required=True, allow_none=True, attribute="campaign.pickup_from")
    pickup_until = Moment(required=True, allow_none=True, attribute="campaign.pickup_until")
    items = fields.List(fields.Nested(OfferItemSchema), required=True)


class HostingSchema(Schema):
    """An own community, and the group buy by which it hosts the campaign, if it does."""

    id = IdField("com", required=True)
    name = fields.String(required=True)
    group_buy_id = IdField("gbu", required=True, allow_none=True)


class OfferToHostSchema(OfferItemSchema):
    """An item of a campaign that may be hosted, with the steps of its price ladder."""

    ladder = fields.List(fields.Nested(LadderStepSchema), required=True, attribute="item.ladder")


class CampaignToHostSchema(_OfferSchema):
    """A campaign as a leader sees it; `state` is that of the instant."""

    terms = fields.Dict(required=True, attribute="campaign.terms", metadata=_TERMS)
    items = fields.List(fields.Nested(OfferToHostSchema), required=True)

    id = IdField("cmp", required=True, attribute="campaign.id")
    kind = fields.String(required=True, validate=_KIND, attribute="campaign.kind")
    state = fields.String(required=True, validate=_CAMPAIGN_STATE)
    qualifications = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "codes of what its hosts must be qualified in", "example": []},
    )
    communities = fields.List(fields.Nested(HostingSchema), required=True)


class HostSchema(Schema):
    """Who hosts a group buy."""

    id = IdField("ldr", required=True)
    name = fields.String(required=True)


class HandoverSchema(Schema):
    """Where the goods are handed over."""

    id = IdField("ppt", required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    opening_hours = fields.String(required=True)


class GroupBuySchema(_OfferSchema):
    """A group buy as shoppers see it; `state` is that of the instant.

    It takes orders in [opens_at, ends_at): `ends_at` is later than `closes_at` when it is extended.
    """

    id = IdField("gbu", required=True, attribute="group_buy.id")
    campaign_id = IdField("cmp", required=True, attribute="campaign.id")
    kind = fields.String(required=True, validate=_KIND, attribute="campaign.kind")
    share_code = fields.String(required=True, attribute="group_buy.share_code")
    state = fields.String(required=True, validate=_GROUP_BUY_STATE)
    ends_at = Moment(required=True)
    progress = fields.Nested(ProgressSchema, required=True, allow_none=True)
    items = fields.List(fields.Nested(GroupBuyOfferItemSchema), required=True)
    leader = fields.Nested(HostSchema, required=True)
    pickup_point = fields.Nested(HandoverSchema, required=True)


class HostedCommunitySchema(Schema):
    """The community in which a group buy is hosted."""

    id = IdField("com", required=True)
    name = fields.String(required=True)


class OwnGroupBuySchema(GroupBuySchema):
    """A group buy as its leader sees it."""

    community = fields.Nested(HostedCommunitySchema, required=True)
    hosted_at = Moment(required=True, attribute="group_buy.hosted_at")


class StaffGroupBuySchema(OwnGroupBuySchema):
    """A group buy as headquarters sees it: with what it sold."""

    participants = Count(required=True, attribute="group_buy.participants")
    units = Count(required=True, attribute="group_buy.units")


class OwnGroupBuyQuery(PageQuery):
    """Filters of a leader's group buys."""

    campaign_id = IdField("cmp", load_default=None)
    state = fields.String(load_default=None, validate=_GROUP_BUY_STATE)


class StaffGroupBuyQuery(OwnGroupBuyQuery):
    """Filters of headquarters' list of group buys."""

    leader_id = IdField("ldr", load_default=None)


class GroupBuyBody(Schema):
    """What to host, where, and where the goods are handed over."""

    campaign_id = IdField("cmp", required=True)
    community_id = IdField("com", required=True)
    pickup_point_id = IdField("ppt", required=True)


class HostingRequirementBody(Schema):
    """What to ask of hosts: of all, or of those whose campaigns have goods of a category."""

    qualification = QualificationCode(required=True, metadata={"example": "fresh-goods"})
    category_id = IdField("cat", load_default=None, allow_none=True)


class HostingRequirementSchema(Schema):
    """What is asked of hosts."""

    id = IdField("hrq", required=True)
    qualification = fields.String(required=True, attribute="code")
    category_id = IdField("cat", required=True, allow_none=True)
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
