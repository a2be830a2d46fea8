"""The category tree: its order, its depth, sums along it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

MAX_DEPTH = 5
"""Levels of the tree; a root is the first."""


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


def summed_upward(ordered: Sequence[Node], numbers: Mapping[str, int]) -> dict[str, int]:
    """Return for each node its own number and those of all below it; nodes come in tree order."""
    sums = {node.id: numbers.get(node.id, 0) for node in ordered}
    for node in reversed(ordered):
        if node.parent_id is not None:
            sums[node.parent_id] += sums[node.id]
    return sums
