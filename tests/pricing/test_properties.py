"""Any basket, any promotions, any coupon: what must hold of every quote and of its refunds."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from groupbuy.orders.rules import refund_of_units
from groupbuy.pricing.rules.pipeline import quote
from tests.pricing import baskets, naive


@st.composite
def occasions(draw: Any, most: int = 50) -> tuple[Any, ...]:
    """Draw a basket with all that may act on its price."""
    lines = draw(baskets.baskets(most))
    promotions = draw(baskets.promotions(lines))
    coupon = draw(baskets.coupons(lines))
    stock = draw(baskets.stocks)
    fee = draw(st.sampled_from([0, 600]))
    return lines, promotions, coupon, stock, fee


def real(occasion: tuple[Any, ...]) -> Any:
    lines, promotions, coupon, stock, fee = occasion
    known = baskets.occasion(promotions, coupon, stock, fee)
    return quote(baskets.demand(lines), baskets.offers(lines), known)


@settings(max_examples=100)
@given(occasions())
def test_it_explains_every_fen_and_goes_below_nothing(occasion: tuple[Any, ...]) -> None:
    priced = real(occasion)
    assert all(line.amount_fen >= 0 for line in priced.lines)
    assert all(
        sum(effect.effect_fen for effect in line.effects) == line.amount_fen
        for line in priced.lines
    )
    assert sum(effect.effect_fen for effect in priced.delivery_effects) == priced.delivery_fen >= 0
    assert priced.total_fen == priced.goods_fen - priced.discount_fen + priced.delivery_fen
    assert 0 <= priced.discount_fen <= priced.goods_fen
    assert all(line.amount_fen == 0 for line in priced.gifts)


@settings(max_examples=100)
@given(occasions())
def test_it_gives_no_more_than_there_is(occasion: tuple[Any, ...]) -> None:
    stock = occasion[3]
    given_away = {line.offer.sku_id: line.quantity for line in real(occasion).gifts}
    assert all(0 < units <= stock[sku][0] for sku, units in given_away.items())


@settings(max_examples=300)
@given(occasions(most=8))
def test_it_agrees_with_a_plain_model(occasion: tuple[Any, ...]) -> None:
    priced = real(occasion)
    expected = naive.price(*occasion)
    assert {x.offer.sku_id: x.amount_fen for x in priced.bought} == expected["paid"]
    assert {x.offer.sku_id: x.quantity for x in priced.gifts} == expected["gifts"]
    assert (priced.delivery_fen, priced.total_fen) == (expected["delivery"], expected["total"])


@settings(max_examples=60)
@given(occasions(), st.data())
def test_it_returns_exactly_what_was_paid_however_it_is_split(
    occasion: tuple[Any, ...], data: st.DataObject
) -> None:
    priced = real(occasion)
    back = priced.delivery_fen
    for line in priced.bought:
        requested = returned = 0
        while returned < line.quantity:
            units = data.draw(st.integers(1, line.quantity - returned))
            part = refund_of_units(
                amount_fen=line.amount_fen,
                quantity=line.quantity,
                requested_fen=requested,
                returned=returned,
                units=units,
            )
            assert part >= 0
            requested, returned = requested + part, returned + units
        assert requested == line.amount_fen
        back += requested
    assert back == priced.total_fen


@settings(max_examples=60)
@given(occasions(most=6))
def test_it_quotes_the_same_whatever_the_order_of_the_promotions(
    occasion: tuple[Any, ...],
) -> None:
    lines, promotions, coupon, stock, fee = occasion
    assert real(occasion) == real((lines, promotions[::-1], coupon, stock, fee))
