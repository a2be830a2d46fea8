"""What attribution takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.attribution.rules import Reason, Rule
from groupbuy.kernel.http import IdField, Moment, Schema, Words


class TouchBody(Schema):
    """A customer says: I came by this share."""

    share_code = fields.String(required=True, validate=validate.Length(min=1, max=32))
    scene = Words(load_default="", minimum=0, maximum=32)


class TouchSchema(Schema):
    """What a touch did."""

    id = IdField("tch", required=True)
    leader_id = IdField("ldr", required=True)
    group_buy_id = IdField("gbu", required=True, allow_none=True)
    at = Moment(required=True)
    result = fields.String(required=True, validate=validate.OneOf([r.value for r in Reason]))


class CandidateSchema(Schema):
    """One possible leader, with the reason for or against."""

    rule = fields.String(required=True)
    leader_id = IdField("ldr", required=True, allow_none=True)
    accepted = fields.Boolean(required=True)
    reason = fields.String(required=True, validate=validate.OneOf([r.value for r in Reason]))
    evidence_id = fields.String(required=True, allow_none=True)


class DecisionSchema(Schema):
    """Whose an order is, and why."""

    order_id = IdField("ord", required=True)
    revision = fields.Integer(required=True)
    leader_id = IdField("ldr", required=True, allow_none=True)
    rule = fields.String(required=True, validate=validate.OneOf([r.value for r in Rule]))
    policy_version = fields.Integer(required=True)
    candidates = fields.List(fields.Nested(CandidateSchema), required=True)
    self_purchase = fields.Boolean(required=True)
    commissionable = fields.Boolean(required=True)
    pickup_leader_id = IdField("ldr", required=True, allow_none=True)
    recruiter_id = IdField("ldr", required=True, allow_none=True)
    leader_level = fields.Integer(required=True, allow_none=True)
    decided_at = Moment(required=True)
    decided_by = fields.String(required=True)
    reason = fields.String(required=True)


class DecisionHistorySchema(Schema):
    """Every decision on an order, oldest first."""

    items = fields.List(fields.Nested(DecisionSchema), required=True)


class OwnDecisionSchema(DecisionSchema):
    """A decision as a leader sees it: is it mine, and why (not)."""

    mine = fields.Boolean(required=True)
