"""What orders take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Count, Fen, IdField, Moment, PageQuery, Schema, Words
from groupbuy.orders.rules import OrderState, RefundState, RefundStatus
from groupbuy.orders.rules.timeline import EventKind
from groupbuy.orders.schemas.words import InWords
from groupbuy.pricing.rules import MAX_LINES

STATES = [state.value for state in OrderState]
REFUND_STATUSES = [status.value for status in RefundStatus]


class OrderedLineSchema(Schema):
    """One SKU and how many of it."""

    sku_id = IdField("sku", required=True)
    quantity = Count(required=True, minimum=1, maximum=999)


class PlaceOrderBody(Schema):
    """A basket as in a quote, and the total that the shopper saw there.

    With `quote_digest`, whatever changed in the quote is told, a gift that is gone too.
    """

    group_buy_id = IdField("gbu", load_default=None, allow_none=True)
    lines = fields.List(
        fields.Nested(OrderedLineSchema),
        required=True,
        validate=validate.Length(min=1, max=MAX_LINES),
    )
    pickup_point_id = IdField("ppt", load_default=None, allow_none=True)
    coupon_id = IdField("cpn", load_default=None, allow_none=True)
    quote_total_fen = Fen(required=True)
    quote_digest = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=64)
    )


class OrderEffectSchema(Schema):
    """What one step of the price gave to a line, or to the delivery fee, as it was then."""

    step = fields.String(required=True)
    source = fields.String(required=True)
    effect_fen = fields.Integer(required=True)
    platform_fen = fields.Integer(required=True)
    text = InWords(required=True)


class OrderLineSchema(Schema):
    """A line of an order; a gift is one at price 0."""

    id = IdField("orl", required=True)
    sku_id = IdField("sku", required=True)
    title = fields.String(required=True)
    quantity = fields.Integer(required=True)
    unit_price_fen = fields.Integer(required=True)
    amount_fen = fields.Integer(required=True)
    returned_quantity = fields.Integer(required=True)
    refunded_fen = fields.Integer(required=True)
    gift = fields.Boolean(required=True)
    effects = fields.List(fields.Nested(OrderEffectSchema), required=True)


class OrderSchema(Schema):
    """An order with its lines."""

    id = IdField("ord", required=True, attribute="order.id")
    state = fields.String(required=True, attribute="order.state", validate=validate.OneOf(STATES))
    refund_status = fields.String(required=True, attribute="order.refund_status")
    cancel_reason = fields.String(required=True, allow_none=True, attribute="order.cancel_reason")
    group_buy_id = IdField("gbu", required=True, allow_none=True, attribute="order.group_buy_id")
    pickup_point_id = IdField("ppt", required=True, attribute="order.pickup_point_id")
    coupon_id = IdField("cpn", required=True, allow_none=True, attribute="order.coupon_id")
    goods_fen = fields.Integer(required=True, attribute="order.goods_fen")
    discount_fen = fields.Integer(required=True, attribute="order.discount_fen")
    delivery_fen = fields.Integer(required=True, attribute="order.delivery_fen")
    delivery_effects = fields.List(
        fields.Nested(OrderEffectSchema), required=True, attribute="order.delivery_effects"
    )
    total_fen = fields.Integer(required=True, attribute="order.total_fen")
    refunded_fen = fields.Integer(required=True, attribute="order.refunded_fen")
    placed_at = Moment(required=True, attribute="order.placed_at")
    expires_at = Moment(required=True, attribute="order.expires_at")
    paid_at = Moment(required=True, allow_none=True, attribute="order.paid_at")
    completed_at = Moment(required=True, allow_none=True, attribute="order.completed_at")
    lines = fields.List(fields.Nested(OrderLineSchema), required=True)


class OrderStepSchema(Schema):
    """Something that happened to an order, its payments, refunds or after-sales."""

    kind = fields.String(required=True, validate=validate.OneOf([k.value for k in EventKind]))
    id = fields.String(required=True, metadata={"description": "of the order, payment, …"})
    from_state = fields.String(required=True, allow_none=True)
    to_state = fields.String(required=True)
    action = fields.String(required=True)
    text = InWords(required=True)
    reason = fields.String(required=True)
    amount_fen = fields.Integer(required=True, allow_none=True)
    at = Moment(required=True)


class RefundLineSchema(Schema):
    """What a refund gives back of one line."""

    order_line_id = IdField("orl", required=True)
    quantity = fields.Integer(required=True)
    amount_fen = fields.Integer(required=True)


class RefundSchema(Schema):
    """A refund."""

    id = IdField("orf", required=True, attribute="refund.id")
    order_id = IdField("ord", required=True, attribute="refund.order_id")
    state = fields.String(required=True, attribute="refund.state")
    amount_fen = fields.Integer(required=True, attribute="refund.amount_fen")
    delivery_fen = fields.Integer(required=True, attribute="refund.delivery_fen")
    reason = fields.String(required=True, attribute="refund.reason")
    requested_at = Moment(required=True, attribute="refund.requested_at")
    settled_at = Moment(required=True, allow_none=True, attribute="refund.settled_at")
    lines = fields.List(fields.Nested(RefundLineSchema), required=True)


class OrderDetailSchema(OrderSchema):
    """An order as its shopper sees it: with the timeline, refunds and, when ready, the code."""

    pickup_code = fields.String(required=True, allow_none=True, attribute="order.pickup_code")
    timeline = fields.List(fields.Nested(OrderStepSchema), required=True, attribute="events")
    refunds = fields.List(fields.Nested(RefundSchema), required=True)


class StaffOrderStepSchema(OrderStepSchema):
    """One move in the timeline, with who made it."""

    actor = fields.String(required=True)


class StaffOrderSchema(OrderSchema):
    """An order as headquarters and leaders list it."""

    shopper_id = IdField("shp", required=True, attribute="order.shopper_id")
    leader_id = IdField("ldr", required=True, allow_none=True, attribute="order.leader_id")
    campaign_id = IdField("cmp", required=True, allow_none=True, attribute="order.campaign_id")


class StaffOrderDetailSchema(StaffOrderSchema):
    """An order as headquarters sees it."""

    timeline = fields.List(fields.Nested(StaffOrderStepSchema), required=True, attribute="events")
    refunds = fields.List(fields.Nested(RefundSchema), required=True)


class OrderQuery(PageQuery):
    """Filters of one's own orders; `q` is a part of what was bought."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    group_buy_id = IdField("gbu", load_default=None)
    since = Moment(load_default=None, metadata={"description": "placed then or later"})
    until = Moment(load_default=None, metadata={"description": "placed earlier"})
    after_sale = fields.Boolean(load_default=None)
    q = Words(load_default=None, maximum=100)


