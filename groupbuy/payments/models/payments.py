"""Payments, refunds, and what providers told us."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.payments.rules.states import (
    LIVE,
    OPEN,
    UNSETTLED,
    EventState,
    PaymentState,
    RefundState,
    ResolutionAction,
)


def _among(states: tuple[str, ...]) -> str:
    return "state in ({})".format(", ".join(f"'{state}'" for state in states))


ONE_LIVE = text(_among(LIVE))
"""Of which payments a reference has one; the text of the index, as ON CONFLICT must repeat it."""


class Payment(Base):
    """One attempt to be paid for a reference; at most one of a reference is live.

    `method` is one of the provider's. `begun_at` is when the provider last said what the client
    needs to pay, `payable_until` when it should take no money any more. `received_fen` is what
    came in under this payment, which is `amount_fen` unless it is parked or was accepted all the
    same; its unit is that of `received_currency`. `resolved_at` is when somebody, or the system,
    decided what becomes of a parked one.

    `payer_ref` is what the provider calls whoever paid (a card's fingerprint, an account): the
    same for two payments of one payer. It is for comparing only, and no answer shows it.
    """

    __tablename__ = "payments"
    __table_args__ = (
        one_of("state", PaymentState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint(
            "refunded_fen between 0 and coalesce(received_fen, amount_fen)",
            name="refunds_within_amount",
        ),
        CheckConstraint(
            "state <> 'succeeded' or (succeeded_at is not null and provider_ref is not null"
            " and received_fen is not null and received_fen >= amount_fen)",
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
        Index(
            "ix_payments_undecided",
            "id",
            postgresql_where=text("state = 'parked' and resolved_at is null"),
        ),
        Index(
            "ix_payments_succeeded",
            "provider",
            "succeeded_at",
            postgresql_where=text("succeeded_at is not null"),
        ),
    )

    id: Mapped[str] = primary_id("pay")
    reference: Mapped[str] = mapped_column(index=True)
    provider: Mapped[str]
    method: Mapped[str]
    amount_fen: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default=PaymentState.CREATED)
    provider_ref: Mapped[str | None]
    payer_ref: Mapped[str | None]
    client_parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    received_fen: Mapped[int | None]
    received_currency: Mapped[str | None]
    refunded_fen: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    payable_until: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]


class PaymentResolution(Base):
    """What a person decided about a parked payment, and why.

    One that was dismissed and brings money later is decided about again.
    """

    __tablename__ = "payment_resolutions"
    __table_args__ = (one_of("action", ResolutionAction),)

    id: Mapped[str] = primary_id("prs")
    payment_id: Mapped[str] = reference("pay", "payments.id", index=True)
    action: Mapped[str]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]


append_only("payment_resolutions")


class PaymentRefund(Base):
    """Money to be given back; its id is the key under which the provider is asked, always.

    `automatic` refunds stand in nobody else's books: one that failed may be repeated by staff,
    and the new one says of which it is the repetition. `accepted_at` is when the provider first
    said that it has it.
    """

    __tablename__ = "payment_refunds"
    __table_args__ = (
        one_of("state", RefundState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint(
            "(state in ('succeeded', 'failed')) = (settled_at is not null)", name="settling_dated"
        ),
        Index("ix_payment_refunds_due", "due_at", postgresql_where=text(_among(UNSETTLED))),
        Index(
            "ix_payment_refunds_accepted",
            "accepted_at",
            postgresql_where=text("accepted_at is not null"),
        ),
    )

    id: Mapped[str] = primary_id("prf")
    payment_id: Mapped[str] = reference("pay", "payments.id", index=True)
    retry_of: Mapped[str | None] = reference("prf", "payment_refunds.id", unique=True)
    amount_fen: Mapped[int]
    state: Mapped[str] = mapped_column(default=RefundState.REQUESTED)
    reason: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    provider_ref: Mapped[str | None] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(default="")
    automatic: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    requested_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
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
