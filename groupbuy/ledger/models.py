"""Tables of the ledger. Nothing in them is ever changed: a mistake is corrected by a reversal."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel import ids
from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.ledger.rules import AccountKind


class LedgerAccount(Base):
    """A place in the books."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (one_of("kind", AccountKind), UniqueConstraint("kind", "owner"))

    id: Mapped[str] = ids.primary_id("lac")
    kind: Mapped[str]
    owner: Mapped[str]
    opened_at: Mapped[datetime]


class LedgerTransaction(Base):
    """Something that happened to money, once: (kind, reference) names it."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("kind", "reference"),
        CheckConstraint("entry_count >= 2", name="two_sides"),
        CheckConstraint("reverses_id <> id", name="reverses_another"),
        Index("ix_ledger_transactions_reference", "reference"),
    )

    id: Mapped[str] = ids.primary_id("ltx")
    kind: Mapped[str]
    reference: Mapped[str]
    entry_count: Mapped[int]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
    reverses_id: Mapped[str | None] = ids.reference("ltx", "ledger_transactions.id", unique=True)


class LedgerEntry(Base):
    """One side of a transaction: debit +, credit -."""

    __tablename__ = "ledger_entries"
    __table_args__ = (CheckConstraint("amount_fen <> 0", name="amount_not_zero"),)

    transaction_id: Mapped[str] = ids.reference("ltx", "ledger_transactions.id", primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = ids.reference("lac", "ledger_accounts.id", index=True)
    amount_fen: Mapped[int]


for _table in ("ledger_accounts", "ledger_transactions", "ledger_entries"):
    append_only(_table)

# Entries are whole and balanced after every statement that adds some: those of a transaction come
# in one statement. What is left to see at the commit is that each transaction has entries at all.
declare_rule(
    DatabaseRule(
        "ledger_entries",
        "ledger_entries_balanced",
        "after insert",
        """\
    declare
        faulty uuid;
    begin
        -- Laterally, so that the plan looks entries up by their transaction whatever its age.
        select f.transaction_id into faulty
        from (select distinct transaction_id from fresh) f
        cross join lateral (
            select count(*) as entries, sum(amount_fen) as sum_fen
            from ledger_entries e where e.transaction_id = f.transaction_id
        ) booked
        where booked.sum_fen <> 0 or booked.entries <> (
            select entry_count from ledger_transactions t where t.id = f.transaction_id
        )
        limit 1;
        if faulty is not null then
            raise exception using errcode = 'check_violation',
                message = 'ledger transaction ' || faulty || ' is not balanced';
        end if;
    end;
    return null;""",
        level="statement",
        referencing="new table as fresh",
    )
)
declare_rule(
    DatabaseRule(
        "ledger_transactions",
        "ledger_transactions_balanced",
        "after insert",
        """\
    if not exists (select from ledger_entries where transaction_id = new.id) then
        raise exception using errcode = 'check_violation',
            message = 'ledger transaction ' || new.id || ' is not balanced';
    end if;
    return null;""",
        deferred=True,
    )
)
