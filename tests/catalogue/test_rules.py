"""Rules of the catalogue: which state may follow, and how the tree is read."""

from dataclasses import dataclass

import pytest

from groupbuy.catalogue.rules import MOVES, ProductState, in_tree_order, may_move, sale_title


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


class TestTitle:
    def test_it_joins_the_product_and_the_option(self) -> None:
        assert sale_title("Strawberries", "500 g") == "Strawberries 500 g"

    def test_it_is_the_products_title_where_there_is_no_option(self) -> None:
        assert sale_title("Strawberries", "") == "Strawberries"
