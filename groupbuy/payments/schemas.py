"""What payments takes and gives over HTTP; never a client secret, never a raw event."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Fen, IdField, Moment, PageQuery, Schema, Words
from groupbuy.payments.rules import EventState, PaymentState


class ReceivedSchema(Schema):
    """The answer to a provider's event."""

    received = fields.Boolean(required=True)


class PaymentSchema(Schema):
    """A payment as staff see it."""

    id = IdField("pay", required=True)
    reference = fields.String(required=True)
    provider = fields.String(required=True)
    provider_ref = fields.String(required=True, allow_none=True)
    amount_fen = Fen(required=True, minimum=1)
    refunded_fen = Fen(required=True)
    currency = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(PaymentState)))
    note = fields.String(required=True)
    created_at = Moment(required=True)
    succeeded_at = Moment(required=True, allow_none=True)
    failed_at = Moment(required=True, allow_none=True)
    cancelled_at = Moment(required=True, allow_none=True)


class PaymentQuery(PageQuery):
    """Filters of the payment list."""

    reference = Words(load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(list(PaymentState)))


class ProviderEventSchema(Schema):
    """A provider's event as staff see it."""

    id = IdField("evt", required=True)
    provider = fields.String(required=True)
    event_id = fields.String(required=True)
    kind = fields.String(required=True)
    account = fields.String(required=True, allow_none=True)
    livemode = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(EventState)))
    note = fields.String(required=True)
    attempts = fields.Integer(required=True)
    received_at = Moment(required=True)
    handled_at = Moment(required=True, allow_none=True)


class ProviderEventQuery(PageQuery):
    """Filters of the list of events."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(EventState)))
