"""How statements stand with their leaders, and every move of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import (
    Base,
    DatabaseRule,
    append_only,
    declare_rule,
    never_truncated,
    one_of,
)
from groupbuy.kernel.ids import Id, reference
from groupbuy.settlement.rules.answers import StandingAction, StandingState


class Standing(Base):
    """Where an issued statement stands; `answer_by` is when silence becomes a yes.

    `answered_at` is the first answer: a confirmation, the silent one too, or a dispute.
    """

    __tablename__ = "settlement_standings"
    __table_args__ = (
        one_of("state", StandingState),
        CheckConstraint("state <> 'draft'", name="issued"),
        CheckConstraint("(state = 'issued') = (answered_at is null)", name="answered"),
        CheckConstraint("answer_by >= issued_at", name="time_to_answer"),
        Index(
            "ix_settlement_standings_unanswered",
            "answer_by",
            "statement_id",
            postgresql_where=text("state = 'issued'"),
        ),
    )

    statement_id: Mapped[str] = mapped_column(
        Id("sts"), ForeignKey("settlement_statements.id"), primary_key=True
    )
    state: Mapped[str]
    issued_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class StandingMove(Base):
    """One move of a statement's standing: who, when, from, to, why."""

    __tablename__ = "settlement_standing_moves"
    __table_args__ = (one_of("action", StandingAction),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    statement_id: Mapped[str] = reference("sts", "settlement_statements.id", index=True)
    action: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    why: Mapped[str]


append_only("settlement_standing_moves")

declare_rule(
    DatabaseRule(
        "settlement_standings",
        "settlement_standings_final_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.state = 'final' then
        raise exception 'an issued statement is never taken back, a final one never changes'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
never_truncated("settlement_standings")
