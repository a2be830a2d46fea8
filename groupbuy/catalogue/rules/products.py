"""What a product may become, when it is sold, and what its prices are called."""

from datetime import datetime
from enum import StrEnum


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


class PriceKind(StrEnum):
    """Which of a SKU's prices; what it costs us is for headquarters only."""

    PRICE = "price"
    LIST_PRICE = "list_price"
    MEMBER_PRICE = "member_price"
    COST = "cost"

    @property
    def column(self) -> str:
        """Return the SKU's field."""
        return f"{self.value}_fen"


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


def sold_at(
    instant: datetime, *, state: str, sale_from: datetime | None, sale_until: datetime | None
) -> bool:
    """Tell whether a product is on sale at an instant of its window [from, until), if it has one.

    No job opens or closes the window: whoever asks says when.
    """
    return (
        state == ProductState.ON_SALE
        and (sale_from is None or sale_from <= instant)
        and (sale_until is None or instant < sale_until)
    )


def sale_title(product_title: str, sku_name: str) -> str:
    """Return how a SKU is called on an order: the product's title, then its option, if any."""
    return f"{product_title} {sku_name}".strip()
