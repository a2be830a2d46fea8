"""Tables of orders. Amounts are what the shopper pays, in fen."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.orders.rules import (
    CancelReason,
    OrderState,
    RefundState,
    RefundStatus,
    saved_by_ladder,
)


class Order(Base):
    """One shopper's purchase inside a group buy, or from the house with none.

    `total_fen` is the sum of the lines and `delivery_fen`; `discount_fen` is what promotions and
    the coupon took off the goods. `delivery_requested_fen` counts what refunds under way and done
    give back of the delivery fee, `delivery_refunded_fen` those done.
    """

    __tablename__ = "orders"
    __table_args__ = (
        one_of("state", OrderState),
        one_of("cancel_reason", CancelReason),
        one_of("refund_status", RefundStatus),
        CheckConstraint("total_fen >= 0", name="total_not_negative"),
        CheckConstraint("refunded_fen between 0 and total_fen", name="refunded_within_total"),
        CheckConstraint("discount_fen >= 0", name="discount_not_negative"),
        CheckConstraint("delivery_fen between 0 and total_fen", name="delivery_within_total"),
        CheckConstraint(
            "0 <= delivery_refunded_fen and delivery_refunded_fen <= delivery_requested_fen "
            "and delivery_requested_fen <= delivery_fen",
            name="delivery_refunds_within_fee",
        ),
        CheckConstraint(
            "(state = 'cancelled') = (cancel_reason is not null)", name="cancelled_has_reason"
        ),
        Index("ix_orders_shopper_id_id", "shopper_id", "id"),
        Index(
            "ix_orders_paid_at_id", "paid_at", "id", postgresql_where=text("paid_at is not null")
        ),
        Index(
            "ix_orders_payment_id", "payment_id", postgresql_where=text("payment_id is not null")
        ),
        Index("ix_orders_pickup_point_id_state", "pickup_point_id", "state"),
        Index(
            "ix_orders_expires_at",
            "expires_at",
            postgresql_where=text("state = 'pending_payment'"),
        ),
        Index(
            "ix_orders_completes_at", "completes_at", postgresql_where=text("state = 'picked_up'")
        ),
    )

    id: Mapped[str] = primary_id("ord")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id")
    group_buy_id: Mapped[str | None] = reference("gbu", "group_buys.id", index=True)
    campaign_id: Mapped[str | None] = reference("cmp", "campaigns.id", index=True)
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id")
    leader_id: Mapped[str | None] = reference("ldr", "leaders.id", index=True)
    payment_id: Mapped[str | None] = reference("pay", "payments.id")
    state: Mapped[str]
    refund_status: Mapped[str] = mapped_column(default=RefundStatus.NONE)
    cancel_reason: Mapped[str | None]
    total_fen: Mapped[int]
    discount_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    delivery_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    delivery_effects: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    coupon_id: Mapped[str | None] = reference("cpn", "coupons.id")
    refunded_fen: Mapped[int] = mapped_column(default=0)
    delivery_requested_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    delivery_refunded_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    pickup_code: Mapped[str | None]
    placed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    picked_up_at: Mapped[datetime | None]
    completes_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    @property
    def goods_fen(self) -> int:
        """Return what the goods cost by their unit prices, before any discount."""
        return self.total_fen - self.delivery_fen + self.discount_fen


class OrderLine(Base):
    """One SKU of an order, with its price and title as they were; a gift is a line at price 0.

    `amount_fen` is what was paid for it after every discount: its refundable amount for ever.
    `effects` says how each step of the price came to it.
    `refund_requested_fen` counts refunds under way and done, `refunded_fen` those done. `held_fen`
    and `held_quantity` are what open after-sales ask for: nobody else can refund that.
    `final_price_fen` is where a price ladder ended, once what it saves was given back.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        UniqueConstraint("order_id", "sku_id", "gift"),
        CheckConstraint(
            "not gift or (amount_fen = 0 and not earns_commission)", name="gift_is_free"
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("amount_fen >= 0", name="amount_not_negative"),
        CheckConstraint(
            "0 <= refunded_fen and refunded_fen <= refund_requested_fen "
            "and refund_requested_fen <= amount_fen",
            name="refunds_within_amount",
        ),
        CheckConstraint("returned_quantity between 0 and quantity", name="returned_within"),
        CheckConstraint(
            "held_fen >= 0 and refund_requested_fen + held_fen <= amount_fen "
            "and held_quantity >= 0 and returned_quantity + held_quantity <= quantity",
            name="held_within_rest",
        ),
        CheckConstraint(
            "final_price_fen between 0 and unit_price_fen", name="final_price_not_above_price"
        ),
    )

    id: Mapped[str] = primary_id("orl")
    order_id: Mapped[str] = reference("ord", "orders.id")
    position: Mapped[int]
    sku_id: Mapped[str] = reference("sku", "skus.id", index=True)
    product_id: Mapped[str] = reference("prd", "products.id")
    campaign_item_id: Mapped[str | None] = reference("cit", "campaign_items.id", index=True)
    title: Mapped[str]
    quantity: Mapped[int]
    unit_price_fen: Mapped[int]
    amount_fen: Mapped[int]
    earns_commission: Mapped[bool]
    gift: Mapped[bool] = mapped_column(default=False, server_default="false")
    effects: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    returned_quantity: Mapped[int] = mapped_column(default=0)
    refund_requested_fen: Mapped[int] = mapped_column(default=0)
    refunded_fen: Mapped[int] = mapped_column(default=0)
    held_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    held_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    final_price_fen: Mapped[int | None]

    @property
    def left_fen(self) -> int:
        """Return what can still be asked back."""
        return self.amount_fen - self.refund_requested_fen - self.held_fen

    @property
    def left_quantity(self) -> int:
        """Return how many units can still be asked back."""
        return self.quantity - self.returned_quantity - self.held_quantity

    @property
    def saved_fen(self) -> int:
        """Return what a price ladder saved on the whole line, 0 until it has ended."""
        if self.final_price_fen is None:
            return 0
        return saved_by_ladder(
            amount_fen=self.amount_fen,
            quantity=self.quantity,
            final_price_fen=self.final_price_fen,
        )


