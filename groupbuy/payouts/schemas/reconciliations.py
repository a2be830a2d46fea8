"""Reconciliations, differences, archives."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from groupbuy.kernel.comparison import DIFFERENCES
from groupbuy.kernel.http import IdField, Moment, MonthField, PageQuery, Schema, Words
from groupbuy.payouts.rules.states import AttemptState, DifferenceState, ReconciliationState
from groupbuy.payouts.schemas.fields import ChannelField, FileField, one_of, shown_fen


class ReconciliationBody(Schema):
    """Which span of which channel to compare.

    `records` is the channel's list as a file: a bank's result file, or number,amount_fen,state.
    """

    channel = ChannelField(required=True)
    since = Moment(
        required=True, data_key="from", metadata={"example": "2026-11-01T00:00:00+08:00"}
    )
    until = Moment(required=True, data_key="to", metadata={"example": "2026-12-01T00:00:00+08:00"})
    records = FileField(load_default=None)

    @validates_schema
    def check_span(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a span that is empty or backward."""
        if data["since"] >= data["until"]:
            raise ValidationError("Must be after from.", "to")


class ReconciliationSchema(Schema):
    """One comparison with a channel's list."""

    id = IdField("prc", required=True)
    channel = ChannelField(required=True)
    since = Moment(required=True, data_key="from", attribute="since_at")
    until = Moment(required=True, data_key="to", attribute="until_at")
    state = fields.String(required=True, validate=one_of(ReconciliationState))
    reason = fields.String(required=True)
    requested_by = fields.String(required=True)
    requested_at = Moment(required=True)
    finished_at = Moment(required=True, allow_none=True)
    matched = fields.Integer(required=True, allow_none=True)
    differing = fields.Integer(required=True, allow_none=True)


class ReconciliationQuery(PageQuery):
    """Filters of reconciliations."""

    channel = ChannelField(load_default=None)
    state = fields.String(load_default=None, validate=one_of(ReconciliationState))


class DifferenceSchema(Schema):
    """A number on which a channel and we do not agree."""

    id = IdField("pdf", required=True)
    reconciliation_id = IdField("prc", required=True)
    channel = ChannelField(required=True)
    number = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(DIFFERENCES))
    month = MonthField(required=True, allow_none=True)
    our_fen = shown_fen(allow_none=True)
    their_fen = shown_fen(allow_none=True)
    our_state = fields.String(required=True, allow_none=True, validate=one_of(AttemptState))
    their_state = fields.String(required=True, allow_none=True, validate=one_of(AttemptState))
    state = fields.String(required=True, validate=one_of(DifferenceState))
    note = fields.String(required=True)
    resolved_by = fields.String(required=True, allow_none=True)
    resolved_at = Moment(required=True, allow_none=True)


class DifferenceQuery(PageQuery):
    """Filters of differences."""

    reconciliation = IdField("prc", load_default=None)
    state = fields.String(load_default=None, validate=one_of(DifferenceState))
    kind = fields.String(load_default=None, validate=one_of(DIFFERENCES))
    month = MonthField(load_default=None)


class ResolutionBody(Schema):
    """How a difference was cleared up."""

    note = Words(required=True, maximum=500)


class ArchiveBody(Schema):
    """Which month to archive."""

    month = MonthField(required=True)


class ArchiveSchema(Schema):
    """A month that is closed for good."""

    month = MonthField(required=True)
    archived_by = fields.String(required=True)
    archived_at = Moment(required=True)