class LeaderOrderQuery(OrderQuery):
    """Filters of a leader's orders; `q` is an order's id or a shopper's name."""

    refund_status = fields.String(load_default=None, validate=validate.OneOf(REFUND_STATUSES))


class StaffOrderQuery(LeaderOrderQuery):
    """Filters of headquarters' list; `q` may also be a pickup code."""

    shopper_id = IdField("shp", load_default=None)
    campaign_id = IdField("cmp", load_default=None)
    pickup_point_id = IdField("ppt", load_default=None)
    leader_id = IdField("ldr", load_default=None)


class PaymentChoiceBody(Schema):
    """How to pay, of `GET /payment-methods`; whoever says nothing pays the default way."""

    provider = Words(load_default=None, maximum=40)
    method = Words(load_default=None, maximum=40)


class PaymentStartSchema(Schema):
    """What the client needs to let the shopper pay; with the demo provider it is paid at once."""

    payment_id = IdField("pay", required=True, attribute="id")
    provider = fields.String(required=True)
    method = fields.String(required=True)
    state = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    currency = fields.String(required=True)
    client_parameters = fields.Dict(required=True)


class CancellationBody(Schema):
    """Why, in the shopper's words."""

    reason = Words(load_default="", minimum=0, maximum=200)


class StaffCancellationBody(Schema):
    """Why: staff must say."""

    reason = Words(required=True, maximum=200)


class ReturnSchema(Schema):
    """What to give back of a line: `quantity` or `amount_fen`, one of them."""

    order_line_id = IdField("orl", required=True)
    quantity = Count(load_default=None, minimum=1)
    amount_fen = Fen(load_default=None, minimum=1)

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse neither and both."""
        if (data.get("quantity") is None) == (data.get("amount_fen") is None):
            raise ValidationError("Give either quantity or amount_fen.")


class RefundBody(Schema):
    """A refund of lines of one order, and, if staff say so, of its delivery fee."""

    order_id = IdField("ord", required=True)
    lines = fields.List(
        fields.Nested(ReturnSchema),
        load_default=list,
        validate=validate.Length(max=200),
        metadata={
            "example": [{"order_line_id": "orl_0198f3c2a7b47d1e0198f3c2a7b47d1e", "quantity": 1}]
        },
    )
    delivery_fen = Fen(load_default=0, metadata={"example": 0})
    reason = Words(required=True, maximum=200)

    @validates_schema
    def something(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a refund of nothing."""
        if not data.get("lines") and not data.get("delivery_fen"):
            raise ValidationError("Name a line, or give delivery_fen.", "lines")

    @validates_schema
    def each_line_once(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a line named twice."""
        ids = [line["order_line_id"] for line in data.get("lines", [])]
        if len(set(ids)) < len(ids):
            raise ValidationError("Name each line once.", "lines")


class RefundQuery(PageQuery):
    """Filters of the refund list."""

    order_id = IdField("ord", load_default=None)
    state = fields.String(
        load_default=None, validate=validate.OneOf([state.value for state in RefundState])
    )


class ReassignmentBody(Schema):
    """Whose the order shall be, null for the house's, and why."""

    leader_id = IdField("ldr", required=True, allow_none=True)
    reason = Words(required=True, maximum=500)


class ReassignmentSchema(Schema):
    """The new decision on an order."""

    order_id = IdField("ord", required=True)
    revision = fields.Integer(required=True)
    leader_id = IdField("ldr", required=True, allow_none=True)
    rule = fields.String(required=True)
    self_purchase = fields.Boolean(required=True)
    commissionable = fields.Boolean(required=True)
    recruiter_id = IdField("ldr", required=True, allow_none=True)
    leader_level = fields.Integer(required=True, allow_none=True)
    decided_at = Moment(required=True)
    decided_by = fields.String(required=True)
    reason = fields.String(required=True)
