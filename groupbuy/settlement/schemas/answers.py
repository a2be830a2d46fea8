"""What the answers to statements take and give over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.settlement.rules.answers import (
    DECISIONS,
    DisputeKind,
    DisputeState,
    StandingAction,
    StandingState,
    StatementPart,
)
from groupbuy.settlement.schemas.adjustments import SignedFen

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


_PARTS = validate.OneOf([part.value for part in StatementPart])
_KINDS = validate.OneOf([kind.value for kind in DisputeKind])
_STATES = validate.OneOf([state.value for state in DisputeState])


class AmountDisputeBody(Schema):
    """Which row of a statement is wrong, and why."""

    part = fields.String(
        load_default=StatementPart.LINE,
        validate=_PARTS,
        metadata={"description": "the list that the position is of"},
    )
    position = Count(required=True)
    reason = Words(required=True, maximum=1_000)


class AttributionDisputeBody(Schema):
    """Why an order ought to be one's own."""

    reason = Words(required=True, maximum=1_000)


class DisputeDecisionBody(Schema):
    """How a dispute is decided, and why."""

    outcome = fields.String(
        required=True, validate=validate.OneOf([state.value for state in DECISIONS])
    )
    note = Words(required=True, maximum=1_000)
    amount_fen = SignedFen(
        load_default=None,
        metadata={"description": "fen: what an upheld amount is adjusted by; else left out"},
    )


class OwnDisputeQuery(PageQuery):
    """Filters of one's own disputes."""

    kind = fields.String(load_default=None, validate=_KINDS)
    state = fields.String(load_default=None, validate=_STATES)


class DisputeQuery(OwnDisputeQuery):
    """Filters of disputes."""

    leader = IdField("ldr", load_default=None)
    statement = IdField("sts", load_default=None)
    order = IdField("ord", load_default=None)


class OwnDisputeSchema(Schema):
    """What a leader disputes, and how it stands."""

    id = IdField("dsp", required=True)
    kind = fields.String(required=True, validate=_KINDS)
    state = fields.String(required=True, validate=_STATES)
    statement_id = IdField("sts", required=True, allow_none=True)
    part = fields.String(required=True, allow_none=True, validate=_PARTS)
    position = fields.Integer(required=True, allow_none=True)
    order_id = IdField("ord", required=True, allow_none=True)
    amount_fen = fields.Integer(
        required=True, allow_none=True, metadata={"description": "fen: what the row says"}
    )
    held_fen = fields.Integer(
        required=True, metadata={"description": "fen that wait of the payout until it is closed"}
    )
    reason = fields.String(required=True)
    opened_at = Moment(required=True)
    reviewed_at = Moment(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    note = fields.String(required=True, metadata={"description": "why it was decided so"})
    withdrawn_at = Moment(required=True, allow_none=True)


class DisputeSchema(OwnDisputeSchema):
    """A dispute, who opened, reviewed and decided it, and what it came to."""

    claimant_id = IdField("ldr", required=True)
    opened_by = fields.String(required=True)
    reviewed_by = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    adjustment_id = IdField(
        "adj",
        required=True,
        allow_none=True,
        metadata={"description": "the adjustment that an upheld amount came to"},
    )
