"""Tables of notices."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.notices.rules import NoticeKind, NoticeState

WAITING = text("state = 'waiting'")
"""The part of the notices that the room which sends them looks at."""


class Notice(Base):
    """Something to tell a person, from `due_at` on; of no use after `useful_until`.

    `reason` says why it comes later than it was meant to, or why it was dropped or failed. The
    room that sends it takes it until `claimed_until`, for the `attempts`-th time.
    """

    __tablename__ = "notices"
    __table_args__ = (
        one_of("kind", NoticeKind),
        one_of("state", NoticeState),
        CheckConstraint("(state = 'waiting') = (settled_at is null)", name="settled_at_an_instant"),
        CheckConstraint(
            "state not in ('dropped', 'failed') or reason <> ''", name="given_up_for_a_reason"
        ),
        CheckConstraint(
            "state = 'dropped' or useful_until is null or due_at <= useful_until",
            name="told_while_useful",
        ),
        CheckConstraint("state <> 'dropped' or read_at is null", name="dropped_is_not_read"),
        UniqueConstraint("shopper_id", "key"),
        Index("ix_notices_shopper_id_due_at_id", "shopper_id", "due_at", "id"),
        Index("ix_notices_waiting", "due_at", "id", postgresql_where=WAITING),
        Index("ix_notices_created_at", "created_at"),
    )

    id: Mapped[str] = primary_id("ntc")
    shopper_id: Mapped[str] = reference("shp", "shoppers.id")
    kind: Mapped[str]
    key: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    body_zh: Mapped[str]
    body_en: Mapped[str]
    link: Mapped[str] = mapped_column(default="")
    care: Mapped[bool]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default=NoticeState.WAITING)
    settled_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    read_at: Mapped[datetime | None]

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)

    @property
    def body(self) -> Text:
        """Return the text in both languages."""
        return Text(self.body_zh, self.body_en)


class NoticePreference(Base):
    """The kinds that a person does not want; its lock orders what the person is told."""

    __tablename__ = "notice_preferences"

    shopper_id: Mapped[str] = reference("shp", "shoppers.id", primary_key=True)
    muted: Mapped[list[Any]] = mapped_column(default=list)
