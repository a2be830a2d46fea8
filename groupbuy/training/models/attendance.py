"""Tables of who was there: attendances, what trainers decided about them, calendar feeds."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Computed, Index, LargeBinary
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.training.rules.attendance import COUNTS_SQL, AttendanceStatus, DecisionKind


class Attendance(Base):
    """What is known of a leader at a live session; who has no row was not there.

    Facts: check-in (and whether it was late), check-out, the trainer's correction and excuse (the
    last decisions), the replay that was watched. `status` and `present_s` follow from them (see
    rules.attendance) and are written with them; a generated column tells whether it `counts`.
    `counted_at` is when it first counted for good.
    """

    __tablename__ = "attendances"
    __table_args__ = (
        one_of("status", AttendanceStatus),
        CheckConstraint("status <> 'expected'", name="status_decided"),
        CheckConstraint("checked_out_at >= checked_in_at", name="out_after_in"),
        CheckConstraint(
            "checked_out_at is null or checked_in_at is not null", name="out_only_after_in"
        ),
        CheckConstraint("corrected_s >= 0 and present_s >= 0", name="presence_not_negative"),
        CheckConstraint(
            "corrected_late is null or corrected_s is not null", name="late_by_correction"
        ),
        Index("ix_attendances_leader_id", "leader_id"),
    )

    live_session_id: Mapped[str] = reference("lvs", "live_sessions.id", primary_key=True)
    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    checked_in_at: Mapped[datetime | None]
    checked_out_at: Mapped[datetime | None]
    late: Mapped[bool] = mapped_column(default=False)
    corrected_s: Mapped[int | None]
    corrected_late: Mapped[bool | None]
    excused: Mapped[bool] = mapped_column(default=False)
    watched: Mapped[Any] = mapped_column(INT4MULTIRANGE, server_default="{}")
    made_up_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default=AttendanceStatus.ABSENT)
    present_s: Mapped[int] = mapped_column(default=0)
    counts: Mapped[bool] = mapped_column(
        Boolean, Computed(f"status in ({COUNTS_SQL})", persisted=True)
    )
    counted_at: Mapped[datetime | None]


class AttendanceDecision(Base):
    """A trainer's word about an attendance: a correction or an excuse, or one taken back."""

    __tablename__ = "attendance_decisions"
    __table_args__ = (
        one_of("kind", DecisionKind),
        CheckConstraint("(kind = 'correct') = (present_s is not null)", name="correct_says_what"),
        CheckConstraint("reason <> ''", name="for_a_reason"),
        Index("ix_attendance_decisions_of", "live_session_id", "leader_id", "id"),
    )

    id: Mapped[str] = primary_id("atd")
    live_session_id: Mapped[str] = reference("lvs", "live_sessions.id")
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    kind: Mapped[str]
    present_s: Mapped[int | None]
    late: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str]


class CalendarFeed(Base):
    """A leader's calendar under a secret address.

    The token is an HMAC of `nonce` under the school's secret, so it can be shown again though
    only its SHA-256 is kept; revoking it is deleting the row.
    """

    __tablename__ = "calendar_feeds"

    leader_id: Mapped[str] = reference("ldr", "leaders.id", primary_key=True)
    nonce: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]


append_only("attendance_decisions")
