"""Carts: putting in, taking out, and what it would all cost now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.catalogue import queries as catalogue
from groupbuy.inventory import queries as inventory
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.orders import queries
from groupbuy.orders.errors import CartFull
from groupbuy.orders.models import Cart, CartLine
from groupbuy.orders.rules.carts import KEPT_FOR
from groupbuy.pricing import services as pricing
from groupbuy.pricing.errors import BelowMinimum, NotForSale
from groupbuy.pricing.rules import MAX_LINES, Quote, QuotedLine, Wanted


@dataclass(frozen=True, slots=True)
class CartItem:
    """A line as it would be ordered now; without a price it is not for sale there.

    `limit_left` is how many more the shopper may hold, None without a limit.
    """

    line: CartLine
    title: str
    priced: QuotedLine | None
    in_stock: bool
    limit_left: int | None

    @property
    def for_sale(self) -> bool:
        """Tell whether it can be ordered there now."""
        return self.priced is not None

    @property
    def unit_price_fen(self) -> int | None:
        """Return what one costs now."""
        return self.priced.offer.unit_price_fen if self.priced else None

    @property
    def amount_fen(self) -> int | None:
        """Return what the line would cost now."""
        return self.priced.amount_fen if self.priced else None


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as it would be ordered now; in a group buy that is not open nothing is for sale."""

    group_buy_id: str | None
    open: bool
    items: Sequence[CartItem]
    total_fen: int


def put(
    *, shopper_id: str, group_buy_id: str | None, sku_id: str, quantity: int, now: datetime
) -> None:
    """Put so many units of a SKU into a cart, whatever was there before.

    Raises:
        NotFound: there is no such group buy.
        GroupBuyNotOpen, NotForSale, BelowMinimum: it cannot be ordered there.
        CartFull: there are as many lines as an order takes.
    """
    wanted = [Wanted(sku_id, quantity)]
    pricing.price_basket(shopper_id=shopper_id, lines=wanted, group_buy_id=group_buy_id, now=now)
    cart_id = _cart(shopper_id, group_buy_id, now)
    ordered = queries.ordered_since().correlate(CartLine)
    session().execute(delete(CartLine).where(CartLine.cart_id == cart_id, ordered))
    session().execute(
        insert(CartLine)
        .values(cart_id=cart_id, sku_id=sku_id, quantity=quantity, added_at=now, changed_at=now)
        .on_conflict_do_update(
            index_elements=["cart_id", "sku_id"], set_={"quantity": quantity, "changed_at": now}
        )
    )
    lines = select(func.count()).select_from(CartLine).where(CartLine.cart_id == cart_id)
    if (session().scalar(lines) or 0) > MAX_LINES:
        raise CartFull(most=MAX_LINES)


def take_out(*, shopper_id: str, group_buy_id: str | None, sku_id: str) -> None:
    """Take a SKU out of a cart; afterwards it is not in there, whether it was or not."""
    own = select(Cart.id).where(*_of(shopper_id, group_buy_id))
    session().execute(delete(CartLine).where(CartLine.cart_id.in_(own), CartLine.sku_id == sku_id))


def clear(*, shopper_id: str, group_buy_id: str | None) -> None:
    """Empty a cart."""
    own = select(Cart.id).where(*_of(shopper_id, group_buy_id))
    session().execute(delete(CartLine).where(CartLine.cart_id.in_(own)))


def show(*, shopper_id: str, group_buy_id: str | None, now: datetime) -> CartView:
    """Return a cart with present prices, stock and limits, in a constant number of statements.

    Raises:
        NotFound: there is no such group buy.
    """
    lines = queries.cart_lines(shopper_id=shopper_id, group_buy_id=group_buy_id)
    quote = _price(shopper_id, lines, group_buy_id, now)
    priced = {line.offer.sku_id: line for line in quote.bought} if quote else {}
    titles = catalogue.sku_titles([line.sku_id for line in lines if line.sku_id not in priced])
    stock = inventory.available([line.offer.pool_id for line in priced.values()])
    left = _limits_left(shopper_id, list(priced.values()))
    items = [
        CartItem(
            line=line,
            title=known.offer.title if known else titles[line.sku_id],
            priced=known,
            in_stock=known is not None and stock[known.offer.pool_id] >= line.quantity,
            limit_left=left.get(line.sku_id),
        )
        for line in lines
        for known in [priced.get(line.sku_id)]
    ]
    return CartView(group_buy_id, quote is not None, items, quote.paid_goods_fen if quote else 0)


def forget_old(*, now: datetime) -> int:
    """Forget the carts that nobody touched for long; return how many."""
    old = Cart.changed_at < now - KEPT_FOR
    session().execute(delete(CartLine).where(CartLine.cart_id.in_(select(Cart.id).where(old))))
    return len(session().execute(delete(Cart).where(old).returning(Cart.id)).all())


def _price(
    shopper_id: str, lines: Sequence[CartLine], group_buy_id: str | None, now: datetime
) -> Quote | None:
    """Return what everything that is for sale costs; None where nothing can be ordered now."""
    price = partial(pricing.price_basket, shopper_id=shopper_id, group_buy_id=group_buy_id, now=now)
    wanted = [Wanted(line.sku_id, line.quantity) for line in lines]
    while True:
        try:
            return price(lines=wanted).quote
        except GroupBuyNotOpen:
            return None
        except (NotForSale, BelowMinimum) as problem:
            out = set(problem.members["sku_ids"])
            wanted = [line for line in wanted if line.sku_id not in out]


def _limits_left(shopper_id: str, lines: Sequence[QuotedLine]) -> dict[str, int]:
    limited = [line.offer for line in lines if line.offer.limit_per_shopper is not None]
    if not limited:
        return {}
    held = queries.bought(shopper_id=shopper_id, sku_ids=[offer.sku_id for offer in limited])
    return {
        offer.sku_id: max(
            0, (offer.limit_per_shopper or 0) - held.get((offer.sku_id, offer.campaign_item_id), 0)
        )
        for offer in limited
    }


def _cart(shopper_id: str, group_buy_id: str | None, now: datetime) -> str:
    """Return the id of a cart, made if need be, and locked: lines are counted one by one."""
    upsert = (
        insert(Cart)
        .values(id=new_id("crt"), shopper_id=shopper_id, group_buy_id=group_buy_id, changed_at=now)
        .on_conflict_do_update(
            index_elements=["shopper_id", "group_buy_id"], set_={"changed_at": now}
        )
        .returning(Cart.id)
    )
    cart_id: str = session().execute(upsert).scalar_one()
    return cart_id


def _of(shopper_id: str, group_buy_id: str | None) -> tuple[ColumnElement[bool], ...]:
    return Cart.shopper_id == shopper_id, Cart.group_buy_id.is_not_distinct_from(group_buy_id)
