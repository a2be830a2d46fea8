"""Rules of the catalogue: states of a product, the order of the category tree."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol, TypeVar


class Storage(StrEnum):
    """How goods must be kept."""

    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


class ProductState(StrEnum):
    """Where a product stands."""

    DRAFT = "draft"
    ON_SALE = "on_sale"
    OFF_SALE = "off_sale"
    ARCHIVED = "archived"


MOVES: frozenset[tuple[ProductState, ProductState]] = frozenset(
    {
        (ProductState.DRAFT, ProductState.ON_SALE),
        (ProductState.DRAFT, ProductState.ARCHIVED),
        (ProductState.ON_SALE, ProductState.OFF_SALE),
        (ProductState.OFF_SALE, ProductState.ON_SALE),
        (ProductState.OFF_SALE, ProductState.ARCHIVED),
    }
)
"""The moves (from, to) that staff may make; archived is final."""


def may_move(start: str, end: str) -> bool:
    """Tell whether a product may go from one state to another; staying is no move."""
    return start == end or (start, end) in MOVES


def sale_title(product_title: str, sku_name: str) -> str:
    """Return how a SKU is called on an order: the product's title, then its option, if any."""
    return f"{product_title} {sku_name}".strip()


class TreeNode(Protocol):
    """Whatever hangs in a tree and has a place among its siblings."""

    id: str
    parent_id: str | None
    name: str
    position: int


Node = TypeVar("Node", bound=TreeNode)


def in_tree_order(nodes: Iterable[Node]) -> list[Node]:
    """Return every node before those below it, siblings by position, then name."""
    below: dict[str | None, list[Node]] = {}
    for node in sorted(nodes, key=lambda n: (n.position, n.name, n.id), reverse=True):
        below.setdefault(node.parent_id, []).append(node)
    ordered: list[Node] = []
    waiting = below.pop(None, [])
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        waiting += below.pop(node.id, [])
    return ordered
