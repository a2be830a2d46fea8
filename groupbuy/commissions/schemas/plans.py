"""Plans and their versions over HTTP."""

from marshmallow import fields, validate

from groupbuy.commissions.models import VersionState
from groupbuy.commissions.rules.monthly import Basis
from groupbuy.commissions.rules.terms import (
    ClawbackMode,
    Mode,
    RuleKind,
    TargetKind,
)
from groupbuy.commissions.schemas.common import TierField, WordsField, one_of
from groupbuy.kernel.http import Count, Fen, IdField, Moment, PageQuery, Schema, Words
from groupbuy.kernel.money import BPS

HIGHEST_MULTIPLIER_BPS = 10 * BPS
MOST_RANKS = 100
QUALIFICATION = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,49}$(?!\n)", error="a-z, 0-9, -")
ITEM_TARGETS = (TargetKind.SKU, TargetKind.PRODUCT, TargetKind.CATEGORY)


class PlanSchema(Schema):
    """A commission plan."""

    id = IdField("pln", required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    is_default = fields.Boolean(required=True, metadata={"description": "everybody's plan"})
    created_by = fields.String(required=True)
    created_at = Moment(required=True)


class PlanCreateBody(Schema):
    """A new plan; the first one becomes the default."""

    code = fields.String(
        required=True, validate=validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,49}$", error="a-z, 0-9, -")
    )
    name = Words(required=True, maximum=100)


class ItemRuleSchema(Schema):
    """How one SKU, product or category earns, in place of the tiers."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf([RuleKind.EXCLUDE.value, RuleKind.FLAT.value, RuleKind.REPLACE]),
    )
    target_kind = fields.String(required=True, validate=one_of(ITEM_TARGETS))
    target_id = fields.String(
        required=True, validate=validate.Regexp(r"^(sku|prd|cat)_[0-9a-f]{32}$", error="Not an id.")
    )
    rate_bps = Count(load_default=None, allow_none=True, maximum=BPS)
    flat_fen_per_unit = Fen(load_default=None, allow_none=True)
    counts = fields.Boolean(
        load_default=True, metadata={"description": "whether such lines count toward the volume"}
    )


class QuotaBonusSchema(Schema):
    """From this volume of a month on (inclusive), this bonus."""

    quota_fen = Fen(required=True, minimum=1)
    bonus_fen = Fen(required=True)


class RecruiterOverrideSchema(Schema):
    """A recruiter's share of each direct recruit; nobody further up is ever paid."""

    bps = Count(required=True, minimum=1, maximum=BPS)
    basis = fields.String(load_default=Basis.COMMISSION.value, validate=one_of(Basis))
    months = Count(
        load_default=None,
        allow_none=True,
        minimum=1,
        maximum=1_200,
        metadata={"description": "since the recruit began; null: without end"},
    )


class VersionEditBody(Schema):
    """What may be changed about a draft; fields left out stay."""

    effective_from = Moment()
    mode = fields.String(validate=one_of(Mode))
    tiers = fields.List(TierField(), validate=validate.Length(max=50))
    item_rules = fields.List(fields.Nested(ItemRuleSchema), validate=validate.Length(max=2_000))
    level_multipliers = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"^[1-9]\d?$", error="Not a level.")),
        values=Count(maximum=HIGHEST_MULTIPLIER_BPS),
        metadata={"description": "level → bps; a level that is not named earns x 1"},
    )
    cap_fen = Fen(allow_none=True, metadata={"description": "the most in a month; null: no limit"})
    quota_bonus = fields.Nested(QuotaBonusSchema, allow_none=True)
    rank_bonuses = fields.List(
        Fen(),
        validate=validate.Length(max=MOST_RANKS),
        metadata={"description": "fen of the first place by the month's volume, the second, …"},
    )
    guarantee_fen = Fen(metadata={"description": "the least that a month with a sale comes to"})
    service_fee_fen = Fen(metadata={"description": "fen for each order that a leader hands over"})
    recruiter_override = fields.Nested(RecruiterOverrideSchema, allow_none=True)
    clawback_mode = fields.String(
        validate=one_of(ClawbackMode),
        metadata={"description": "when left out: line for marginal tiers, retier for whole ones"},
    )
    bonus_qualification = fields.String(
        allow_none=True,
        validate=QUALIFICATION,
        metadata={
            "description": "code of what quota and rank bonuses ask for at the end of the month",
            "example": None,
        },
    )
    multiplier_qualification = fields.String(
        allow_none=True,
        validate=QUALIFICATION,
        metadata={
            "description": "code of what a multiplier above x 1 asks for when an order is paid",
            "example": None,
        },
    )


class VersionCreateBody(VersionEditBody):
    """A new draft."""

    effective_from = Moment(required=True)
    mode = fields.String(required=True, validate=one_of(Mode))
    tiers = fields.List(TierField(), required=True, validate=validate.Length(max=50))


class VersionSchema(VersionCreateBody):
    """A version of a plan; what is published never changes."""

    id = IdField("plv", required=True)
    plan_id = IdField("pln", required=True)
    number = fields.Integer(required=True)
    state = fields.String(required=True, validate=one_of(VersionState))
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
    edited_by = fields.String(required=True)
    published_by = fields.String(required=True, allow_none=True)
    published_at = Moment(required=True, allow_none=True)
    warnings = fields.List(WordsField(), required=True)
    version = fields.Integer(required=True)


class VersionQuery(PageQuery):
    """Filters of the list of versions."""

    state = fields.String(load_default=None, validate=one_of(VersionState))


class PublicationBody(Schema):
    """Which state of the draft was checked: the `version` that the publisher read."""

    version = Count(required=True, minimum=1)
