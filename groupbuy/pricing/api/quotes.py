"""Quotes over HTTP."""

from typing import Any

from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Api, language
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.settings import settings
from groupbuy.pricing import errors, services
from groupbuy.pricing.rules import Delivery, Wanted
from groupbuy.pricing.schemas.quotes import QuoteBody, QuoteSchema

api = Api("pricing", __name__, url_prefix="/api/v1", description="What a basket costs")


@api.post(
    "/quotes",
    allow="quotes.ask",
    body=QuoteBody,
    returns=QuoteSchema,
    problems=[
        NotFound,
        errors.NotForSale,
        errors.BelowMinimum,
        errors.CouponNotApplicable,
        GroupBuyNotOpen,
    ],
)
def ask_quote(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Ask what a basket costs, line by line, what comes with it, and which coupons would help."""
    lines = [Wanted(**line) for line in body["lines"]]
    return services.ask(
        shopper_id=actor.id,
        lines=lines,
        group_buy_id=body["group_buy_id"],
        coupon_id=body["coupon_id"],
        delivery=Delivery(settings().delivery_fee_fen, settings().free_delivery_from_fen),
        language=language(),
        now=clock.now(),
    )
