"""Tables of payments."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.payments.rules import LIVE, OPEN, UNSETTLED, EventState, PaymentState, RefundState


def _among(states: tuple[str, ...]) -> str:
    return "state in ({})".format(", ".join(f"'{state}'" for state in states))


ONE_LIVE = text(_among(LIVE))
"""Of which payments a reference has one; the text of the index, as ON CONFLICT must repeat it."""


class Payment(Base):
    """One attempt to be paid for a reference; at most one of a reference is live.

    `payer_ref` is what the provider calls whoever paid (a card's fingerprint, an account): the
    same for two payments of one payer. It is for comparing only, and no answer shows it.
    """

    __tablename__ = "payments"
    __table_args__ = (
        one_of("state", PaymentState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("refunded_fen between 0 and amount_fen", name="refunds_within_amount"),
        CheckConstraint(
            "state <> 'succeeded' or (succeeded_at is not null and provider_ref is not null)",
            name="success_recorded",
        ),
        UniqueConstraint("provider", "provider_ref"),
        Index(
            "uq_payments_live_reference",
            "reference",
            unique=True,
            postgresql_where=ONE_LIVE,
        ),
        Index("ix_payments_due", "due_at", postgresql_where=text("due_at is not null")),
        Index("ix_payments_payer", "payer_ref", postgresql_where=text("payer_ref is not null")),
    )

    id: Mapped[str] = primary_id("pay")
    reference: Mapped[str] = mapped_column(index=True)
    provider: Mapped[str]
    amount_fen: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default=PaymentState.CREATED)
    provider_ref: Mapped[str | None]
    payer_ref: Mapped[str | None]
    client_parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    refunded_fen: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]


class PaymentRefund(Base):
    """Money to be given back; its id is the key under which the provider is asked, always."""

    __tablename__ = "payment_refunds"
    __table_args__ = (
        one_of("state", RefundState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint(
            "(state in ('succeeded', 'failed')) = (settled_at is not null)", name="settling_dated"
        ),
        Index("ix_payment_refunds_due", "due_at", postgresql_where=text(_among(UNSETTLED))),
    )

    id: Mapped[str] = primary_id("prf")
    payment_id: Mapped[str] = reference("pay", "payments.id", index=True)
    amount_fen: Mapped[int]
    state: Mapped[str] = mapped_column(default=RefundState.REQUESTED)
    reason: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    provider_ref: Mapped[str | None] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    requested_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    due_at: Mapped[datetime]


class ProviderEvent(Base):
    """What a provider told us by webhook, stored once under its own event id."""

    __tablename__ = "provider_events"
    __table_args__ = (
        one_of("state", EventState),
        UniqueConstraint("provider", "event_id"),
        CheckConstraint("(state = 'handled') = (handled_at is not null)", name="handling_dated"),
        Index("ix_provider_events_due", "due_at", postgresql_where=text(_among(OPEN))),
    )

    id: Mapped[str] = primary_id("evt")
    provider: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    account: Mapped[str | None]
    livemode: Mapped[bool]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default=EventState.RECEIVED)
    note: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
