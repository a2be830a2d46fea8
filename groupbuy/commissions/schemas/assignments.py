"""Assignments of plans over HTTP, and what a leader is told about theirs."""

from marshmallow import fields

from groupbuy.commissions.rules.monthly import AssignmentState, Scope
from groupbuy.commissions.rules.terms import (
    Mode,
)
from groupbuy.commissions.schemas.common import TierField, WordsField, one_of
from groupbuy.kernel.http import Day, IdField, Moment, PageQuery, Schema, Words

TARGET = {"description": "a leader's id, a region, a level; empty for everyone", "example": "2"}


class AssignmentBody(Schema):
    """A proposal: this plan for that target from an instant on."""

    plan_id = IdField(
        "pln",
        required=True,
        allow_none=True,
        metadata={"description": "null ends a nearer assignment: the wider ones hold again"},
    )
    scope = fields.String(required=True, validate=one_of(Scope))
    target = Words(load_default="", minimum=0, maximum=200, metadata=TARGET)
    effective_from = Moment(required=True)
    note = Words(load_default="", minimum=0, maximum=500)


class AssignmentSchema(Schema):
    """Which plan holds for whom from an instant on; what is decided never changes."""

    id = IdField("asg", required=True)
    plan_id = IdField("pln", required=True, allow_none=True)
    scope = fields.String(required=True, validate=one_of(Scope))
    target = fields.String(required=True, metadata=TARGET)
    effective_from = Moment(required=True)
    state = fields.String(required=True, validate=one_of(AssignmentState))
    note = fields.String(required=True)
    reason = fields.String(required=True, metadata={"description": "why it was rejected"})
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)


class AssignmentQuery(PageQuery):
    """Filters of the list of assignments."""

    scope = fields.String(load_default=None, validate=one_of(Scope))
    target = Words(load_default=None)
    plan_id = IdField("pln", load_default=None)
    state = fields.String(load_default=None, validate=one_of(AssignmentState))
    on = Day(
        load_default=None, metadata={"description": "approved ones that hold on this local day"}
    )


class AssignmentRejectionBody(Schema):
    """Why a proposal is rejected."""

    reason = Words(required=True, maximum=500)


class OwnPlanSchema(Schema):
    """What pays a leader now, and why this plan."""

    plan = fields.String(required=True, allow_none=True, metadata={"description": "its name"})
    number = fields.Integer(required=True, allow_none=True)
    since = Moment(
        required=True, allow_none=True, metadata={"description": "when this version began"}
    )
    mode = fields.String(required=True, allow_none=True, validate=one_of(Mode))
    tiers = fields.List(TierField(), required=True)
    level = fields.Integer(required=True)
    multiplier_bps = fields.Integer(required=True)
    cap_fen = fields.Integer(required=True, allow_none=True)
    scope = fields.String(
        required=True,
        allow_none=True,
        validate=one_of(Scope),
        metadata={"description": "of the assignment that won; null: the default plan"},
    )
    target = fields.String(required=True, allow_none=True)
    assigned_from = Moment(required=True, allow_none=True)
    why = WordsField(required=True)
    rules = fields.List(WordsField(), required=True)
