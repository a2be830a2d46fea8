"""The terms of a month as a whole, as they were known when it began."""

from collections.abc import Collection

from groupbuy.commissions import queries as commissions
from groupbuy.commissions.rules.monthly import MonthlyTerms, Standing
from groupbuy.leaders import queries as leaders
from groupbuy.settlement.models import SettlementPeriod


def monthly_terms(period: SettlementPeriod, leader_ids: Collection[str]) -> dict[str, MonthlyTerms]:
    """Return the terms of each leader's month; whoever has none is absent."""
    if not leader_ids:
        return {}
    standings = leaders.standing_at(leader_ids, period.starts_at)
    return commissions.monthly_terms(
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        leaders={
            leader_id: Standing(found.level, found.region) for leader_id, found in standings.items()
        },
    )
