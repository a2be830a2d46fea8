"""What a leader's month is worth so far, over HTTP."""

from typing import Any

from groupbuy.commissions import queries
from groupbuy.commissions.schemas.earnings import EstimateSchema, MonthQuery
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Api
from groupbuy.kernel.settings import settings

api = Api("earnings-estimate", __name__, url_prefix="/api/v1", description="A month so far")


@api.get("/leader/earnings/estimate", allow="leader.own", query=MonthQuery, returns=EstimateSchema)
def show_own_estimate(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Show what one's month is worth so far; nothing of it is posted."""
    calendar, now = settings().calendar, clock.now()
    month = query["month"] or calendar.month_of(now)
    window = {"starts_at": calendar.month_start(month), "ends_at": calendar.month_end(month)}
    found = queries.estimate(leader_id=actor.leader_id, **window, now=now)
    return {"month": month, **found._asdict()}
