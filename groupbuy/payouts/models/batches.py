"""Batches, their items, and every attempt to pay one."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.payouts.rules.batches import Reason
from groupbuy.payouts.rules.states import IN_FLIGHT, AttemptState, BatchState

_OPEN = text("state in ({})".format(", ".join(f"'{state}'" for state in IN_FLIGHT)))


class PayoutBatch(Base):
    """Payouts that one person prepares and another approves, as a whole and by its digest."""

    __tablename__ = "payout_batches"
    __table_args__ = (
        one_of("state", BatchState),
        CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="month_form"),
        CheckConstraint("approved_by <> created_by", name="approver_is_not_preparer"),
        CheckConstraint(
            "(approved_by is null) = (approved_at is null)"
            " and (executed_by is null) = (executed_at is null)"
            " and (cancelled_by is null) = (cancelled_at is null)",
            name="dated_by_someone",
        ),
        CheckConstraint(
            "(state in ('executing', 'done', 'partly_failed')) = (executed_by is not null)"
            " and (executed_by is null or approved_by is not null)"
            " and (state <> 'draft' or approved_by is null)"
            " and (state <> 'approved' or approved_by is not null)"
            " and (state = 'cancelled') = (cancelled_by is not null)",
            name="state_by_someone",
        ),
    )

    id: Mapped[str] = primary_id("pbt")
    month: Mapped[str | None]
    channel: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default=BatchState.DRAFT)
    digest: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    executed_by: Mapped[str | None]
    executed_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class LeftOut(Base):
    """Somebody who is not in a batch, and why."""

    __tablename__ = "payout_left_outs"
    __table_args__ = (
        one_of("reason", Reason),
        Index("ix_payout_left_outs_batch_id_id", "batch_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    batch_id: Mapped[str] = reference("pbt", "payout_batches.id")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    statement_id: Mapped[str | None] = reference("sts", "settlement_statements.id")
    reason: Mapped[str]


class PayoutItem(Base):
    """What a batch pays a leader for one statement; it stands where its latest attempt stands.

    At most one item of a statement is open. `due_at` is when a created item that should have been
    submitted is taken up again.
    """

    __tablename__ = "payout_items"
    __table_args__ = (
        one_of("state", AttemptState),
        CheckConstraint("gross_fen > 0", name="gross_positive"),
        Index("uq_payout_items_open", "statement_id", unique=True, postgresql_where=_OPEN),
        Index("ix_payout_items_statement_id", "statement_id"),
        Index("ix_payout_items_batch_id_id", "batch_id", "id"),
        Index("ix_payout_items_leader_id_id", "leader_id", "id"),
        Index("ix_payout_items_month_id", "month", "id"),
        Index("ix_payout_items_due", "due_at", postgresql_where=text("due_at is not null")),
    )

    id: Mapped[str] = primary_id("pit")
    batch_id: Mapped[str] = reference("pbt", "payout_batches.id")
    statement_id: Mapped[str] = reference("sts", "settlement_statements.id")
    month: Mapped[str]
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    account_id: Mapped[str] = reference("pac", "payout_accounts.id")
    gross_fen: Mapped[int]
    state: Mapped[str] = mapped_column(default=AttemptState.CREATED)
    reason: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime | None]


class PayoutAttempt(Base):
    """One attempt to pay an item under its own number, unique for ever.

    The row is the intent: it is committed, with what it posts, before the channel is called. An
    attempt in the state created was perhaps never heard of by the channel; `due_at` is when it is
    asked. `filed_at` is when it was first written into a file that may have gone to the bank,
    `cancel_asked_at` when somebody wanted it back: from then on it is never submitted again.
    """

    __tablename__ = "payout_attempts"
    __table_args__ = (
        one_of("state", AttemptState),
        CheckConstraint("number ~ '^[0-9A-Za-z]{6,32}$'", name="number_form"),
        CheckConstraint("gross_fen = tax_fen + net_fen", name="gross_is_the_sum"),
        CheckConstraint("tax_fen >= 0 and net_fen > 0", name="amounts_positive"),
        CheckConstraint(
            "(state in ('succeeded', 'failed', 'cancelled')) = (settled_at is not null)",
            name="settling_dated",
        ),
        Index("uq_payout_attempts_in_flight", "item_id", unique=True, postgresql_where=_OPEN),
        Index("ix_payout_attempts_item_id", "item_id", "number"),
        Index("ix_payout_attempts_channel_submitted_at", "channel", "submitted_at"),
        Index("ix_payout_attempts_due", "due_at", postgresql_where=text("due_at is not null")),
    )

    number: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("payout_items.id"))
    channel: Mapped[str]
    account_id: Mapped[str] = reference("pac", "payout_accounts.id")
    gross_fen: Mapped[int]
    tax_fen: Mapped[int]
    net_fen: Mapped[int]
    state: Mapped[str] = mapped_column(default=AttemptState.CREATED)
    provider_ref: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    action: Mapped[dict[str, Any]] = mapped_column(default=dict)
    submitted_at: Mapped[datetime]
    filed_at: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]


declare_rule(
    DatabaseRule(
        "payout_items",
        "payout_items_kept",
        "before update or delete",
        """\
    if tg_op = 'DELETE' then
        if (select state from payout_batches where id = old.batch_id) <> 'draft' then
            raise exception 'an item leaves a draft only' using errcode = 'restrict_violation';
        end if;
        return old;
    end if;
    if old.state = 'succeeded' and to_jsonb(new) <> to_jsonb(old)
        or to_jsonb(new) - array['account_id', 'state', 'reason', 'due_at']
            <> to_jsonb(old) - array['account_id', 'state', 'reason', 'due_at']
    then
        raise exception 'what an item pays never changes' using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
declare_rule(
    DatabaseRule(
        "payout_attempts",
        "payout_attempts_kept",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.settled_at is not null and to_jsonb(new) <> to_jsonb(old)
        or to_jsonb(new) - array['state', 'provider_ref', 'reason', 'action', 'filed_at',
                'cancel_asked_at', 'settled_at', 'due_at']
            <> to_jsonb(old) - array['state', 'provider_ref', 'reason', 'action', 'filed_at',
                'cancel_asked_at', 'settled_at', 'due_at']
    then
        raise exception 'an attempt to pay is kept' using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
