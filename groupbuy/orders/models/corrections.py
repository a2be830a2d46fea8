"""Tables of corrections: shortages and missing weight, over many orders at once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.orders.rules.corrections import CorrectedState, CorrectionKind, CorrectionState


class Correction(Base):
    """What was delivered short or light; a leader's, or headquarters' with no leader."""

    __tablename__ = "corrections"
    __table_args__ = (
        one_of("kind", CorrectionKind),
        one_of("state", CorrectionState),
        CheckConstraint(
            "(kind = 'weight') = (ordered_g is not null) "
            "and (kind = 'weight') = (delivered_g is not null)",
            name="weight_is_weighed",
        ),
        CheckConstraint("0 <= delivered_g and delivered_g < ordered_g", name="weighs_less"),
        CheckConstraint(
            "(state in ('running', 'done')) = (started_at is not null)", name="start_dated"
        ),
        Index("ix_corrections_running", "id", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[str] = primary_id("cor")
    kind: Mapped[str]
    state: Mapped[str]
    leader_id: Mapped[str | None] = reference("ldr", "leaders.id", index=True)
    sku_id: Mapped[str | None] = reference("sku", "skus.id")
    campaign_id: Mapped[str | None] = reference("cmp", "campaigns.id")
    group_buy_id: Mapped[str | None] = reference("gbu", "group_buys.id")
    pickup_point_id: Mapped[str | None] = reference("ppt", "pickup_points.id")
    ordered_g: Mapped[int | None]
    delivered_g: Mapped[int | None]
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    started_by: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class CorrectedOrder(Base):
    """One order of a correction, settled all or nothing."""

    __tablename__ = "corrected_orders"
    __table_args__ = (
        one_of("state", CorrectedState),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint(
            "(state in ('refunded', 'referred')) = (after_sale_id is not null)",
            name="settled_by_after_sale",
        ),
    )

    correction_id: Mapped[str] = reference("cor", "corrections.id", primary_key=True)
    order_id: Mapped[str] = reference("ord", "orders.id", primary_key=True)
    state: Mapped[str] = mapped_column(default=CorrectedState.PLANNED)
    amount_fen: Mapped[int]
    why: Mapped[str] = mapped_column(default="")
    after_sale_id: Mapped[str | None] = reference("afs", "after_sales.id", unique=True)


class CorrectedLine(Base):
    """What is given back of one line; `quantity` is 0 where all units came."""

    __tablename__ = "corrected_lines"
    __table_args__ = (CheckConstraint("quantity >= 0 and amount_fen > 0", name="positive"),)

    correction_id: Mapped[str] = reference("cor", "corrections.id", primary_key=True)
    order_line_id: Mapped[str] = reference("orl", "order_lines.id", primary_key=True)
    order_id: Mapped[str] = reference("ord", "orders.id")
    quantity: Mapped[int]
    amount_fen: Mapped[int]


append_only("corrected_lines")
