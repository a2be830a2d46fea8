"""How much of something one shopper may hold, over all their orders."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.identity.models import Shopper
from groupbuy.kernel.db import session
from groupbuy.orders import queries


@dataclass(frozen=True, slots=True)
class Limited:
    """A line under a limit: a campaign's item, or a SKU from the house (no item)."""

    sku_id: str
    campaign_item_id: str | None
    quantity: int
    limit: int


def exceeded(*, shopper_id: str, lines: Iterable[Limited]) -> dict[str, int]:
    """Return {SKU: limit} of the lines that would take a shopper above a limit.

    Two orders of one shopper count each other: they pass here one after the other.
    """
    lines = list(lines)
    if not lines:
        return {}
    session().execute(
        select(Shopper.id).where(Shopper.id == shopper_id).with_for_update(key_share=True)
    )
    held = queries.bought(shopper_id=shopper_id, sku_ids=[line.sku_id for line in lines])
    return {
        line.sku_id: line.limit
        for line in lines
        if line.quantity + held.get((line.sku_id, line.campaign_item_id), 0) > line.limit
    }
