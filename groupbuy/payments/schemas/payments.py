"""Payments, refunds and events; never a client secret, a payer or a raw event."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Fen, IdField, Moment, PageQuery, Schema, Words
from groupbuy.payments.providers.registry import PROVIDERS
from groupbuy.payments.rules.states import (
    EventState,
    PaymentState,
    RefundState,
    ResolutionAction,
)


class ReceivedSchema(Schema):
    """The answer to a provider's event."""

    received = fields.Boolean(required=True)


class CallbackRefusedSchema(Schema):
    """How WeChat Pay wants to hear that a callback was not taken."""

    code = fields.String(required=True, validate=validate.Equal("FAIL"))
    message = fields.String(required=True)


class PaymentMethodSchema(Schema):
    """A way to pay."""

    provider = fields.String(required=True)
    method = fields.String(required=True)
    default = fields.Boolean(required=True)


class PaymentMethodsSchema(Schema):
    """The ways to pay; there are a handful at most."""

    items = fields.List(fields.Nested(PaymentMethodSchema), required=True)


class PaymentSchema(Schema):
    """A payment as staff see it."""

    id = IdField("pay", required=True)
    reference = fields.String(required=True)
    provider = fields.String(required=True)
    method = fields.String(required=True)
    provider_ref = fields.String(required=True, allow_none=True)
    amount_fen = Fen(required=True, minimum=1)
    received_fen = Fen(required=True, allow_none=True)
    received_currency = fields.String(required=True, allow_none=True)
    refunded_fen = Fen(required=True)
    currency = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(PaymentState)))
    note = fields.String(required=True)
    created_at = Moment(required=True)
    succeeded_at = Moment(required=True, allow_none=True)
    failed_at = Moment(required=True, allow_none=True)
    cancelled_at = Moment(required=True, allow_none=True)
    resolved_at = Moment(required=True, allow_none=True)


class PaymentQuery(PageQuery):
    """Filters of the payment list."""

    reference = Words(load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(list(PaymentState)))
    provider = fields.String(load_default=None, validate=validate.OneOf(list(PROVIDERS)))
    undecided = fields.Boolean(load_default=False)


class PaymentResolutionBody(Schema):
    """What becomes of a parked payment, and why."""

    action = fields.Enum(ResolutionAction, by_value=True, required=True)
    reason = Words(required=True, maximum=500)


class PaymentResolutionSchema(Schema):
    """What was decided about a parked payment."""

    id = IdField("prs", required=True)
    action = fields.String(required=True, validate=validate.OneOf(list(ResolutionAction)))
    reason = fields.String(required=True)
    decided_by = fields.String(required=True)
    decided_at = Moment(required=True)


class PaymentRefundSchema(Schema):
    """Money that goes back, as staff see it."""

    id = IdField("prf", required=True)
    payment_id = IdField("pay", required=True)
    amount_fen = Fen(required=True, minimum=1)
    state = fields.String(required=True, validate=validate.OneOf(list(RefundState)))
    reason = fields.String(required=True)
    reference = fields.String(required=True)
    automatic = fields.Boolean(required=True)
    retry_of = IdField("prf", required=True, allow_none=True)
    provider_ref = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    attempts = fields.Integer(required=True)
    requested_at = Moment(required=True)
    accepted_at = Moment(required=True, allow_none=True)
    settled_at = Moment(required=True, allow_none=True)


class PaymentRefundQuery(PageQuery):
    """Filters of the list of refunds."""

    payment = IdField("pay", load_default=None)
    reference = Words(load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(list(RefundState)))
    automatic = fields.Boolean(load_default=None, allow_none=True)


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
