"""Sessions that two leaders hold together."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.commissions.rules.monthly import CohostState
from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference


class Cohost(Base):
    """A guest in a leader's group buy, and the share of its commission that both agreed on.

    It holds for orders paid from `answered_at` on, once the guest has agreed.
    """

    __tablename__ = "commission_cohosts"
    __table_args__ = (
        one_of("state", CohostState),
        CheckConstraint("guest_leader_id <> host_leader_id", name="guest_is_another"),
        CheckConstraint("guest_bps between 1 and 9999", name="a_part"),
        CheckConstraint("(state = 'proposed') = (answered_at is null)", name="answered_once"),
        Index(
            "uq_commission_cohosts_guest",
            "group_buy_id",
            "guest_leader_id",
            unique=True,
            postgresql_where=text("state in ('proposed', 'agreed')"),
        ),
    )

    id: Mapped[str] = primary_id("coh")
    group_buy_id: Mapped[str] = reference("gbu", "group_buys.id")
    host_leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    guest_leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    guest_bps: Mapped[int]
    state: Mapped[str] = mapped_column(default=CohostState.PROPOSED)
    proposed_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


declare_rule(
    DatabaseRule(
        "commission_cohosts",
        "commission_cohosts_answered_stay",
        "before update or delete",
        """\
    if old.state <> 'proposed' then
        raise exception 'an answered proposal never changes'
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;""",
    )
)
