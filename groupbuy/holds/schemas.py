"""What holds takes and gives over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.holds.kinds.registry import KINDS
from groupbuy.holds.rules import MANUAL, WORST, HoldState, Stream
from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words, language
from groupbuy.kernel.texts import Text

RULES = [MANUAL, *KINDS]
STATES = [state.value for state in HoldState]


class InWords(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class HoldSchema(Schema):
    """A hold as headquarters sees it."""

    id = IdField("hld", required=True)
    order_id = IdField("ord", required=True)
    leader_id = IdField(
        "ldr", required=True, metadata={"description": "whose the order was when it was held"}
    )
    rule = fields.String(required=True, validate=validate.OneOf(RULES))
    title = InWords(required=True)
    score = fields.Integer(required=True)
    evidence = fields.Dict(required=True, metadata={"description": "ids, counts and amounts"})
    note = fields.String(required=True, metadata={"description": "why staff placed it by hand"})
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    placed_at = Moment(required=True)
    placed_by = fields.String(required=True)
    decided_at = Moment(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, metadata={"description": "why it was decided so"})


class OwnHoldSchema(Schema):
    """A hold as the order's leader sees it."""

    id = IdField("hld", required=True)
    order_id = IdField("ord", required=True)
    why = InWords(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    placed_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)


class OwnHoldQuery(PageQuery):
    """Filters of a leader's holds."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class HoldQuery(OwnHoldQuery):
    """Filters of headquarters' list of holds."""

    rule = fields.String(load_default=None, validate=validate.OneOf(RULES))
    leader = IdField("ldr", load_default=None)
    order = IdField("ord", load_default=None)


class HoldBody(Schema):
    """An order to be put on hold, and why."""

    order_id = IdField("ord", required=True)
    reason = Words(required=True, maximum=500)


class HoldDecisionBody(Schema):
    """Why it is decided so."""

    reason = Words(required=True, maximum=500)


class HoldParameterSchema(Schema):
    """A number of a rule: what it means, and what it may be."""

    name = fields.String(required=True)
    meaning = InWords(required=True)
    value = fields.Integer(required=True)
    minimum = fields.Integer(required=True)
    maximum = fields.Integer(required=True)


class HoldRuleSchema(Schema):
    """A rule as it is set; version 0 is as the system came."""

    rule = fields.String(required=True, attribute="kind.name")
    title = InWords(required=True, attribute="kind.title")
    looks_at = fields.String(
        required=True, attribute="kind.stream", validate=validate.OneOf(list(Stream))
    )
    enabled = fields.Boolean(required=True)
    score = fields.Integer(required=True, metadata={"description": "holds from this score on"})
    parameters = fields.List(fields.Nested(HoldParameterSchema), required=True, attribute="numbers")
    edited_by = fields.String(required=True, allow_none=True)
    edited_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class HoldRulesSchema(Schema):
    """Every rule."""

    items = fields.List(fields.Nested(HoldRuleSchema), required=True)


class HoldRuleEditBody(Schema):
    """What may be changed about a rule; fields and parameters left out stay."""

    enabled = fields.Boolean()
    score = Count(maximum=WORST)
    parameters = fields.Dict(keys=fields.String(), values=Count(maximum=10**12))
