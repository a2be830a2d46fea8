"""What attribution takes and gives over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from groupbuy.attribution.rules import (
    CLAIMS,
    Eligibility,
    PolicyState,
    Reason,
    Renewal,
    Rule,
    SelfPurchase,
)
from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words

TEN_YEARS = 3_650


def _one_of(choices: Any) -> validate.OneOf:
    return validate.OneOf([choice.value for choice in choices])


class Priority(fields.List[str]):
    """The claims in their order, each at most once; one that is not named is not looked at."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            fields.String(validate=_one_of(CLAIMS)),
            validate=validate.Length(min=1),
            metadata={
                "description": "the claims in their order; one that is not named is not looked at",
                "example": [claim.value for claim in CLAIMS],
            },
            **options,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        claims = super()._deserialize(value, attr, data, **kwargs)
        twice = {
            place: ["Name each claim once."]
            for place, claim in enumerate(claims)
            if claim in claims[:place]
        }
        if twice:
            raise ValidationError(twice)
        return claims


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


class PolicyEditBody(Schema):
    """What may be changed about a draft; fields left out stay."""

    effective_from = Moment()
    priority = Priority()
    lookback_days = Count(
        maximum=365, metadata={"description": "how long a touch speaks for its link"}
    )
    eligible = fields.String(validate=_one_of(Eligibility))
    validity_days = Count(
        minimum=1,
        maximum=TEN_YEARS,
        allow_none=True,
        metadata={"description": "how long a lock lasts; null: for ever"},
    )
    protect_days = Count(
        maximum=TEN_YEARS,
        allow_none=True,
        metadata={"description": "how long nobody else can take it; null: always, 0: not at all"},
    )
    renew = fields.String(validate=_one_of(Renewal))
    self_purchase = fields.String(validate=_one_of(SelfPurchase))


class PolicyCreateBody(PolicyEditBody):
    """A new draft; what is left out is as in the policy of a new system."""

    effective_from = Moment(required=True)


class PolicySchema(Schema):
    """A version of the rules of attribution; what is published never changes."""

    id = IdField("apo", required=True)
    number = fields.Integer(
        required=True, metadata={"description": "what a decision names as policy_version"}
    )
    state = fields.String(required=True, validate=_one_of(PolicyState))
    effective_from = Moment(required=True)
    priority = fields.List(fields.String(), required=True)
    lookback_days = fields.Integer(required=True)
    eligible = fields.String(required=True)
    validity_days = fields.Integer(required=True, allow_none=True)
    protect_days = fields.Integer(required=True, allow_none=True)
    renew = fields.String(required=True)
    self_purchase = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
    edited_by = fields.String(required=True)
    published_by = fields.String(required=True, allow_none=True)
    published_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class PolicyQuery(PageQuery):
    """Filters of the list of policies."""

    state = fields.String(load_default=None, validate=_one_of(PolicyState))


class PolicyPublicationBody(Schema):
    """Which state of the draft was checked: the `version` that the publisher read."""

    version = Count(required=True, minimum=1)


class OwnCustomerSchema(Schema):
    """A customer who is bound to the leader who asks."""

    lock_id = IdField("lck", required=True, attribute="lock.id")
    shopper_id = IdField("shp", required=True, attribute="lock.shopper_id")
    locked_at = Moment(required=True, attribute="lock.locked_at")
    expires_at = Moment(
        required=True,
        allow_none=True,
        attribute="lock.expires_at",
        metadata={"description": "null: never"},
    )
    protected_until = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "from then on another leader's share gets the customer"},
    )


class CustomerLockSchema(Schema):
    """A customer's lock as headquarters sees it, open or not."""

    id = IdField("lck", required=True, attribute="lock.id")
    shopper_id = IdField("shp", required=True, attribute="lock.shopper_id")
    leader_id = IdField("ldr", required=True, attribute="lock.leader_id")
    touch_id = IdField("tch", required=True, allow_none=True, attribute="lock.touch_id")
    is_open = fields.Boolean(required=True)
    locked_at = Moment(required=True, attribute="lock.locked_at")
    expires_at = Moment(required=True, allow_none=True, attribute="lock.expires_at")
    protected_until = Moment(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True, attribute="lock.closed_at")
    close_reason = fields.String(required=True, allow_none=True, attribute="lock.close_reason")
    closed_by = fields.String(required=True, allow_none=True, attribute="lock.closed_by")
    close_note = fields.String(required=True, allow_none=True, attribute="lock.close_note")


class CustomerLockQuery(PageQuery):
    """Filters of the list of locks."""

    shopper = IdField("shp", load_default=None)
    leader = IdField("ldr", load_default=None)
    open = fields.Boolean(
        load_default=None, metadata={"description": "true: neither closed nor expired"}
    )


class LockClosureBody(Schema):
    """Why the customer is freed."""

    reason = Words(required=True, maximum=500)
