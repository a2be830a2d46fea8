"""Pickup codes of one point: unique among all that may be shown there."""

from sqlalchemy import select

from groupbuy.fulfilment import queries
from groupbuy.fulfilment.rules.pickup import new_code
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import PickupPoint


def one_at_a_time(*, pickup_point_id: str) -> None:
    """Let those who pack, or draw codes, for one point do so one after the other.

    Raises:
        NotFound: there is no such point.
    """
    known = session().scalar(
        select(PickupPoint.id)
        .where(PickupPoint.id == pickup_point_id)
        .with_for_update(key_share=True)
    )
    if known is None:
        raise NotFound


def draw(*, pickup_point_id: str, count: int) -> list[str]:
    """Draw codes that nobody has who fetches at the point; only one at a time does so."""
    taken = queries.open_codes(pickup_point_id)
    codes: list[str] = []
    while len(codes) < count:
        codes.append(new_code(taken))
        taken.add(codes[-1])
    return codes
