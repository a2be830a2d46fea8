"""Tables of holds."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.holds.kinds.registry import title_of, told_of
from groupbuy.holds.rules import WORST, HoldState, Stream
from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text

ONE_OPEN = text("state = 'held'")
"""The part of the holds in which an order stands at most once per rule."""


class CommissionHold(Base):
    """What an order earns is not paid until somebody decided: released, or rejected for good.

    `leader_id` is whose the order was when the hold was placed; `evidence` holds ids and counts
    only; `note` says why staff placed one by hand, `reason` why it was decided as it was.
    """

    __tablename__ = "commission_holds"
    __table_args__ = (
        one_of("state", HoldState),
        CheckConstraint(f"score between 0 and {WORST}", name="score_in_range"),
        CheckConstraint(
            "(state = 'held') = (decided_at is null)"
            " and (decided_at is null) = (decided_by is null)"
            " and (decided_at is null) = (reason = '')",
            name="decided_by_someone_for_a_reason",
        ),
        CheckConstraint("decided_at >= placed_at", name="decided_after_placed"),
        Index(
            "uq_commission_holds_open", "order_id", "rule", unique=True, postgresql_where=ONE_OPEN
        ),
        Index("ix_commission_holds_order_id_rule", "order_id", "rule"),
        Index("ix_commission_holds_placed_at", "placed_at"),
    )

    id: Mapped[str] = primary_id("hld")
    order_id: Mapped[str] = reference("ord", "orders.id")
    leader_id: Mapped[str] = reference("ldr", "leaders.id", index=True)
    rule: Mapped[str]
    score: Mapped[int]
    evidence: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    placed_at: Mapped[datetime]
    placed_by: Mapped[str]
    state: Mapped[str] = mapped_column(default=HoldState.HELD)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")

    @property
    def title(self) -> Text:
        """Return the rule in words, for headquarters."""
        return title_of(self.rule)

    @property
    def why(self) -> Text:
        """Return what the order's leader reads."""
        return told_of(self.rule, HoldState(self.state))


class HoldRule(Base):
    """What headquarters changed about a rule; one without a row is as its file says.

    A finding of at least `score` is put on hold.
    """

    __tablename__ = "hold_rules"
    __table_args__ = (CheckConstraint(f"score between 0 and {WORST}", name="score_in_range"),)

    rule: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool]
    score: Mapped[int]
    parameters: Mapped[dict[str, Any]]
    edited_by: Mapped[str]
    edited_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class HoldWatermark(Base):
    """How far a stream was looked at: the instant and the id of its last row."""

    __tablename__ = "hold_watermarks"
    __table_args__ = (one_of("stream", Stream),)

    stream: Mapped[str] = mapped_column(primary_key=True)
    reached_at: Mapped[datetime]
    reached_id: Mapped[str]


declare_rule(
    DatabaseRule(
        "commission_holds",
        "commission_holds_decisions_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.state <> 'held'
        or to_jsonb(new) - array['state', 'decided_at', 'decided_by', 'reason']
            <> to_jsonb(old) - array['state', 'decided_at', 'decided_by', 'reason']
    then
        raise exception 'a hold is decided once; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
