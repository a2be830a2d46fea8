"""What headquarters does about money: publish the plan, settle the months, by different staff."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from groupbuy.commissions import services as commissions
from groupbuy.commissions.rules.terms import (
    ClawbackMode,
)
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.settings import Settings
from groupbuy.settlement import queries
from groupbuy.settlement import services as settlement
from groupbuy.settlement.models import Statement
from groupbuy.settlement.rules.periods import PeriodState

FIGURES = (
    "volume_fen",
    "sales_fen",
    "clawback_fen",
    "payable_fen",
    "payout_fen",
    "carry_out_fen",
)


def publish_plan(
    plan: dict[str, Any], *, finance: Actor, approver: Actor, settings: Settings, now: datetime
) -> None:
    """Draft the replay's plan as finance and publish it as the approver."""
    created = commissions.create_plan(code="replay", name="Replay", actor=finance, now=now)
    draft = commissions.create_version(
        plan_id=created.id,
        effective_from=now,
        mode=plan["mode"],
        tiers=plan["tiers"],
        clawback_mode=ClawbackMode.LINE,
        actor=finance,
        now=now,
    )
    commissions.publish_version(
        plan_id=created.id,
        number=draft.number,
        if_match=draft.version,
        max_total_bps=settings.max_total_bps,
        actor=approver,
        now=now,
    )


def settle_month(
    month: str, *, finance: Actor, approver: Actor, settings: Settings, now: datetime
) -> None:
    """Close, calculate and submit a month as finance; approve it as the approver.

    The month before is locked: its leaders had weeks to answer, and said nothing against it.
    """
    settlement.auto_confirm(now=now)
    before = queries.last_period(before=month)
    if before is not None and before.state == PeriodState.APPROVED:
        settlement.lock(month=before.month, actor=approver, now=now)
    settlement.start_closing(
        month=month,
        calendar=settings.calendar,
        hold_days=settings.hold_days,
        min_payout_fen=settings.min_payout_fen,
        actor=finance,
        now=now,
    )
    progress = settlement.begin(month=month, actor=finance, now=now)
    while not progress.finished:
        progress = settlement.advance(run_id=progress.run_id, actor=finance, now=now)
    reviewed = settlement.submit(month=month, actor=finance, now=now)
    settlement.approve(month=month, digest=str(reviewed.digest), actor=approver, now=now)


def statements(stores: dict[str, int]) -> list[dict[str, Any]]:
    """Return statements with a figure other than 0, by month and store; `stores` by leader id."""
    rows = session().scalars(select(Statement).where(Statement.leader_id.in_(stores)))
    shown = [
        {
            "leader": str(stores[row.leader_id]),
            "month": row.month,
            **{figure: getattr(row, figure) for figure in FIGURES},
        }
        for row in sorted(rows, key=lambda row: (row.month, stores[row.leader_id]))
    ]
    return [row for row in shown if any(row[figure] for figure in FIGURES)]
