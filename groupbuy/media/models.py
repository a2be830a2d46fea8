"""The table of pictures; their bytes are in a store (see providers)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base
from groupbuy.kernel.ids import primary_id


class Picture(Base):
    """A picture: who brought it, whether its bytes are there, what it is part of.

    `uploaded_by` is the uploader's label; `owner` the id of what the picture is part of (a
    product, an after-sale), null until something claims it; `public` whether everybody may see
    it. It can be shown once `stored_at` is set; `removed_at` says that its bytes are going.
    """

    __tablename__ = "pictures"
    __table_args__ = (
        CheckConstraint("width > 0 and height > 0", name="has_an_extent"),
        CheckConstraint("not public or owner is not null", name="public_as_part_of_something"),
        CheckConstraint("removed_at is null or owner is null", name="removed_is_unused"),
        Index("ix_pictures_owner", "owner", postgresql_where=text("owner is not null")),
        Index("ix_pictures_loose", "created_at", postgresql_where=text("owner is null")),
    )

    id: Mapped[str] = primary_id("pic")
    uploaded_by: Mapped[str]
    owner: Mapped[str | None]
    public: Mapped[bool] = mapped_column(default=False)
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
