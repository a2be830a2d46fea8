"""Simulations over HTTP."""

from marshmallow import fields, validate

from groupbuy.commissions.rules.monthly import SimulationState
from groupbuy.commissions.schemas.common import amount, one_of
from groupbuy.kernel.http import Count, IdField, Moment, MonthField, PageQuery, Schema


class SimulationBody(Schema):
    """Which version of which plan to try over which month."""

    plan_id = IdField("pln", required=True)
    number = Count(required=True, minimum=1, metadata={"description": "a draft or published"})
    month = MonthField(required=True)


class SimulationSchema(Schema):
    """A month replayed under other terms; the sums are those of the leaders done so far."""

    id = IdField("sim", required=True)
    plan_id = IdField("pln", required=True)
    number = fields.Integer(required=True)
    terms_version = fields.Integer(
        required=True, metadata={"description": "the draft's `version` that was tried"}
    )
    month = MonthField(required=True)
    state = fields.String(required=True, validate=one_of(SimulationState))
    requested_by = fields.String(required=True)
    requested_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    ended_by = fields.String(
        required=True, allow_none=True, metadata={"description": "who stopped it"}
    )
    leaders_done = fields.Integer(required=True)
    leaders_total = fields.Integer(required=True, attribute="leaders")
    volume_fen = amount()
    actual_fen = amount("sales under the cap, quota bonus and guarantee, as it was")
    simulated_fen = amount("the same under the version tried")
    gaining = fields.Integer(required=True, metadata={"description": "leaders who would gain"})
    losing = fields.Integer(required=True, metadata={"description": "leaders who would lose"})
    largest_gain_fen = amount()
    largest_loss_fen = amount("0 or negative")


class SimulationQuery(PageQuery):
    """Filters of the list of simulations."""

    plan_id = IdField("pln", load_default=None)
    month = MonthField(load_default=None)
    state = fields.String(load_default=None, validate=one_of(SimulationState))


class SimulationLeaderSchema(Schema):
    """What one leader's month was worth, and what it would have been."""

    leader_id = IdField("ldr", required=True)
    volume_fen = amount()
    actual_fen = amount()
    simulated_fen = amount()
    difference_fen = amount("what the leader would gain; below 0: lose")


class SimulationLeaderQuery(PageQuery):
    """How the leaders are sorted."""

    sort = fields.String(
        load_default="-difference",
        validate=validate.OneOf(["-difference", "difference", "leader"]),
        metadata={"description": "-difference: who gains most first"},
    )
