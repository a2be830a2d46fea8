"""Tables of after-sales. Amounts are in fen."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.orders.rules.after_sales import AfterSaleKind, AfterSaleReason, AfterSaleState


class AfterSale(Base):
    """What is wrong with goods of one order, and what came of it.

    While it is open and no refund is under way, what it asks for is held on the order's lines:
    nobody else can refund that.
    """

    __tablename__ = "after_sales"
    __table_args__ = (
        one_of("kind", AfterSaleKind),
        one_of("state", AfterSaleState),
        one_of("reason", AfterSaleReason),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("approved_fen between 1 and amount_fen", name="approved_within_asked"),
        CheckConstraint(
            "state not in ('approved', 'returning', 'refunding', 'refunded') "
            "or approved_fen is not null",
            name="approved_has_amount",
        ),
        CheckConstraint(
            "state not in ('refunding', 'refunded') or refund_id is not null",
            name="refunding_has_refund",
        ),
        CheckConstraint(
            "(state in ('refunded', 'rejected', 'withdrawn')) = (ended_at is not null)",
            name="end_dated",
        ),
        Index(
            "uq_after_sales_refund_id",
            "refund_id",
            unique=True,
            postgresql_where=text("refund_id is not null"),
        ),
        Index(
            "ix_after_sales_decide_by", "decide_by", postgresql_where=text("state = 'requested'")
        ),
        Index(
            "ix_after_sales_return_by", "return_by", postgresql_where=text("state = 'returning'")
        ),
    )

    id: Mapped[str] = primary_id("afs")
    order_id: Mapped[str] = reference("ord", "orders.id", index=True)
    kind: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    words: Mapped[str]
    amount_fen: Mapped[int]
    approved_fen: Mapped[int | None]
    refund_id: Mapped[str | None] = reference("orf", "order_refunds.id")
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    decide_by: Mapped[datetime]
    escalated_at: Mapped[datetime | None]
    return_by: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AfterSaleLine(Base):
    """What is asked for of one line, and what was approved: at most as much."""

    __tablename__ = "after_sale_lines"
    __table_args__ = (
        CheckConstraint("quantity >= 0 and amount_fen > 0", name="asked_positive"),
        CheckConstraint(
            "approved_quantity between 0 and quantity and approved_fen between 0 and amount_fen",
            name="approved_within_asked",
        ),
    )

    after_sale_id: Mapped[str] = reference("afs", "after_sales.id", primary_key=True)
    order_line_id: Mapped[str] = reference("orl", "order_lines.id", primary_key=True, index=True)
    quantity: Mapped[int]
    amount_fen: Mapped[int]
    approved_quantity: Mapped[int | None]
    approved_fen: Mapped[int | None]


class AfterSaleMove(Base):
    """One move of an after-sale: from, to, who, when, why."""

    __tablename__ = "after_sale_moves"

    id: Mapped[str] = primary_id("asm")
    after_sale_id: Mapped[str] = reference("afs", "after_sales.id", index=True)
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    action: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class AfterSaleNote(Base):
    """What shopper and staff write to each other about an after-sale; erased with the shopper."""

    __tablename__ = "after_sale_notes"

    id: Mapped[str] = primary_id("asn")
    after_sale_id: Mapped[str] = reference("afs", "after_sales.id", index=True)
    by_staff: Mapped[bool]
    author: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]


append_only("after_sale_moves")
