"""Tables of inventory."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupbuy.inventory.rules import ReservationState
from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import Id, primary_id, reference

HOUSE = "house"
"""The owner of the pool that the house shop sells from and that receipts go into."""


class MovementKind(StrEnum):
    """Why the stock on hand changed."""

    RECEIPT = "receipt"
    CORRECTION = "correction"
    ALLOTMENT_IN = "allotment_in"
    ALLOTMENT_OUT = "allotment_out"
    SALE = "sale"
    CANCELLATION_RETURN = "cancellation_return"


class StockPool(Base):
    """The stock of one SKU for one owner: the house, or a campaign's item (its id)."""

    __tablename__ = "stock_pools"
    __table_args__ = (
        UniqueConstraint("sku_id", "owner"),
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("reserved <= on_hand", name="reserved_within_on_hand"),
    )

    id: Mapped[str] = primary_id("pol")
    sku_id: Mapped[str] = reference("sku", "skus.id")
    owner: Mapped[str] = mapped_column(index=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)

    @property
    def available(self) -> int:
        """Return what can still be reserved."""
        return self.on_hand - self.reserved


class StockMovement(Base):
    """One change of a pool's stock on hand; the sum of them is what is on hand."""

    __tablename__ = "stock_movements"
    __table_args__ = (
        one_of("kind", MovementKind),
        CheckConstraint("delta <> 0", name="delta_not_zero"),
        CheckConstraint(
            "kind = 'correction' or "
            "(kind in ('receipt', 'allotment_in', 'cancellation_return')) = (delta > 0)",
            name="sign_fits_kind",
        ),
    )

    id: Mapped[str] = primary_id("mov")
    pool_id: Mapped[str] = reference("pol", "stock_pools.id", index=True)
    kind: Mapped[str]
    delta: Mapped[int]
    reason: Mapped[str] = mapped_column(default="")
    actor: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    recorded_at: Mapped[datetime]

    pool: Mapped[StockPool] = relationship(lazy="joined", innerjoin=True)


append_only("stock_movements")


class StockReservation(Base):
    """Goods put aside for an order; the order is a higher domain's, so there is no foreign key.

    The unique constraint's index finds an order's reservations too.
    """

    __tablename__ = "stock_reservations"
    __table_args__ = (
        one_of("state", ReservationState),
        UniqueConstraint("order_id", "pool_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("(state = 'held') = (settled_at is null)", name="settled_unless_held"),
    )

    id: Mapped[str] = primary_id("rsv")
    pool_id: Mapped[str] = reference("pol", "stock_pools.id", index=True)
    order_id: Mapped[str] = mapped_column(Id("ord"))
    quantity: Mapped[int]
    state: Mapped[str] = mapped_column(default=ReservationState.HELD)
    held_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
