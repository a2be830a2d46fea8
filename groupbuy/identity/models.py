"""Tables of identity."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.identity.rules import STAFF_ROLES
from groupbuy.kernel.db import Base, append_only
from groupbuy.kernel.ids import primary_id, reference


class Shopper(Base):
    """A person who orders in the mini-program, known by the WeChat openid.

    A member until `member_until`, if that is given.
    """

    __tablename__ = "shoppers"

    id: Mapped[str] = primary_id("shp")
    openid: Mapped[str] = mapped_column(unique=True)
    unionid: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="")
    registered_at: Mapped[datetime]
    last_login_at: Mapped[datetime]
    member_until: Mapped[datetime | None]

    def is_member(self, now: datetime) -> bool:
        """Tell whether the shopper is a member at an instant."""
        return self.member_until is not None and self.member_until > now


class Staff(Base):
    """A member of headquarters' staff."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint(
            "role in ({})".format(", ".join(f"'{role}'" for role in STAFF_ROLES)),
            name="role_known",
        ),
    )

    id: Mapped[str] = primary_id("stf")
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class LoginSession(Base):
    """A login: an opaque token's hash and whom it stands for. Ending it is a fact with a time."""

    __tablename__ = "login_sessions"
    __table_args__ = (CheckConstraint("num_nonnulls(shopper_id, staff_id) = 1", name="one_person"),)

    id: Mapped[str] = primary_id("ses")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    shopper_id: Mapped[str | None] = reference("shp", "shoppers.id", index=True)
    staff_id: Mapped[str | None] = reference("stf", "staff.id", index=True)
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Erasure(Base):
    """A shopper had their personal data erased: that it happened, and when. It is kept for ever."""

    __tablename__ = "erasures"

    shopper_id: Mapped[str] = reference("shp", "shoppers.id", primary_key=True)
    erased_at: Mapped[datetime]


append_only("erasures")
