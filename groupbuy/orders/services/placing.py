"""Placing an order: priced again, reserved, attributed, in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from groupbuy.attribution import services as attribution
from groupbuy.attribution.services import OrderFacts
from groupbuy.campaigns import services as campaigns
from groupbuy.inventory import services as inventory
from groupbuy.inventory.errors import OutOfStock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.rows import insert_new
from groupbuy.kernel.signals import announce
from groupbuy.leaders import queries as leaders
from groupbuy.leaders.models import PickupPoint
from groupbuy.orders.errors import PickupPointNeeded, QuoteChanged, ShopperLimitReached
from groupbuy.orders.models import Order, OrderLine, OrderTransition
from groupbuy.orders.queries import OrderView
from groupbuy.orders.rules import Action, OrderState
from groupbuy.orders.services import paying
from groupbuy.orders.services.limits import Limited, exceeded
from groupbuy.orders.signals import order_placed
from groupbuy.pricing import services as pricing
from groupbuy.pricing.rules import FREE, Delivery, Quote, Wanted
from groupbuy.pricing.services import Priced


def place(
    *,
    shopper_id: str,
    lines: Sequence[Wanted],
    group_buy_id: str | None,
    pickup_point_id: str | None,
    quote_total_fen: int,
    payable_for: timedelta,
    actor: Actor,
    now: datetime,
    coupon_id: str | None = None,
    quote_digest: str | None = None,
    delivery: Delivery = FREE,
) -> OrderView:
    """Place an order for the price the shopper saw; its stock is reserved for `payable_for`.

    Raises:
        GroupBuyNotOpen, NotForSale, BelowMinimum, CouponNotApplicable: see pricing.
        QuoteChanged: the price is another one now; with `quote_digest`, anything in the quote is.
        ShopperLimitReached: more than one shopper may buy.
        PickupPointNeeded, PickupPointClosed: where to fetch it.
        OutOfStock: not enough is left of something; nothing is reserved.
    """
    price = partial(
        pricing.price_basket,
        shopper_id=shopper_id,
        lines=lines,
        group_buy_id=group_buy_id,
        coupon_id=coupon_id,
        delivery=delivery,
        now=now,
    )
    priced = price()
    _refuse_changed(priced.quote, quote_total_fen, quote_digest)
    _respect_limits(shopper_id, priced.quote)
    _refuse_short(priced.quote, priced.quote.short_of())
    point = _point(priced, pickup_point_id)
    order = _order(priced, shopper_id=shopper_id, point_id=point.id, placed_at=now)
    order.expires_at = now + _payable_for(priced, payable_for)
    if not pricing.hold(order_id=order.id, shopper_id=shopper_id, priced=priced, now=now):
        raise QuoteChanged(quote=price().quote)
    facts = OrderFacts(
        order_id=order.id,
        shopper_id=shopper_id,
        host_leader_id=priced.group_buy.leader_id if priced.group_buy else None,
        group_buy_id=group_buy_id,
        pickup_point_id=point.id,
        pickup_leader_id=point.leader_id,
    )
    order.leader_id = attribution.decide(facts=facts, actor=actor, now=now).leader_id
    placed = OrderView(order, _lines(order.id, priced.quote), [_birth(order.id, actor, now)])
    for rows in ([order], placed.lines, placed.timeline):
        insert_new(rows)
    # Last: everybody who buys the same goods waits for whoever holds their pools.
    _reserve(order, priced.quote, now)
    announce(order_placed, order, now=now)
    if order.total_fen == 0:
        paying.settle_free(order=order, now=now)
    return placed


def _payable_for(priced: Priced, usual: timedelta) -> timedelta:
    return (priced.group_buy and priced.group_buy.payable_for) or usual


def _refuse_changed(quote: Quote, seen_total_fen: int, seen_digest: str | None) -> None:
    changed = seen_digest is not None and seen_digest != quote.digest
    if changed or quote.total_fen != seen_total_fen:
        raise QuoteChanged(quote=quote)


def _order(priced: Priced, *, shopper_id: str, point_id: str, placed_at: datetime) -> Order:
    quote, group_buy, coupon = priced.quote, priced.group_buy, priced.occasion.coupon
    return Order(
        id=new_id("ord"),
        shopper_id=shopper_id,
        group_buy_id=group_buy.id if group_buy else None,
        campaign_id=group_buy.campaign_id if group_buy else None,
        pickup_point_id=point_id,
        state=OrderState.PENDING_PAYMENT,
        total_fen=quote.total_fen,
        discount_fen=quote.discount_fen,
        delivery_fen=quote.delivery_fen,
        delivery_effects=[effect.as_json() for effect in quote.delivery_effects],
        coupon_id=coupon.id if coupon else None,
        placed_at=placed_at,
    )


def _reserve(order: Order, quote: Quote, now: datetime) -> None:
    """Put the goods aside."""
    if order.group_buy_id and order.total_fen == 0:
        # Paid in the same breath: its group buy is held before any stock, as by payments.
        campaigns.hold_group_buys(group_buy_ids=[order.group_buy_id])
    try:
        inventory.reserve(order_id=order.id, demands=quote.demands(), now=now)
    except OutOfStock as short:
        _refuse_short(quote, short.members["sku_ids"])
        raise


def _refuse_short(quote: Quote, gone: Sequence[str]) -> None:
    """Refuse to sell what there is too little of; a gift that is gone only changes the quote."""
    if not gone:
        return
    if {line.offer.sku_id for line in quote.bought}.isdisjoint(gone):
        raise QuoteChanged(quote=quote.without_gifts(gone))
    raise OutOfStock(sku_ids=list(gone))


def _respect_limits(shopper_id: str, quote: Quote) -> None:
    over = exceeded(
        shopper_id=shopper_id,
        lines=[
            Limited(
                line.offer.sku_id,
                line.offer.campaign_item_id,
                line.quantity,
                line.offer.limit_per_shopper,
            )
            for line in quote.bought
            if line.offer.limit_per_shopper is not None
        ],
    )
    if over:
        raise ShopperLimitReached(limits=over)


def _point(priced: Priced, chosen: str | None) -> PickupPoint:
    point_id = chosen or (priced.group_buy.pickup_point_id if priced.group_buy else None)
    if point_id is None:
        raise PickupPointNeeded
    return leaders.open_point(point_id)


def _lines(order_id: str, quote: Quote) -> list[OrderLine]:
    return [
        OrderLine(
            order_id=order_id,
            position=position,
            sku_id=line.offer.sku_id,
            product_id=line.offer.product_id,
            campaign_item_id=line.offer.campaign_item_id,
            title=line.offer.title,
            quantity=line.quantity,
            unit_price_fen=line.offer.unit_price_fen,
            amount_fen=line.amount_fen,
            earns_commission=line.offer.earns_commission,
            gift=line.gift,
            effects=[effect.as_json() for effect in line.effects],
        )
        for position, line in enumerate(quote.lines, start=1)
    ]


def _birth(order_id: str, actor: Actor, now: datetime) -> OrderTransition:
    return OrderTransition(
        order_id=order_id,
        from_state=None,
        to_state=OrderState.PENDING_PAYMENT,
        action=Action.PLACE,
        actor=actor.label,
        reason="",
        at=now,
    )
