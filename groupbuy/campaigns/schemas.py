"""What campaigns takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.rules import CampaignState, GroupBuyState, UnclaimedRule
from groupbuy.kernel.http import Count, Fen, IdField, Moment, PageQuery, Schema, Words

_KIND = validate.OneOf(list(KINDS))
_CAMPAIGN_STATE = validate.OneOf(list(CampaignState))
_GROUP_BUY_STATE = validate.OneOf(list(GroupBuyState))
_UNCLAIMED_RULE = validate.OneOf(list(UnclaimedRule))
_AT_MOST = validate.Length(max=500)


class CampaignItemBody(Schema):
    """A SKU in a campaign; `allotment` is how many units are taken from the house for it."""

    sku_id = IdField("sku", required=True)
    price_fen = Fen(minimum=1, required=True)
    allotment = Count(minimum=1, required=True)
    limit_per_shopper = Count(minimum=1, load_default=None, allow_none=True)
    earns_commission = fields.Boolean(load_default=True, truthy={True}, falsy={False})


class CampaignBody(Schema):
    """A new campaign, as a draft; it is open in [opens_at, closes_at)."""

    kind = fields.String(required=True, validate=_KIND)
    title = Words(required=True, maximum=100)
    description = Words(minimum=0, maximum=5000, load_default="")
    opens_at = Moment(required=True)
    closes_at = Moment(required=True)
    pickup_from = Moment(load_default=None, allow_none=True)
    pickup_until = Moment(load_default=None, allow_none=True)
    one_parcel = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    unclaimed_rule = fields.String(load_default=UnclaimedRule.KEEP, validate=_UNCLAIMED_RULE)
    keep_days = Count(minimum=1, maximum=90, load_default=7)
    items = fields.List(fields.Nested(CampaignItemBody), load_default=list, validate=_AT_MOST)


class CampaignEditBody(Schema):
    """What may be changed about a draft; fields left out stay, `items` replaces the list."""

    kind = fields.String(validate=_KIND)
    title = Words(maximum=100)
    description = Words(minimum=0, maximum=5000)
    opens_at = Moment()
    closes_at = Moment()
    pickup_from = Moment(allow_none=True)
    pickup_until = Moment(allow_none=True)
    one_parcel = fields.Boolean(truthy={True}, falsy={False})
    unclaimed_rule = fields.String(validate=_UNCLAIMED_RULE)
    keep_days = Count(minimum=1, maximum=90)
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
    earns_commission = fields.Boolean(required=True, attribute="item.earns_commission")
    pool_id = IdField("pol", required=True, allow_none=True, attribute="item.pool_id")


class CampaignSchema(Schema):
    """A campaign as headquarters sees it."""

    id = IdField("cmp", required=True, attribute="campaign.id")
    kind = fields.String(required=True, validate=_KIND, attribute="campaign.kind")
    title = fields.String(required=True, attribute="campaign.title")
    description = fields.String(required=True, attribute="campaign.description")
    opens_at = Moment(required=True, attribute="campaign.opens_at")
    closes_at = Moment(required=True, attribute="campaign.closes_at")
    pickup_from = Moment(required=True, allow_none=True, attribute="campaign.pickup_from")
    pickup_until = Moment(required=True, allow_none=True, attribute="campaign.pickup_until")
    one_parcel = fields.Boolean(required=True, attribute="campaign.one_parcel")
    unclaimed_rule = fields.String(
        required=True, validate=_UNCLAIMED_RULE, attribute="campaign.unclaimed_rule"
    )
    keep_days = fields.Integer(required=True, attribute="campaign.keep_days")
    state = fields.String(required=True, validate=_CAMPAIGN_STATE, attribute="campaign.state")
    scheduled_at = Moment(required=True, allow_none=True, attribute="campaign.scheduled_at")
    opened_at = Moment(required=True, allow_none=True, attribute="campaign.opened_at")
    closed_at = Moment(required=True, allow_none=True, attribute="campaign.closed_at")
    items = fields.List(fields.Nested(CampaignItemSchema), required=True)
    version = fields.Integer(required=True)


class CampaignQuery(PageQuery):
    """Filters of the list of campaigns."""

    state = fields.String(load_default=None, validate=_CAMPAIGN_STATE)


class OfferItemSchema(Schema):
    """An item as leaders and shoppers see it."""

    sku_id = IdField("sku", required=True, attribute="item.sku_id")
    title = fields.String(required=True)
    price_fen = Fen(required=True, attribute="item.price_fen")
    limit_per_shopper = fields.Integer(
        required=True, allow_none=True, attribute="item.limit_per_shopper"
    )


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


class CampaignToHostSchema(_OfferSchema):
    """A campaign as a leader sees it; `state` is that of the instant."""

    id = IdField("cmp", required=True, attribute="campaign.id")
    kind = fields.String(required=True, validate=_KIND, attribute="campaign.kind")
    state = fields.String(required=True, validate=_CAMPAIGN_STATE)
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
    """A group buy as shoppers see it; `state` is that of the instant."""

    id = IdField("gbu", required=True, attribute="group_buy.id")
    campaign_id = IdField("cmp", required=True, attribute="campaign.id")
    kind = fields.String(required=True, validate=_KIND, attribute="campaign.kind")
    share_code = fields.String(required=True, attribute="group_buy.share_code")
    state = fields.String(required=True, validate=_GROUP_BUY_STATE)
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


class GroupBuyBody(Schema):
    """What to host, where, and where the goods are handed over."""

    campaign_id = IdField("cmp", required=True)
    community_id = IdField("com", required=True)
    pickup_point_id = IdField("ppt", required=True)
