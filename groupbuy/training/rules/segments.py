"""Coaching segments, pure: who sells most, who least, and who has only begun.

Source: domain.md 7. Ranked as for the ranking bonus, by net volume of the last locked month.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from groupbuy.commissions.rules.components import rank
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text


class Segment(StrEnum):
    """Where a leader stands among the leaders of a month: 头部, 腰部, 尾部, 新人."""

    HEAD = "head"
    MIDDLE = "middle"
    TAIL = "tail"
    NEW = "new"


STEPS: dict[Segment, int] = {Segment.HEAD: 3, Segment.MIDDLE: 2, Segment.TAIL: 1}
"""Which segment is above which; new leaders are beside them, not below."""

TOLD: dict[Segment, Text] = {
    Segment.HEAD: Text(
        "您这个月走在最前面，谢谢您！欢迎把经验分享给其他团长。",
        "You were among the first this month. Thank you! Others would love to learn from you.",
    ),
    Segment.MIDDLE: Text(
        "您这个月做得很稳。再进一步，我们陪您一起。",
        "You had a steady month. We will gladly help with the next step.",
    ),
    Segment.TAIL: Text(
        "这个月还有很大的提升空间，您的教练会和您一起想办法。",
        "There is much to win from here, and your coach will look for ways together with you.",
    ),
    Segment.NEW: Text(
        "欢迎加入！头一个月先把基础打好，不参加排名。",
        "Welcome! Your first month is for learning; it is not ranked.",
    ),
}
"""What a leader reads about the own segment."""


class SegmentTerms(NamedTuple):
    """How leaders are divided: the head, and all above the tail, in basis points of the ranked."""

    head_bps: int = 2_000
    upper_bps: int = 8_000
    new_days: int = 30


DEFAULT_TERMS = SegmentTerms()


class Seller(NamedTuple):
    """An active leader at the end of a month."""

    leader_id: str
    since: datetime
    net_fen: int
    reached_at: datetime


class Placed(NamedTuple):
    """A leader's place; `rank` is None for a new leader. `position` numbers all from 1."""

    leader_id: str
    position: int
    rank: int | None
    net_fen: int
    segment: Segment


def last_rank(ranked: int, share_bps: int) -> int:
    """Return ceil(share x ranked): the last rank that still belongs to the share."""
    return -(-ranked * share_bps // BPS)


def segment_of(place: int, *, ranked: int, terms: SegmentTerms = DEFAULT_TERMS) -> Segment:
    """Return the segment of a rank among so many who are ranked."""
    if place <= last_rank(ranked, terms.head_bps):
        return Segment.HEAD
    if place <= last_rank(ranked, terms.upper_bps):
        return Segment.MIDDLE
    return Segment.TAIL


def segments(
    sellers: Iterable[Seller], *, ends_at: datetime, terms: SegmentTerms = DEFAULT_TERMS
) -> list[Placed]:
    """Divide the leaders of a month that ended at an instant, the first rank first.

    Who sold nothing is ranked last, by id, and is always tail. Who has been a leader for less
    than `new_days` (of 24 hours) is new, outside the ranking; the new come last, by id.
    """
    known = {seller.leader_id: seller for seller in sellers}
    begun = ends_at - timedelta(days=terms.new_days)
    new = sorted(i for i, seller in known.items() if seller.since > begun)
    old = [seller for i, seller in sorted(known.items()) if seller.since <= begun]
    sold = rank((seller.leader_id, seller.net_fen, seller.reached_at) for seller in old)
    order = [*sold, *(seller.leader_id for seller in old if seller.net_fen <= 0)]
    placed = [
        Placed(
            leader_id,
            place,
            place,
            known[leader_id].net_fen,
            Segment.TAIL
            if known[leader_id].net_fen <= 0
            else segment_of(place, ranked=len(order), terms=terms),
        )
        for place, leader_id in enumerate(order, start=1)
    ]
    return placed + [
        Placed(leader_id, position, None, known[leader_id].net_fen, Segment.NEW)
        for position, leader_id in enumerate(new, start=len(order) + 1)
    ]


def sizes(placed: Sequence[Placed]) -> dict[Segment, int]:
    """Count the leaders of each segment."""
    return {segment: sum(1 for place in placed if place.segment is segment) for segment in Segment}
