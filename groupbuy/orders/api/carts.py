"""Carts over HTTP."""

from typing import Any

from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotFound
from groupbuy.orders import errors, queries
from groupbuy.orders.queries import CartSummary
from groupbuy.orders.schemas.carts import CartLineBody, CartQuery, CartSchema, CartSummarySchema
from groupbuy.orders.services import carts
from groupbuy.orders.services.carts import CartView
from groupbuy.pricing.errors import BelowMinimum, NotForSale

api = Api("carts", __name__, url_prefix="/api/v1", description="What a shopper means to order")


@api.get("/carts", allow="orders.own", query=PageQuery, returns=page_of(CartSummarySchema))
def list_carts(actor: Actor, query: dict[str, Any]) -> Page[CartSummary]:
    """List one's own carts that are not empty, one for each group buy and one for the house."""
    return queries.cart_list(shopper_id=actor.id, now=clock.now(), **query)


@api.get("/cart", allow="orders.own", query=CartQuery, returns=CartSchema, problems=[NotFound])
def show_cart(actor: Actor, query: dict[str, Any]) -> CartView:
    """Show an own cart with present prices, what is in stock and what the limits leave."""
    return carts.show(shopper_id=actor.id, now=clock.now(), **query)


@api.delete("/cart", allow="orders.own", query=CartQuery)
def clear_cart(actor: Actor, query: dict[str, Any]) -> None:
    """Empty an own cart."""
    with transaction():
        carts.clear(shopper_id=actor.id, **query)


@api.put(
    "/cart/lines/<id(sku):sku_id>",
    allow="orders.own",
    body=CartLineBody,
    returns=CartSchema,
    problems=[NotForSale, BelowMinimum, GroupBuyNotOpen, errors.CartFull],
)
def put_into_cart(actor: Actor, sku_id: str, body: dict[str, Any]) -> CartView:
    """Put so many units of a SKU into a cart, whatever was there before."""
    now = clock.now()
    with transaction():
        carts.put(shopper_id=actor.id, sku_id=sku_id, now=now, **body)
        return carts.show(shopper_id=actor.id, group_buy_id=body["group_buy_id"], now=now)


@api.delete("/cart/lines/<id(sku):sku_id>", allow="orders.own", query=CartQuery)
def take_out_of_cart(actor: Actor, sku_id: str, query: dict[str, Any]) -> None:
    """Take a SKU out of a cart; afterwards it is not in there, whether it was or not."""
    with transaction():
        carts.take_out(shopper_id=actor.id, sku_id=sku_id, **query)
