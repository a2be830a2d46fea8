"""Tables of carts: what a shopper means to order, per group buy and from the house."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.orders.rules.carts import MOST_UNITS


class Cart(Base):
    """A shopper's cart in one group buy; without one, in the house shop."""

    __tablename__ = "carts"
    __table_args__ = (
        UniqueConstraint("shopper_id", "group_buy_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[str] = primary_id("crt")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id")
    group_buy_id: Mapped[str | None] = reference("gbu", "group_buys.id")
    changed_at: Mapped[datetime] = mapped_column(index=True)


class CartLine(Base):
    """How many of a SKU; it holds no stock and no price.

    What was ordered in the same place since `changed_at` is no longer in the cart: who places an
    order does not touch this table.
    """

    __tablename__ = "cart_lines"
    __table_args__ = (
        CheckConstraint(f"quantity between 1 and {MOST_UNITS}", name="quantity_sensible"),
    )

    cart_id: Mapped[str] = reference("crt", "carts.id", primary_key=True)
    sku_id: Mapped[str] = reference("sku", "skus.id", primary_key=True)
    quantity: Mapped[int]
    added_at: Mapped[datetime]
    changed_at: Mapped[datetime]
