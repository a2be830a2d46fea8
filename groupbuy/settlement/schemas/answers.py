"""What the answers to statements take and give over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Moment, PageQuery, Schema
from groupbuy.settlement.rules.answers import StandingAction, StandingState

STANDINGS = validate.OneOf(
    [state.value for state in StandingState if state is not StandingState.DRAFT]
)


class StatementStandingSchema(Schema):
    """How an issued statement stands with its leader."""

    state = fields.String(required=True, validate=STANDINGS)
    issued_at = Moment(required=True)
    answer_by = Moment(required=True, metadata={"description": "from then on silence is a yes"})
    answered_at = Moment(required=True, allow_none=True)


class StatementMoveSchema(Schema):
    """One move of a statement's standing: who, when, why."""

    action = fields.String(
        required=True, validate=validate.OneOf([action.value for action in StandingAction])
    )
    from_state = fields.String(required=True)
    to_state = fields.String(required=True)
    actor = fields.String(required=True)
    at = Moment(required=True)
    why = fields.String(required=True)


class StatementStandingHistorySchema(StatementStandingSchema):
    """How a statement stands, and every move that led there."""

    moves = fields.List(fields.Nested(StatementMoveSchema), required=True)


class OwnStatementQuery(PageQuery):
    """Filters of one's own statements."""

    standing = fields.String(load_default=None, validate=STANDINGS)
