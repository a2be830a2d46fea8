"""What settlement takes and gives over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, MonthField, PageQuery, Schema, Words, language
from groupbuy.kernel.texts import Text
from groupbuy.settlement.rules.periods import Action, PeriodState
from groupbuy.settlement.rules.statements import ComponentKind, CorrectionKind
from groupbuy.settlement.schemas.answers import STANDINGS, StatementStandingSchema

FRACTION = {"description": "an exact fraction n/d, in fen", "example": "74217/10"}


def _one_of(choices: Any) -> validate.OneOf:
    return validate.OneOf([choice.value for choice in choices])


def _fen(meaning: str = "", **options: Any) -> fields.Integer:
    """Declare an amount that is shown: it may be negative."""
    description = f"fen: {meaning}" if meaning else "fen"
    return fields.Integer(required=True, metadata={"description": description}, **options)


class TextField(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class PeriodSchema(Schema):
    """A month being settled."""

    month = MonthField(required=True)
    state = fields.String(required=True, validate=_one_of(PeriodState))
    hold_days = fields.Integer(required=True)
    min_payout_fen = _fen("smaller payable amounts are carried forward")
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    window_from = Moment(
        required=True, metadata={"description": "refunds of settled lines count from here"}
    )
    cutoff_at = Moment(required=True, metadata={"description": "until here, exclusive"})
    calc_rev = fields.Integer(required=True, allow_none=True)
    calculated_by = fields.String(required=True, allow_none=True)
    calculated_at = Moment(required=True, allow_none=True)
    submitted_by = fields.String(required=True, allow_none=True)
    submitted_at = Moment(required=True, allow_none=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = Moment(required=True, allow_none=True)
    locked_by = fields.String(required=True, allow_none=True)
    locked_at = Moment(required=True, allow_none=True)
    input_digest = fields.String(
        required=True, allow_none=True, metadata={"description": "SHA-256 of all that went in"}
    )
    digest = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "SHA-256 of all statements; an approval names it"},
    )


class TotalsSchema(Schema):
    """What a month's statements come to: payable = carry_in + all of the parts."""

    statements = fields.Integer(required=True)
    carry_in_fen = _fen()
    volume_fen = _fen()
    sales_fen = _fen()
    override_fen = _fen()
    service_fee_fen = _fen()
    quota_bonus_fen = _fen()
    rank_bonus_fen = _fen()
    guarantee_fen = _fen()
    split_fen = _fen("shared between hosts and guests: 0 in sum")
    clawback_fen = _fen("0 or negative")
    transfer_fen = _fen()
    adjustment_fen = _fen()
    write_off_fen = _fen()
    hold_fen = _fen("0 or negative")
    release_fen = _fen()
    payable_fen = _fen()
    payout_fen = _fen()
    carry_out_fen = _fen()


class CalculationSchema(Schema):
    """How far a calculation has come."""

    started_by = fields.String(required=True)
    started_at = Moment(required=True)
    leaders_done = fields.Integer(required=True)
    leader_count = fields.Integer(required=True)
    lines_done = fields.Integer(required=True)
    finished_at = Moment(required=True, allow_none=True)


class TransitionSchema(Schema):
    """One move of a period: who, when, why."""

    action = fields.String(required=True, validate=_one_of(Action))
    from_state = fields.String(required=True, validate=_one_of(PeriodState))
    to_state = fields.String(required=True, validate=_one_of(PeriodState))
    actor = fields.String(required=True)
    at = Moment(required=True)
    why = fields.String(required=True)


class PeriodOverviewSchema(Schema):
    """A month at a glance."""

    period = fields.Nested(PeriodSchema, required=True)
    totals = fields.Nested(TotalsSchema, required=True)
    transitions = fields.List(fields.Nested(TransitionSchema), required=True)
    calculation = fields.Nested(CalculationSchema, required=True, allow_none=True)


class ReturnBody(Schema):
    """Why the figures go back to who prepared them."""

    reason = Words(required=True, maximum=500)


class ApprovalBody(Schema):
    """Which figures were reviewed."""

    digest = fields.String(required=True, validate=validate.Regexp("^[0-9a-f]{64}$"))


