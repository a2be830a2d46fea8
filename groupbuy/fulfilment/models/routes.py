"""Tables of delivery routes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.fulfilment.rules.routes import RouteState
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference


class Route(Base):
    """Pickup points in the order in which a van comes to them."""

    __tablename__ = "routes"
    __table_args__ = (one_of("state", RouteState),)

    id: Mapped[str] = primary_id("rou")
    name: Mapped[str] = mapped_column(unique=True)
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=RouteState.ACTIVE)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class RouteStop(Base):
    """A pickup point on a route."""

    __tablename__ = "route_stops"
    __table_args__ = (
        UniqueConstraint("route_id", "position"),
        CheckConstraint("position > 0", name="position_from_one"),
    )

    route_id: Mapped[str] = reference("rou", "routes.id", primary_key=True)
    pickup_point_id: Mapped[str] = reference("ppt", "pickup_points.id", primary_key=True)
    position: Mapped[int]
