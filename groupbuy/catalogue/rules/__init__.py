"""Rules of the catalogue: what is sold when, the category tree, codes, the words of the search."""

from groupbuy.catalogue.rules.codes import right_check_digit
from groupbuy.catalogue.rules.products import (
    MOVES,
    PriceKind,
    ProductState,
    Storage,
    may_move,
    sale_title,
    sold_at,
)
from groupbuy.catalogue.rules.search import Sort, Weight, search_query, search_vector
from groupbuy.catalogue.rules.skus import (
    BARCODE_LENGTH,
    MOST_PER_ORDER,
    NAME_LENGTH,
    OPTION_NAME_LENGTH,
    OPTION_VALUE_LENGTH,
    OPTIONS,
    WEIGHT_G,
)
from groupbuy.catalogue.rules.tree import MAX_DEPTH, TreeNode, in_tree_order, summed_upward

__all__ = [
    "BARCODE_LENGTH",
    "MAX_DEPTH",
    "MOST_PER_ORDER",
    "MOVES",
    "NAME_LENGTH",
    "OPTIONS",
    "OPTION_NAME_LENGTH",
    "OPTION_VALUE_LENGTH",
    "WEIGHT_G",
    "PriceKind",
    "ProductState",
    "Sort",
    "Storage",
    "TreeNode",
    "Weight",
    "in_tree_order",
    "may_move",
    "right_check_digit",
    "sale_title",
    "search_query",
    "search_vector",
    "sold_at",
    "summed_upward",
]