class StatementSchema(Schema):
    """A month of one leader: payable = carry_in + sales and all parts after it."""

    id = IdField("sts", required=True)
    month = MonthField(required=True)
    leader_id = IdField("ldr", required=True)
    plan_version_id = IdField("plv", required=True, allow_none=True)
    assignment_id = IdField(
        "asg",
        required=True,
        allow_none=True,
        metadata={"description": "why this plan holds; null: it is everybody's"},
    )
    carry_in_fen = _fen("from the month before")
    volume_fen = _fen("net sales that count toward the tiers")
    uncapped_fen = _fen("the rounded sum of the exact shares")
    cap_fen = _fen("the plan's cap, null without one", allow_none=True)
    sales_fen = _fen("commission of the month's sales")
    override_fen = _fen("for direct recruits")
    service_fee_fen = _fen("for parcels handed over")
    quota_bonus_fen = _fen()
    rank_bonus_fen = _fen()
    guarantee_fen = _fen("what filled up to the floor")
    split_fen = _fen("given to (-) or got from (+) sessions held together")
    clawback_fen = _fen("taken back for refunds of earlier months")
    transfer_fen = _fen("orders of earlier months that went to or came from another leader")
    adjustment_fen = _fen()
    write_off_fen = _fen()
    hold_fen = _fen("held back while orders are checked, 0 or negative")
    release_fen = _fen("no longer held back")
    payable_fen = _fen()
    payout_fen = _fen("all of the payable amount, or 0 below the minimum")
    carry_out_fen = _fen("to the month after")
    digest = fields.String(required=True, metadata={"description": "SHA-256 of the statement"})
    standing = fields.Nested(
        StatementStandingSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null until the month is approved"},
    )


class StatementQuery(PageQuery):
    """Filters of a month's statements."""

    leader = IdField("ldr", load_default=None)
    standing = fields.String(load_default=None, validate=STANDINGS)


class StatementLineSchema(Schema):
    """One sale of a statement, and how its amount came about."""

    position = fields.Integer(required=True)
    order_id = IdField("ord", required=True)
    order_line_id = IdField("orl", required=True)
    completed_at = Moment(required=True)
    amount_fen = _fen()
    explanation = TextField(required=True)
    base_fen = _fen("what was paid for it, net of refunds before the cutoff")
    quantity = fields.Integer(required=True, metadata={"description": "units, net likewise"})
    refunded_fen = _fen("refunds before the cutoff")
    returned_quantity = fields.Integer(required=True)
    rule_kind = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    transfer_id = IdField("ctr", required=True, allow_none=True)
    plan_version_id = IdField("plv", required=True, allow_none=True)
    multiplier_bps = fields.Integer(required=True)
    flat_fen_per_unit = _fen(allow_none=True)
    volume_from_fen = _fen("the month's volume before this line")
    volume_to_fen = _fen("and after it")
    segments = fields.List(
        fields.List(fields.Integer()),
        required=True,
        metadata={"description": "[from_fen, to_fen, rate_bps] slices of the month's volume"},
    )
    exact = fields.String(required=True, metadata=FRACTION)
    rounding = fields.String(required=True, metadata=FRACTION)


class StatementCorrectionSchema(Schema):
    """What a later event did to a line of a settled month, or to one held back."""

    position = fields.Integer(required=True, attribute="row.position")
    kind = fields.String(required=True, attribute="row.kind", validate=_one_of(CorrectionKind))
    order_id = IdField("ord", required=True)
    order_line_id = IdField("orl", required=True)
    corrects_id = IdField("sts", required=True, attribute="row.corrects_id")
    event_key = fields.String(required=True, allow_none=True, attribute="row.event_key")
    event_at = Moment(required=True, allow_none=True, attribute="row.event_at")
    amount_fen = _fen(attribute="row.amount_fen")
    explanation = TextField(required=True)
    refunded_fen = _fen("the refund", attribute="row.refunded_fen")
    settled_fen = _fen("what the line was settled with", attribute="row.settled_fen")
    basis = fields.Integer(
        required=True,
        attribute="row.basis",
        metadata={"description": "its base when settled: fen; units for a flat rule"},
    )
    remaining_before = fields.Integer(required=True, attribute="row.remaining_before")
    remaining_after = fields.Integer(required=True, attribute="row.remaining_after")
    target_before_fen = _fen(
        "commission that what remains deserves", attribute="row.target_before_fen"
    )
    target_after_fen = _fen(attribute="row.target_after_fen")
    exact = fields.String(required=True, attribute="row.exact", metadata=FRACTION)
    rounding = fields.String(required=True, metadata=FRACTION)


class StatementComponentSchema(Schema):
    """A part of a statement that is about no single line, with all it came from."""

    position = fields.Integer(required=True, attribute="row.position")
    kind = fields.String(required=True, attribute="row.kind", validate=_one_of(ComponentKind))
    key = fields.String(required=True, attribute="row.key")
    amount_fen = _fen(attribute="row.amount_fen")
    explanation = TextField(required=True)
    plan_version_id = IdField(
        "plv", required=True, allow_none=True, attribute="row.plan_version_id"
    )
    inputs = fields.Dict(required=True, attribute="row.inputs")
    exact = fields.String(required=True, attribute="row.exact", metadata=FRACTION)
    rounding = fields.String(required=True, metadata=FRACTION)
