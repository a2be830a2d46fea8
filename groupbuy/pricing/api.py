"""Quotes over HTTP."""

from typing import Any

from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Api
from groupbuy.pricing import errors, services
from groupbuy.pricing.rules import Quote, Wanted
from groupbuy.pricing.schemas import QuoteBody, QuoteSchema

api = Api("pricing", __name__, url_prefix="/api/v1", description="What a basket costs")


@api.post(
    "/quotes",
    allow="quotes.ask",
    body=QuoteBody,
    returns=QuoteSchema,
    problems=[errors.NotForSale, errors.BelowMinimum, GroupBuyNotOpen],
)
def ask_quote(actor: Actor, body: dict[str, Any]) -> Quote:
    """Ask what a basket costs, line by line, with the source of each price."""
    lines = [Wanted(**line) for line in body["lines"]]
    return services.price_basket(
        lines=lines, group_buy_id=body["group_buy_id"], now=clock.now()
    ).quote
