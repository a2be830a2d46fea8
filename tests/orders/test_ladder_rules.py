"""What a price ladder gives back of a line, in whatever order the units come back."""

from hypothesis import given
from hypothesis import strategies as st

from groupbuy.orders.rules import refund_of_ladder, refund_of_units, saved_by_ladder


def returned(
    amount_fen: int, quantity: int, parts: list[int], price_fen: int, at: int
) -> list[int]:
    """Return the units part by part, with the ladder levelled before part `at`; what is left."""
    requested, units, left, saved = 0, 0, [], 0
    for number, part in enumerate([*parts, 0]):
        if number == at:
            saved = saved_by_ladder(
                amount_fen=amount_fen, quantity=quantity, final_price_fen=price_fen
            )
            requested += refund_of_ladder(
                saved_fen=saved,
                amount_fen=amount_fen,
                quantity=quantity,
                requested_fen=requested,
                returned=units,
            )
        if part:
            requested += refund_of_units(
                amount_fen=amount_fen,
                quantity=quantity,
                requested_fen=requested,
                returned=units,
                units=part,
                saved_fen=saved,
            )
            units += part
        assert 0 <= requested <= amount_fen
        left.append(amount_fen - requested)
    return left


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.integers(0, 6),
    st.integers(1, 5000),
    st.integers(1, 5000),
)
def test_it_leaves_exactly_the_final_price_of_what_is_kept(
    parts: list[int], at: int, price_fen: int, final_fen: int
) -> None:
    quantity = sum(parts)
    final_fen = min(price_fen, final_fen)
    left = returned(price_fen * quantity, quantity, parts, final_fen, at)
    kept = quantity
    for number, part in enumerate(parts):
        kept -= part
        assert left[number] == kept * (final_fen if number >= at else price_fen)
    assert left[-1] == 0


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.integers(0, 6),
    st.integers(0, 50_000),
    st.integers(1, 5000),
)
def test_it_never_leaves_more_than_the_final_price_nor_gives_back_more_than_was_paid(
    parts: list[int], at: int, amount_fen: int, final_fen: int
) -> None:
    quantity = sum(parts)
    left = returned(amount_fen, quantity, parts, final_fen, at)
    kept = quantity
    for number, part in enumerate(parts):
        kept -= part
        if number >= at:
            assert left[number] <= kept * final_fen + 1  # a fen of rounding
    assert left[-1] == 0


def test_it_gives_nothing_more_where_a_discount_went_below_the_final_price() -> None:
    assert saved_by_ladder(amount_fen=1500, quantity=2, final_price_fen=800) == 0
    assert saved_by_ladder(amount_fen=1900, quantity=2, final_price_fen=800) == 300


def test_it_gives_back_at_most_what_is_left() -> None:
    refund = refund_of_ladder(
        saved_fen=400, amount_fen=2000, quantity=2, requested_fen=1900, returned=0
    )
    assert refund == 100
