"""What headquarters does about money: publish the plan, settle the months, by different staff."""

from datetime import datetime
from typing import Any

from groupbuy.commissions import services as commissions
from groupbuy.commissions.rules import ClawbackMode
from groupbuy.kernel.access import Actor
from groupbuy.kernel.settings import Settings


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
    """TEMPORARY."""


def statements(leaders: dict[str, str]) -> list[dict[str, Any]]:
    """TEMPORARY."""
    return []