class OrderTransition(Base):
    """One move of an order: from, to, who, when, why."""

    __tablename__ = "order_transitions"

    id: Mapped[str] = primary_id("otr")
    order_id: Mapped[str] = reference("ord", "orders.id", index=True)
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    action: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class OrderRefund(Base):
    """Money given back for lines of an order; one refund at the payment provider.

    `delivery_fen` is the part of `amount_fen` that is of the delivery fee.
    """

    __tablename__ = "order_refunds"
    __table_args__ = (
        one_of("state", RefundState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("delivery_fen between 0 and amount_fen", name="delivery_within_amount"),
        Index(
            "ix_order_refunds_settled_at_id",
            "settled_at",
            "id",
            postgresql_where=text("settled_at is not null"),
        ),
    )

    id: Mapped[str] = primary_id("orf")
    order_id: Mapped[str] = reference("ord", "orders.id", index=True)
    payment_id: Mapped[str] = reference("pay", "payments.id")
    amount_fen: Mapped[int]
    delivery_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str]
    reason: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class OrderRefundLine(Base):
    """What a refund gives back of one line."""

    __tablename__ = "order_refund_lines"
    __table_args__ = (CheckConstraint("amount_fen >= 0 and quantity >= 0", name="not_negative"),)

    refund_id: Mapped[str] = reference("orf", "order_refunds.id", primary_key=True)
    order_line_id: Mapped[str] = reference("orl", "order_lines.id", primary_key=True)
    quantity: Mapped[int]
    amount_fen: Mapped[int]


append_only("order_transitions")
append_only("order_refund_lines")
