"""Tables of goods on their way: shipments, parcels, the orders in them, what was missing."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.fulfilment.rules.parcels import ParcelState, ShipmentState
from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference


class Shipment(Base):
    """Goods on their way to one pickup point; `crates` counts them by storage kind."""

    __tablename__ = "shipments"
    __table_args__ = (
        one_of("state", ShipmentState),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_at is not null)", name="cancelled_at_some_time"
        ),
    )

    id: Mapped[str] = primary_id("shm")
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id", index=True)
    campaign_id: Mapped[str | None] = reference("cmp", "campaigns.id", index=True)
    route_id: Mapped[str | None] = reference("rou", "routes.id", index=True)
    state: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    crates: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    dispatched_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Parcel(Base):
    """A shopper's goods in a shipment, of one order or more, with the code to fetch them.

    `number` is its place in the shipment, as it stands on its label.
    """

    __tablename__ = "parcels"
    __table_args__ = (
        one_of("state", ParcelState),
        CheckConstraint(r"code ~ '^\d{8}$'", name="code_of_8_digits"),
        UniqueConstraint("shipment_id", "number"),
        Index(
            "uq_parcels_open_code",
            "pickup_point_id",
            "code",
            unique=True,
            postgresql_where=text("state in ('preparing', 'in_transit', 'ready')"),
        ),
        Index("ix_parcels_pickup_point_id_state", "pickup_point_id", "state"),
        Index("ix_parcels_ready_at", "ready_at", postgresql_where=text("state = 'ready'")),
    )

    id: Mapped[str] = primary_id("pcl")
    shipment_id: Mapped[str] = reference("shm", "shipments.id")
    number: Mapped[int]
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id", index=True)
    campaign_id: Mapped[str | None] = reference("cmp", "campaigns.id", index=True)
    code: Mapped[str]
    state: Mapped[str]
    ready_at: Mapped[datetime | None]


class ParcelOrder(Base):
    """An order is in a parcel, from when it was packed until it was taken out, if it was."""

    __tablename__ = "parcel_orders"
    __table_args__ = (
        CheckConstraint("(removed_at is null) = (removed_by is null)", name="removed_by_someone"),
        Index(
            "uq_parcel_orders_standing",
            "order_id",
            unique=True,
            postgresql_where=text("removed_at is null"),
        ),
    )

    id: Mapped[str] = primary_id("pco")
    parcel_id: Mapped[str] = reference("pcl", "parcels.id", index=True)
    order_id: Mapped[str] = reference("ord", "orders.id", index=True)
    packed_at: Mapped[datetime]
    packed_by: Mapped[str]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]


class Shortage(Base):
    """Units that a shipment should have held and did not; a negative one takes others back."""

    __tablename__ = "shipment_shortages"
    __table_args__ = (CheckConstraint("quantity <> 0", name="quantity_not_zero"),)

    id: Mapped[str] = primary_id("sht")
    shipment_id: Mapped[str] = reference("shm", "shipments.id", index=True)
    sku_id: Mapped[str] = reference("sku", "skus.id")
    quantity: Mapped[int]
    note: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]


append_only("shipment_shortages")
