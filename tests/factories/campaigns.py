"""Campaigns and group buys, made by the real services."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from groupbuy.campaigns import services
from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.catalogue.models import Sku
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction
from groupbuy.leaders.models import Community, Leader, PickupPoint
from tests.factories import inventory, leaders

HOUR = timedelta(hours=1)


def item(sku: Sku | None = None, **fields: Any) -> dict[str, Any]:
    """Return an item for a campaign; a SKU with 100 units in the house unless one is given."""
    sku = sku or inventory.stocked_sku()
    return {"sku_id": sku.id, "price_fen": 1500, "allotment": 50, **fields}


def campaign(
    *items: Mapping[str, Any],
    opens_in: timedelta = HOUR,
    lasting: timedelta = timedelta(days=2),
    **fields: Any,
) -> Campaign:
    """Draft a campaign of these items (or of one), an hour before now or before it opens."""
    opens_at = clock.now() + opens_in
    with transaction():
        return services.create(
            kind=fields.pop("kind", "community"),
            title=fields.pop("title", "Weekend fruit"),
            opens_at=opens_at,
            closes_at=opens_at + lasting,
            items=items or [item()],
            actor=SYSTEM,
            now=min(clock.now(), opens_at) - HOUR,
            **fields,
        )


def scheduled(*items: Mapping[str, Any], opens_in: timedelta = HOUR, **fields: Any) -> Campaign:
    """Draft and schedule a campaign; with a negative `opens_in` it was done before it opened."""
    drafted = campaign(*items, opens_in=opens_in, **fields)
    with transaction():
        return services.schedule(campaign_id=drafted.id, actor=SYSTEM, now=drafted.opens_at - HOUR)


def opened(*items: Mapping[str, Any], **fields: Any) -> Campaign:
    """Schedule a campaign that opened an hour ago, and open it."""
    planned = scheduled(*items, opens_in=-HOUR, **fields)
    with transaction():
        services.advance_one(campaign_id=planned.id, now=clock.now())
    return planned


def group_buy(
    campaign: Campaign | None = None,
    leader: Leader | None = None,
    *,
    community: Community | None = None,
    point: PickupPoint | None = None,
) -> GroupBuy:
    """Host a campaign (one that is open now unless given) by a leader (a new one unless given)."""
    campaign = campaign or opened()
    leader = leader or leaders.leader()
    community = community or leaders.community(leader)
    point = point or leaders.pickup_point(leader)
    with transaction():
        return services.host(
            leader_id=leader.id,
            campaign_id=campaign.id,
            community_id=community.id,
            pickup_point_id=point.id,
            actor=SYSTEM,
            now=clock.now(),
        )
