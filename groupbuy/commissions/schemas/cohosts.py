"""Group buys held together, over HTTP."""

from marshmallow import fields, validate

from groupbuy.commissions.rules.monthly import CohostState
from groupbuy.commissions.schemas.common import one_of
from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema
from groupbuy.kernel.money import BPS


class CohostBody(Schema):
    """A share of an own group buy's commission, offered to a guest."""

    guest_leader_id = IdField("ldr", required=True)
    guest_bps = Count(required=True, minimum=1, maximum=BPS - 1)


class CohostSchema(Schema):
    """A guest in a leader's group buy; the share holds for orders paid from the agreement on."""

    id = IdField("coh", required=True, attribute="cohost.id")
    group_buy_id = IdField("gbu", required=True, attribute="cohost.group_buy_id")
    campaign_title = fields.String(required=True)
    closes_at = Moment(required=True)
    host_leader_id = IdField("ldr", required=True, attribute="cohost.host_leader_id")
    host_name = fields.String(required=True)
    guest_leader_id = IdField("ldr", required=True, attribute="cohost.guest_leader_id")
    guest_name = fields.String(required=True)
    guest_bps = fields.Integer(required=True, attribute="cohost.guest_bps")
    state = fields.String(required=True, validate=one_of(CohostState), attribute="cohost.state")
    proposed_at = Moment(required=True, attribute="cohost.proposed_at")
    answered_at = Moment(required=True, allow_none=True, attribute="cohost.answered_at")


class OwnCohostQuery(PageQuery):
    """Filters of a leader's own list."""

    state = fields.String(load_default=None, validate=one_of(CohostState))
    group_buy_id = IdField("gbu", load_default=None)
    role = fields.String(
        data_key="as", load_default=None, validate=validate.OneOf(["host", "guest"])
    )


class CohostQuery(PageQuery):
    """Filters of headquarters' list; a leader is wanted as host or as guest."""

    state = fields.String(load_default=None, validate=one_of(CohostState))
    group_buy_id = IdField("gbu", load_default=None)
    leader_id = IdField("ldr", load_default=None)
