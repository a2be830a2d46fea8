"""What is told and decided about unclaimed parcels over HTTP."""

from marshmallow import fields, validate

from groupbuy.fulfilment.rules.unclaimed import UnclaimedState
from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words

_STATE = validate.OneOf([state.value for state in UnclaimedState])


class UnclaimedQuery(PageQuery):
    """Filters of the list of unclaimed parcels."""

    state = fields.String(load_default=None, validate=_STATE)
    pickup_point_id = IdField("ppt", load_default=None)


class UnclaimedSchema(Schema):
    """A parcel that was not fetched in time; `next_at` is when the next step is due."""

    id = IdField("ucl", required=True, attribute="unclaimed.id")
    parcel_id = IdField("pcl", required=True, attribute="parcel.id")
    pickup_point_id = IdField("ppt", required=True, attribute="parcel.pickup_point_id")
    shopper_id = IdField("shp", required=True, attribute="parcel.shopper_id")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="parcel.campaign_id")
    order_ids = fields.List(IdField("ord"), required=True)
    state = fields.String(required=True, attribute="unclaimed.state", validate=_STATE)
    rule = fields.String(required=True, attribute="unclaimed.rule")
    reminders = fields.Integer(required=True, attribute="unclaimed.reminders")
    ready_at = Moment(required=True, attribute="parcel.ready_at")
    due_at = Moment(required=True, attribute="unclaimed.due_at")
    next_at = Moment(required=True, allow_none=True, attribute="unclaimed.next_at")


class UnclaimedStepSchema(Schema):
    """One step with an unclaimed parcel."""

    from_state = fields.String(required=True, allow_none=True)
    to_state = fields.String(required=True)
    action = fields.String(required=True)
    actor = fields.String(required=True)
    reason = fields.String(required=True)
    at = Moment(required=True)


class UnclaimedDetailSchema(UnclaimedSchema):
    """An unclaimed parcel with what was done about it."""

    timeline = fields.List(fields.Nested(UnclaimedStepSchema), required=True)


class UnclaimedDecisionBody(Schema):
    """Why: staff must say."""

    reason = Words(required=True, maximum=200)


class ExtensionBody(UnclaimedDecisionBody):
    """Until when the parcel is kept, and why."""

    until = Moment(required=True)
