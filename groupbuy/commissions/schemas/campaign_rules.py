"""Campaigns' rules over HTTP."""

from marshmallow import fields

from groupbuy.commissions.models import VersionState
from groupbuy.commissions.rules.terms import (
    RuleKind,
)
from groupbuy.commissions.schemas.common import one_of
from groupbuy.kernel.http import Count, Fen, IdField, Moment, PageQuery, Schema
from groupbuy.kernel.money import BPS

KIND = {"description": "tiers ends a rule of the same goods: what is wider holds again"}
ALL_GOODS = {"description": "null: all goods of the campaign"}
COUNTS = {"description": "whether such lines count toward the volume"}


class CampaignRuleEditBody(Schema):
    """What may be changed about a draft; fields left out stay."""

    sku_id = IdField("sku", allow_none=True, metadata=ALL_GOODS)
    kind = fields.String(validate=one_of(RuleKind), metadata=KIND)
    rate_bps = Count(allow_none=True, maximum=BPS, metadata={"description": "for replace"})
    flat_fen_per_unit = Fen(allow_none=True, metadata={"description": "fen, for flat"})
    counts = fields.Boolean(metadata=COUNTS)


class CampaignRuleBody(CampaignRuleEditBody):
    """A new draft: how a campaign's goods earn in place of the plan."""

    campaign_id = IdField("cmp", required=True)
    sku_id = IdField("sku", load_default=None, allow_none=True, metadata=ALL_GOODS)
    kind = fields.String(required=True, validate=one_of(RuleKind), metadata=KIND)
    counts = fields.Boolean(load_default=True, metadata=COUNTS)


class CampaignRuleSchema(CampaignRuleBody):
    """A campaign's rule; it holds from its publication on and never changes."""

    id = IdField("ccr", required=True)
    state = fields.String(required=True, validate=one_of(VersionState))
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
    edited_by = fields.String(required=True)
    published_by = fields.String(required=True, allow_none=True)
    published_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class CampaignRuleQuery(PageQuery):
    """Filters of the list of campaigns' rules."""

    campaign_id = IdField("cmp", load_default=None)
    state = fields.String(load_default=None, validate=one_of(VersionState))
