"""What a sale earns a leader by: the plan that held when it was paid, and its campaign's rules."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from groupbuy.commissions import queries
from groupbuy.commissions.models import PlanVersion
from groupbuy.commissions.rules.terms import (
    CampaignBook,
    RuleBook,
    Sold,
    campaign_book,
    rule_book,
    terms_of,
)
from groupbuy.kernel.money import BPS


@dataclass(frozen=True, slots=True)
class Offer:
    """What held for a leader (None: the house) at an instant."""

    leader_id: str | None
    level: int | None
    commissionable: bool
    version: PlanVersion | None
    book: RuleBook
    campaign: CampaignBook
    multiplier_bps: int = BPS

    def terms_of(self, sold: Sold) -> dict[str, Any]:
        """Return the columns that say whose a line is and how it earns."""
        terms = terms_of(
            sold,
            book=self.book,
            campaign=self.campaign,
            for_leader=self.leader_id is not None,
            commissionable=self.commissionable,
            planned=self.version is not None,
        )
        return {
            "leader_id": self.leader_id,
            "leader_level": self.level,
            "plan_version_id": self.version.id if self.version else None,
            "multiplier_bps": self.multiplier_bps,
            **asdict(terms),
        }


def offer(
    *,
    leader_id: str | None,
    level: int | None,
    region: str,
    campaign_id: str | None,
    commissionable: bool,
    at: datetime,
) -> Offer:
    """Return what held at an instant, in two statements, and one more for a campaign's sale.

    Another one if the plan's version asks for a qualification before it multiplies.
    """
    if leader_id is None:
        return Offer(None, None, commissionable, None, {}, {})
    version, _ = queries.version_for(leader_id=leader_id, region=region, level=level or 1, at=at)
    rules = queries.published_rules(campaign_id) if campaign_id and version else []
    return Offer(
        leader_id=leader_id,
        level=level,
        commissionable=commissionable,
        version=version,
        book=rule_book(version.rules) if version else {},
        campaign=campaign_book(rules, at),
        multiplier_bps=_multiplier(version, leader_id, level or 1, at),
    )


def _multiplier(version: PlanVersion | None, leader_id: str, level: int, at: datetime) -> int:
    if version is None:
        return BPS
    return queries.multiplier_then(version, leader_id=leader_id, level=level, at=at)
