"""Where leaders are paid to: versions that are kept, and what leaders are told about them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.payouts.rules.accounts import AccountKind


class PayoutAccount(Base):
    """One version of a leader's payout account; in force from `usable_from` on.

    The latest version that is usable and not withdrawn is in force. `sealed` holds the details,
    encrypted with the key `key_id` and bound to the leader.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (
        one_of("kind", AccountKind),
        UniqueConstraint("leader_id", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("usable_from >= changed_at", name="usable_after_change"),
        CheckConstraint("withdrawn_at < usable_from", name="withdrawn_before_use"),
    )

    id: Mapped[str] = primary_id("pac")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    number: Mapped[int]
    kind: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(index=True)
    masked: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    usable_from: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class PayoutNotice(Base):
    """Something that a leader is to be told about their account or their money."""

    __tablename__ = "payout_notices"
    __table_args__ = (Index("ix_payout_notices_leader_id_id", "leader_id", "id"),)

    id: Mapped[str] = primary_id("pnt")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    kind: Mapped[str]
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


append_only("payout_notices")

declare_rule(
    DatabaseRule(
        "payout_accounts",
        "payout_accounts_kept",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.withdrawn_at is not null
            and new.withdrawn_at is distinct from old.withdrawn_at
        or to_jsonb(new) - array['sealed', 'key_id', 'withdrawn_at']
            <> to_jsonb(old) - array['sealed', 'key_id', 'withdrawn_at']
    then
        raise exception 'versions of payout accounts are kept' using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
