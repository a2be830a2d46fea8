"""Our payments and refunds against the providers' own lists."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.comparison import Match
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.payments.rules.states import DifferenceState, ReconciliationState, Subject


class PaymentReconciliation(Base):
    """One comparison of a provider's list with our payments and refunds of a business day.

    `paid_fen`, `refunded_fen` and `fee_fen` are what the provider says of that day.
    """

    __tablename__ = "payment_reconciliations"
    __table_args__ = (
        one_of("state", ReconciliationState),
        CheckConstraint(
            "(state = 'requested') = (finished_at is null)"
            " and (state = 'done') = (matched is not null)"
            " and num_nulls(matched, differing, paid_fen, refunded_fen, fee_fen) in (0, 5)",
            name="finished_with_counts",
        ),
        Index("ix_payment_reconciliations_day", "provider", "day"),
    )

    id: Mapped[str] = primary_id("pyr")
    provider: Mapped[str]
    day: Mapped[date]
    state: Mapped[str] = mapped_column(default=ReconciliationState.REQUESTED)
    by_file: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    matched: Mapped[int | None]
    differing: Mapped[int | None]
    paid_fen: Mapped[int | None]
    refunded_fen: Mapped[int | None]
    fee_fen: Mapped[int | None]


class PaymentDifference(Base):
    """A payment or refund on which a provider and we do not agree, until it is cleared up.

    The same facts are the same difference, however often they are compared: one that somebody
    has resolved stays resolved. `number` is the provider's of a payment, ours of a refund.
    """

    __tablename__ = "payment_differences"
    __table_args__ = (
        one_of("subject", Subject),
        one_of("kind", Match),
        one_of("state", DifferenceState),
        CheckConstraint("kind <> 'matched'", name="differs"),
        CheckConstraint(
            "num_nulls(resolved_by, resolved_at) = case state when 'open' then 2 else 0 end"
            " and (state = 'open' or note <> '')",
            name="resolved_by_someone",
        ),
        Index(
            "uq_payment_differences_facts",
            "provider",
            "number",
            "kind",
            "our_fen",
            "their_fen",
            "our_state",
            "their_state",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_payment_differences_day", "provider", "day"),
        Index("ix_payment_differences_open", "id", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[str] = primary_id("pyd")
    reconciliation_id: Mapped[str] = reference("pyr", "payment_reconciliations.id", index=True)
    provider: Mapped[str]
    day: Mapped[date]
    subject: Mapped[str]
    number: Mapped[str]
    kind: Mapped[str]
    our_fen: Mapped[int | None]
    their_fen: Mapped[int | None]
    our_state: Mapped[str | None]
    their_state: Mapped[str | None]
    fee_fen: Mapped[int | None]
    state: Mapped[str] = mapped_column(default=DifferenceState.OPEN)
    note: Mapped[str] = mapped_column(default="")
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
