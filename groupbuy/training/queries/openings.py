"""What a certification opens: everything that demands its qualification."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from groupbuy.campaigns.models import Campaign, HostingRequirement
from groupbuy.campaigns.rules import ENDED
from groupbuy.commissions.models import PlanVersion
from groupbuy.kernel.db import session
from groupbuy.leaders.models import LevelRule
from groupbuy.training.queries.certificates import certification

MOST = 100
"""Campaigns and plan versions that are told, the newest first."""


def openings(certification_id: str) -> dict[str, Any]:
    """Return what demands the qualification of a certification, or raise NotFound."""
    code = certification(certification_id).code
    hosting = session().scalars(
        select(HostingRequirement.category_id)
        .where(HostingRequirement.code == code)
        .order_by(HostingRequirement.id)
    )
    categories = list(hosting)
    campaigns = (
        select(Campaign.id)
        .where(Campaign.required_qualification == code, Campaign.state.not_in(ENDED))
        .order_by(Campaign.id.desc())
    )
    levels = select(LevelRule.level).where(LevelRule.code == code).order_by(LevelRule.level)
    return {
        "all_hosting": None in categories,
        "category_ids": [category_id for category_id in categories if category_id],
        "campaign_ids": list(session().scalars(campaigns.limit(MOST))),
        "levels": list(session().scalars(levels)),
        "bonuses": _versions(PlanVersion.bonus_qualification, code),
        "multipliers": _versions(PlanVersion.multiplier_qualification, code),
    }


def _versions(gate: InstrumentedAttribute[str | None], code: str) -> list[dict[str, Any]]:
    version = PlanVersion
    query = select(version.plan_id, version.number, version.state).where(gate == code)
    rows = session().execute(query.order_by(version.id.desc()).limit(MOST))
    return [dict(row) for row in rows.mappings()]
