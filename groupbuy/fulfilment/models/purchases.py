"""Tables of what was ordered from suppliers, and what came of it; nothing in them changes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from groupbuy.kernel.db import Base, append_only
from groupbuy.kernel.ids import primary_id, reference


class PurchaseOrder(Base):
    """What was ordered from a supplier, as it was then; a newer one may supersede it.

    The campaign, the span of payment and the storage kind say for which orders it was. Without a
    supplier it is for goods that have none; `supplier` is the name then.
    """

    __tablename__ = "purchase_orders"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("supersedes_id <> id", name="supersedes_another"),
    )

    id: Mapped[str] = primary_id("pur")
    number: Mapped[int]
    supplier_id: Mapped[str | None] = reference("sup", "suppliers.id", index=True)
    supplier: Mapped[str]
    note: Mapped[str]
    campaign_id: Mapped[str | None] = reference("cmp", "campaigns.id", index=True)
    paid_from: Mapped[datetime | None]
    paid_until: Mapped[datetime | None]
    storage: Mapped[str | None]
    supersedes_id: Mapped[str | None] = reference("pur", "purchase_orders.id", unique=True)
    fixed_at: Mapped[datetime]
    fixed_by: Mapped[str]


class PurchaseLine(Base):
    """Units of a SKU that were ordered; beside them what was needed and on hand then.

    `cost_fen` is what a unit was to cost, where that was known.
    """

    __tablename__ = "purchase_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("cost_fen >= 0", name="cost_not_negative"),
    )

    purchase_order_id: Mapped[str] = reference("pur", "purchase_orders.id", primary_key=True)
    sku_id: Mapped[str] = reference("sku", "skus.id", primary_key=True, index=True)
    title: Mapped[str]
    option: Mapped[str]
    storage: Mapped[str]
    quantity: Mapped[int]
    needed: Mapped[int]
    on_hand: Mapped[int]
    cost_fen: Mapped[int | None]


class PurchaseReceipt(Base):
    """Goods that came for an order to a supplier: the movement that put them into the house."""

    __tablename__ = "purchase_receipts"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        UniqueConstraint("movement_id"),
    )

    id: Mapped[str] = primary_id("prc")
    purchase_order_id: Mapped[str] = reference("pur", "purchase_orders.id", index=True)
    sku_id: Mapped[str] = reference("sku", "skus.id")
    quantity: Mapped[int]
    movement_id: Mapped[str] = reference("mov", "stock_movements.id")
    note: Mapped[str]
    received_at: Mapped[datetime]
    received_by: Mapped[str]


class PurchaseClosing(Base):
    """Nothing more is to come for an order to a supplier, and why."""

    __tablename__ = "purchase_closings"

    purchase_order_id: Mapped[str] = reference("pur", "purchase_orders.id", primary_key=True)
    reason: Mapped[str]
    closed_at: Mapped[datetime]
    closed_by: Mapped[str]


for _table in ("purchase_orders", "purchase_lines", "purchase_receipts", "purchase_closings"):
    append_only(_table)
