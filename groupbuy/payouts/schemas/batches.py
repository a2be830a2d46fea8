"""Batches, items, attempts, bank files."""

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, MonthField, PageQuery, Schema
from groupbuy.payouts.rules.batches import Reason
from groupbuy.payouts.rules.states import AttemptState, BatchState
from groupbuy.payouts.schemas.fields import (
    DIGEST,
    ChannelField,
    FileField,
    WordsField,
    one_of,
    shown_fen,
)
from groupbuy.payouts.services.files import Effect

MOST_LEADERS = 1_000


class PayoutBatchBody(Schema):
    """Whom to pay, and how; everything that is due without a month and leaders."""

    channel = ChannelField(required=True)
    month = MonthField(load_default=None)
    leaders = fields.List(
        IdField("ldr"), load_default=None, validate=validate.Length(min=1, max=MOST_LEADERS)
    )


class PayoutBatchSchema(Schema):
    """A batch of payouts."""

    id = IdField("pbt", required=True)
    month = MonthField(required=True, allow_none=True)
    channel = ChannelField(required=True)
    state = fields.String(required=True, validate=one_of(BatchState))
    digest = fields.String(
        required=True, metadata={"description": "SHA-256 of the items; an approval names it"}
    )
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = Moment(required=True, allow_none=True)
    executed_by = fields.String(required=True, allow_none=True)
    executed_at = Moment(required=True, allow_none=True)
    cancelled_by = fields.String(required=True, allow_none=True)
    cancelled_at = Moment(required=True, allow_none=True)
    finished_at = Moment(required=True, allow_none=True)


class BatchTotalsSchema(Schema):
    """What a batch's items come to."""

    items = fields.Integer(required=True)
    gross_fen = shown_fen("of all items")
    succeeded = fields.Integer(required=True)
    succeeded_fen = shown_fen("gross of those that were paid")
    open = fields.Integer(required=True, metadata={"description": "items that are not over"})
    unpaid = fields.Integer(required=True, metadata={"description": "failed or cancelled"})
    left_out = fields.Integer(required=True)


class PayoutBatchOverviewSchema(Schema):
    """A batch at a glance."""

    batch = fields.Nested(PayoutBatchSchema, required=True)
    totals = fields.Nested(BatchTotalsSchema, required=True)


class PayoutBatchQuery(PageQuery):
    """Filters of batches."""

    state = fields.String(load_default=None, validate=one_of(BatchState))
    month = MonthField(load_default=None)
    channel = ChannelField(load_default=None)


class BatchApprovalBody(Schema):
    """Which items were reviewed."""

    digest = fields.String(required=True, validate=DIGEST, metadata={"example": "9f" * 32})


class LeftOutSchema(Schema):
    """Somebody who is not in a batch, and why."""

    leader_id = IdField("ldr", required=True)
    statement_id = IdField("sts", required=True, allow_none=True)
    reason = fields.String(required=True, validate=one_of(Reason))


class LeftOutQuery(PageQuery):
    """Filters of who was left out."""

    reason = fields.String(load_default=None, validate=one_of(Reason))


class PayoutAttemptSchema(Schema):
    """One attempt to pay under its own number."""

    number = fields.String(required=True)
    state = fields.String(required=True, validate=one_of(AttemptState))
    gross_fen = shown_fen()
    tax_fen = shown_fen("withheld")
    net_fen = shown_fen("transferred")
    provider_ref = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    submitted_at = Moment(required=True)
    filed_at = Moment(required=True, allow_none=True)
    settled_at = Moment(required=True, allow_none=True)
    due_at = Moment(
        required=True, allow_none=True, metadata={"description": "when the channel is asked again"}
    )


class PayoutSchema(Schema):
    """An item: what a batch pays a leader for one statement."""

    id = IdField("pit", required=True, attribute="item.id")
    batch_id = IdField("pbt", required=True, attribute="item.batch_id")
    statement_id = IdField("sts", required=True, attribute="item.statement_id")
    month = MonthField(required=True, attribute="item.month")
    leader_id = IdField("ldr", required=True, attribute="item.leader_id")
    gross_fen = shown_fen(attribute="item.gross_fen")
    state = fields.String(required=True, attribute="item.state", validate=one_of(AttemptState))
    reason = fields.String(required=True, attribute="item.reason")
    account = fields.String(required=True, attribute="account.masked")
    account_id = IdField("pac", required=True, attribute="item.account_id")
    attempts = fields.List(fields.Nested(PayoutAttemptSchema), required=True)


class BatchItemQuery(PageQuery):
    """Filters of a batch's items."""

    state = fields.String(load_default=None, validate=one_of(AttemptState))
    leader = IdField("ldr", load_default=None)


class PayoutQuery(BatchItemQuery):
    """Filters of all items."""

    month = MonthField(load_default=None)


class BankFileQuery(Schema):
    """Which payment file: what is in none yet, unless one is named."""

    filed_at = Moment(
        load_default=None,
        metadata={
            "description": "when a file was first written, as its attempts say: that file again",
            "example": "2026-11-09T10:00:00+08:00",
        },
    )


class ResultsBody(Schema):
    """A bank's result file."""

    content = FileField(required=True)
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "only say what the file would do"}
    )


class ResultRowSchema(Schema):
    """One row of a result file and what it does; the header is row 1."""

    row = fields.Integer(required=True)
    number = fields.String(required=True)
    amount_fen = shown_fen(allow_none=True)
    state = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    effect = fields.String(required=True, validate=one_of(Effect))
    fault = WordsField(required=True, allow_none=True)


class ResultReportSchema(Schema):
    """What a result file does."""

    dry_run = fields.Boolean(required=True)
    applied = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    rows = fields.List(fields.Nested(ResultRowSchema), required=True)
