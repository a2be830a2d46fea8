"""Tables of handing over: redemptions, and who may fetch a parcel for somebody else."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.fulfilment.rules.pickup import PickedUpBy, ProxyState
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference


class PickupProxy(Base):
    """Somebody who may fetch a parcel for its shopper, with a code of their own."""

    __tablename__ = "pickup_proxies"
    __table_args__ = (
        one_of("state", ProxyState),
        CheckConstraint(r"code ~ '^\d{8}$'", name="code_of_8_digits"),
        CheckConstraint("(state = 'open') = (ended_at is null)", name="ends_once"),
        Index(
            "uq_pickup_proxies_open",
            "parcel_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_pickup_proxies_open_code",
            "pickup_point_id",
            "code",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[str] = primary_id("pxy")
    parcel_id: Mapped[str] = reference("pcl", "parcels.id", index=True)
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id")
    name: Mapped[str]
    note: Mapped[str]
    code: Mapped[str]
    state: Mapped[str]
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Redemption(Base):
    """A parcel was handed over: to whom, by whom, when, and whether it was taken back."""

    __tablename__ = "redemptions"
    __table_args__ = (
        one_of("picked_up_by", PickedUpBy),
        CheckConstraint("(picked_up_by = 'proxy') = (proxy_id is not null)", name="proxy_is_named"),
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
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id")
    picked_up_by: Mapped[str] = mapped_column(default=PickedUpBy.SHOPPER)
    proxy_id: Mapped[str | None] = reference("pxy", "pickup_proxies.id")
    redeemed_at: Mapped[datetime]
    redeemed_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
