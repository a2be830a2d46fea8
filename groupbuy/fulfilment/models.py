"""Tables of fulfilment."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from groupbuy.fulfilment.rules import ParcelState, ShipmentState
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference


class Shipment(Base):
    """Goods on their way to one pickup point."""

    __tablename__ = "shipments"
    __table_args__ = (one_of("state", ShipmentState),)

    id: Mapped[str] = primary_id("shm")
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id", index=True)
    campaign_id: Mapped[str | None] = reference("cmp", "campaigns.id", index=True)
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    dispatched_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]


class Parcel(Base):
    """One order's goods in a shipment, with the code to fetch them."""

    __tablename__ = "parcels"
    __table_args__ = (
        one_of("state", ParcelState),
        CheckConstraint(r"code ~ '^\d{8}$'", name="code_of_8_digits"),
        Index(
            "uq_parcels_open_code",
            "pickup_point_id",
            "code",
            unique=True,
            postgresql_where=text("state in ('preparing', 'in_transit', 'ready')"),
        ),
    )

    id: Mapped[str] = primary_id("pcl")
    order_id: Mapped[str] = reference("ord", "orders.id", unique=True)
    shipment_id: Mapped[str] = reference("shm", "shipments.id", index=True)
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id", index=True)
    code: Mapped[str]
    state: Mapped[str]


class Redemption(Base):
    """A parcel was handed over: by whom, when, and whether it was taken back."""

    __tablename__ = "redemptions"
    __table_args__ = (
        CheckConstraint("(undone_at is null) = (undone_by is null)", name="undone_by_someone"),
        Index(
            "uq_redemptions_standing",
            "parcel_id",
            unique=True,
            postgresql_where=text("undone_at is null"),
        ),
    )

    id: Mapped[str] = primary_id("rdm")
    parcel_id: Mapped[str] = reference("pcl", "parcels.id", index=True)
    order_id: Mapped[str] = reference("ord", "orders.id")
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id")
    redeemed_at: Mapped[datetime]
    redeemed_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
