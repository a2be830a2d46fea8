"""Reads of carts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Exists, exists, func, select

from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.campaigns.rules import ON_OFFER
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.orders.models import Cart, CartLine, Order, OrderLine


@dataclass(frozen=True)
class CartSummary:
    """A cart with how much is in it, and whether one can order there now."""

    cart: Cart
    line_count: int
    unit_count: int
    open: bool


def ordered_since() -> Exists:
    """Select cart lines whose SKU was ordered in the same place after they were last changed."""
    return exists().where(
        Cart.id == CartLine.cart_id,
        Order.shopper_id == Cart.shopper_id,
        Order.group_buy_id.is_not_distinct_from(Cart.group_buy_id),
        Order.placed_at >= CartLine.changed_at,
        OrderLine.order_id == Order.id,
        OrderLine.sku_id == CartLine.sku_id,
    )


def cart_lines(*, shopper_id: str, group_buy_id: str | None) -> list[CartLine]:
    """Return what is in a shopper's cart, the first that was put in first."""
    return list(
        session().scalars(
            select(CartLine)
            .join(Cart, Cart.id == CartLine.cart_id)
            .where(
                Cart.shopper_id == shopper_id,
                Cart.group_buy_id.is_not_distinct_from(group_buy_id),
                ~ordered_since().correlate(CartLine),
            )
            .order_by(CartLine.added_at, CartLine.sku_id)
            .execution_options(populate_existing=True)
        )
    )


def cart_list(
    *, shopper_id: str, now: datetime, limit: int, cursor: str | None
) -> Page[CartSummary]:
    """Return a shopper's carts that are not empty, in three statements."""
    filled = exists().where(CartLine.cart_id == Cart.id, ~ordered_since().correlate(CartLine, Cart))
    page = paginate(
        select(Cart).where(Cart.shopper_id == shopper_id, filled),
        by=[Cart.id],
        limit=limit,
        cursor=cursor,
        descending=True,
    )
    counts = _counts(page.items)
    open_ids = _open_group_buys(
        {cart.group_buy_id for cart in page.items if cart.group_buy_id}, now
    )
    summaries = [
        CartSummary(
            cart,
            *counts[cart.id],
            open=cart.group_buy_id is None or cart.group_buy_id in open_ids,
        )
        for cart in page.items
    ]
    return Page(summaries, page.next_cursor)


def _counts(carts: Sequence[Cart]) -> dict[str, tuple[int, int]]:
    rows = session().execute(
        select(CartLine.cart_id, func.count(), func.sum(CartLine.quantity))
        .where(
            CartLine.cart_id.in_([cart.id for cart in carts]),
            ~ordered_since().correlate(CartLine),
        )
        .group_by(CartLine.cart_id)
    )
    return {cart_id: (lines, int(units)) for cart_id, lines, units in rows}


def _open_group_buys(ids: Iterable[str], now: datetime) -> set[str]:
    """Return which of these group buys take orders at `now`."""
    return set(
        session().scalars(
            select(GroupBuy.id)
            .join(Campaign, Campaign.id == GroupBuy.campaign_id)
            .join(Leader, Leader.id == GroupBuy.leader_id)
            .where(
                GroupBuy.id.in_(list(ids)),
                GroupBuy.state.in_(ON_OFFER),
                Campaign.state.in_(ON_OFFER),
                Campaign.opens_at <= now,
                Campaign.closes_at > now,
                Leader.state == LeaderState.ACTIVE,
            )
        )
    )
