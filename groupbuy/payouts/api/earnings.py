"""What a leader earned, from the estimate to the money."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Page, PageQuery, page_of
from groupbuy.kernel.settings import settings
from groupbuy.payouts import queries
from groupbuy.payouts.api.surface import api
from groupbuy.payouts.queries.earnings import EarningLine, Earnings
from groupbuy.payouts.schemas.earnings import EarningLineSchema, EarningsQuery, EarningsSchema


@api.get("/leader/earnings", allow="leader.own", query=EarningsQuery, returns=EarningsSchema)
def show_own_earnings(actor: Actor, query: dict[str, Any]) -> Earnings:
    """Show a month of one's own: estimated, pending, settled, paid, the next tier."""
    now, calendar = clock.now(), settings().calendar
    month = query["month"] or calendar.month_of(now)
    return queries.earnings(leader_id=actor.leader_id, month=month, calendar=calendar, now=now)


@api.get(
    "/leader/earnings/lines",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(EarningLineSchema),
)
def list_own_earning_lines(actor: Actor, query: dict[str, Any]) -> Page[EarningLine]:
    """List one's own sales, the latest first, with where the commission of each stands."""
    return queries.earning_lines(leader_id=actor.leader_id, **query)
