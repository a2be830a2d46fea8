"""How the closing of campaigns goes, over HTTP."""

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Api
from groupbuy.orders import queries
from groupbuy.orders.queries import ClosingView
from groupbuy.orders.schemas.closings import ClosingSchema

api = Api("closings", __name__, url_prefix="/api/v1", description="How campaigns are settled")


@api.get(
    "/hq/campaigns/<id(cmp):campaign_id>/closing",
    allow="campaigns.read",
    returns=ClosingSchema,
)
def show_closing(actor: Actor, campaign_id: str) -> ClosingView:
    """Show how far the orders of a campaign are settled, and the refunds that this takes."""
    return queries.closing_of(campaign_id, now=clock.now())
