"""Rules of the catalogue: states and windows, the tree, barcodes, the words of the search."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.catalogue.rules import (
    MOVES,
    ProductState,
    Weight,
    in_tree_order,
    may_move,
    right_check_digit,
    sale_title,
    search_query,
    search_vector,
    sold_at,
    summed_upward,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Leaf:
    id: str
    parent_id: str | None
    name: str
    position: int


class TestMoves:
    def test_it_goes_on_sale_and_off_again_any_number_of_times(self) -> None:
        assert may_move(ProductState.DRAFT, ProductState.ON_SALE)
        assert may_move(ProductState.ON_SALE, ProductState.OFF_SALE)
        assert may_move(ProductState.OFF_SALE, ProductState.ON_SALE)

    @pytest.mark.parametrize("end", ProductState)
    def test_it_never_leaves_the_archive(self, end: ProductState) -> None:
        assert may_move(ProductState.ARCHIVED, end) is (end is ProductState.ARCHIVED)

    def test_it_is_archived_only_after_it_left_sale(self) -> None:
        assert not may_move(ProductState.ON_SALE, ProductState.ARCHIVED)

    def test_it_never_becomes_a_draft_again(self) -> None:
        assert not any(end is ProductState.DRAFT for _, end in MOVES)


class TestTree:
    def test_it_gives_each_node_before_those_below_it_siblings_by_position_then_name(self) -> None:
        nodes = [
            Leaf("plum", "fruit", "Plums", 1),
            Leaf("milk", None, "Dairy", 2),
            Leaf("apple", "fruit", "Apples", 1),
            Leaf("gala", "apple", "Gala", 0),
            Leaf("fruit", None, "Fruit", 1),
            Leaf("pear", "fruit", "Pears", 0),
        ]
        order = [node.id for node in in_tree_order(nodes)]
        assert order == ["fruit", "pear", "apple", "gala", "plum", "milk"]

    def test_it_sums_numbers_upward(self) -> None:
        nodes = [
            Leaf("fruit", None, "Fruit", 0),
            Leaf("apple", "fruit", "Apples", 0),
            Leaf("gala", "apple", "Gala", 0),
            Leaf("milk", None, "Milk", 0),
        ]
        sums = summed_upward(in_tree_order(nodes), {"gala": 2, "fruit": 3})
        assert sums == {"fruit": 5, "apple": 2, "gala": 2, "milk": 0}


class TestWindow:
    @pytest.mark.parametrize(
        ("begin", "end", "sold"),
        [
            (None, None, True),
            (NOON, None, True),
            (NOON + HOUR, None, False),
            (None, NOON, False),
            (None, NOON + HOUR, True),
            (NOON - HOUR, NOON + HOUR, True),
            (NOON - HOUR, NOON, False),
        ],
    )
    def test_it_is_sold_from_the_beginning_until_before_the_end(
        self, begin: datetime | None, end: datetime | None, sold: bool
    ) -> None:
        window = {"sale_from": begin, "sale_until": end}
        assert sold_at(NOON, state=ProductState.ON_SALE, **window) is sold
        assert not sold_at(NOON, state=ProductState.OFF_SALE, **window)


class TestBarcodes:
    @pytest.mark.parametrize("code", ["6901234567892", "96385074", "036000291452", "0" * 13])
    def test_it_takes_an_ean_8_an_upc_and_an_ean_13(self, code: str) -> None:
        assert right_check_digit(code)
        for digit in set("0123456789") - {code[-1]}:
            assert not right_check_digit(code[:-1] + digit)

    @pytest.mark.parametrize(
        "code", ["690", "1234567", "SHELF-07", "12345678901234", "一二三四五六七八"]
    )
    def test_it_leaves_other_codes_alone(self, code: str) -> None:
        assert right_check_digit(code)


class TestWords:
    """rules.search_vector, rules.search_query"""

    @pytest.mark.parametrize(
        ("text", "vector"),
        [
            ("红富士苹果", "'红富':1A '富士':2A '士苹':3A '苹果':4A '果':5A"),
            ("Crème Brûlée", "'creme':1A 'brulee':2A"),
            ("ＡＢＣ１２３", "'abc':1A '123':2A"),
            ("5kg 大米 5KG", "'5':1A,5A 'kg':2A,6A '大米':3A '米':4A"),
            ("A&B's “x_y” 🍎!", "'a':1A 'b':2A 's':3A 'x':4A 'y':5A"),
            ("Straße", "'strasse':1A"),
            ("🍎🍏 …", ""),
        ],
    )
    def test_it_cuts_texts_into_pairs_and_words(self, text: str, vector: str) -> None:
        assert search_vector([(Weight.TITLE, text)]) == vector

    def test_it_weighs_each_part(self) -> None:
        parts = [(Weight.TITLE, "milk"), (Weight.NAMES, "dew"), (Weight.TEXT, "milk")]
        assert search_vector(parts) == "'milk':1A,3D 'dew':2B"

    @pytest.mark.parametrize(
        ("words", "query"),
        [
            ("苹果", "'苹果'"),
            ("红苹果", "'红苹' & '苹果'"),
            ("果", "'果':*"),
            ("Fresh Mil", "'fresh' & 'mil':*"),
            ("milk 牛奶", "'milk' & '牛奶'"),
            ("牛奶 milk milk", "'牛奶' & 'milk' & 'milk':*"),
            ("100% j", "'100' & 'j':*"),
            ("%_'\\:*&|!()<->", None),
            ("🍎", None),
        ],
    )
    def test_it_asks_for_all_words_the_last_as_a_beginning(
        self, words: str, query: str | None
    ) -> None:
        assert search_query(words) == query

    def test_it_asks_within_weights(self) -> None:
        assert search_query("红苹 a", within="A") == "'红苹':A & 'a':*A"

    @given(st.text(max_size=100))
    def test_it_writes_nothing_that_ends_a_lexeme_early(self, text: str) -> None:
        vector = search_vector([(Weight.TITLE, text)])
        assert re.fullmatch(r"('[^'\\\s:]+':\d+A(,\d+A)*( |$))*", vector)
        assert (search_query(text) is None) is (not vector)


class TestTitle:
    def test_it_joins_the_product_and_the_option(self) -> None:
        assert sale_title("Strawberries", "500 g") == "Strawberries 500 g"

    def test_it_is_the_products_title_where_there_is_no_option(self) -> None:
        assert sale_title("Strawberries", "") == "Strawberries"
