"""Our attempts against the channels' lists, and the months that are closed for good."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.comparison import Match
from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.payouts.rules.states import AttemptState, DifferenceState, ReconciliationState

ONE_OPEN = text("state = 'open'")
"""A number has at most one open difference of a kind; the text of the index."""


class Reconciliation(Base):
    """One comparison of a channel's list with our attempts of [since_at, until_at)."""

    __tablename__ = "payout_reconciliations"
    __table_args__ = (
        one_of("state", ReconciliationState),
        CheckConstraint("since_at < until_at", name="span_in_order"),
        CheckConstraint(
            "(state = 'requested') = (finished_at is null)"
            " and (state = 'done') = (matched is not null)"
            " and (matched is null) = (differing is null)",
            name="finished_with_counts",
        ),
    )

    id: Mapped[str] = primary_id("prc")
    channel: Mapped[str]
    since_at: Mapped[datetime]
    until_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=ReconciliationState.REQUESTED)
    reason: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    matched: Mapped[int | None]
    differing: Mapped[int | None]


class Difference(Base):
    """A number on which a channel and we do not agree, until somebody has cleared it up.

    `month` is that of the statement; null for a number that we do not know.
    """

    __tablename__ = "payout_differences"
    __table_args__ = (
        one_of("kind", Match),
        one_of("state", DifferenceState),
        one_of("our_state", AttemptState),
        one_of("their_state", AttemptState),
        CheckConstraint("kind <> 'matched'", name="differs"),
        CheckConstraint(
            "num_nulls(resolved_by, resolved_at) = case state when 'open' then 2 else 0 end"
            " and (state = 'open' or note <> '')",
            name="resolved_by_someone",
        ),
        Index(
            "uq_payout_differences_open",
            "channel",
            "number",
            "kind",
            unique=True,
            postgresql_where=ONE_OPEN,
        ),
    )

    id: Mapped[str] = primary_id("pdf")
    reconciliation_id: Mapped[str] = reference("prc", "payout_reconciliations.id", index=True)
    channel: Mapped[str]
    number: Mapped[str]
    kind: Mapped[str]
    month: Mapped[str | None]
    our_fen: Mapped[int | None]
    their_fen: Mapped[int | None]
    our_state: Mapped[str | None]
    their_state: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=DifferenceState.OPEN)
    note: Mapped[str] = mapped_column(default="")
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


class Archive(Base):
    """A settled month that is closed for good: paid, compared, without open questions."""

    __tablename__ = "payout_archives"

    month: Mapped[str] = mapped_column(ForeignKey("settlement_periods.month"), primary_key=True)
    archived_by: Mapped[str]
    archived_at: Mapped[datetime]


append_only("payout_archives")
