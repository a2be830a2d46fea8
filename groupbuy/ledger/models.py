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

_BALANCED = """\
    if exists (
        select from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
        where t.id = new.{id} group by t.id
        having count(e.position) <> t.entry_count or sum(e.amount_fen) <> 0
    ) then
        raise exception using errcode = 'check_violation',
            message = 'ledger transaction ' || new.{id} || ' is not balanced';
    end if;
    return null;"""

for _table, _id in (("ledger_transactions", "id"), ("ledger_entries", "transaction_id")):
    declare_rule(
        DatabaseRule(
            _table,
            f"{_table}_balanced",
            "after insert",
            _BALANCED.format(id=_id),
            deferred=True,
        )
    )
