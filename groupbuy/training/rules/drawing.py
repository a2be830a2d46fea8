"""Drawing and shuffling that anybody can repeat: the same seed gives the same paper for ever.

The algorithm is our own over SHA-256, so that no release of Python and no state of a process
changes a paper:

- seed = SHA-256 of `<assessment version id>/<leader id>/<attempt number>` in UTF-8, as 64
  hexadecimal digits;
- a stream has a purpose; its block i = 0, 1, … is SHA-256 of `<seed>/<purpose>/<i>`, read as four
  big-endian numbers of 64 bits;
- a number below n is the next of these modulo n; those from the largest multiple of n up are
  passed over, so that none is likelier than another;
- shuffling is Fisher and Yates' as by Durstenfeld (1964): for i from the last place down to 1,
  swap place i with place (a number below i + 1). Drawing k is the first k after shuffling.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

WORD = 2**64


def seed_of(*, version_id: str, leader_id: str, number: int) -> str:
    """Return the seed of an attempt's paper."""
    return hashlib.sha256(f"{version_id}/{leader_id}/{number}".encode()).hexdigest()


def shuffled(items: Sequence[Item], *, seed: str, purpose: str) -> list[Item]:
    """Return the items in an order that only seed and purpose decide."""
    words = _words(seed, purpose)
    order = list(items)
    for place in range(len(order) - 1, 0, -1):
        other = _below(place + 1, words)
        order[place], order[other] = order[other], order[place]
    return order


def drawn(items: Sequence[Item], count: int, *, seed: str, purpose: str) -> list[Item]:
    """Return `count` of the items, in the order in which they stood."""
    places = shuffled(range(len(items)), seed=seed, purpose=purpose)[:count]
    return [items[place] for place in sorted(places)]


def _words(seed: str, purpose: str) -> Iterator[int]:
    block = 0
    while True:
        digest = hashlib.sha256(f"{seed}/{purpose}/{block}".encode()).digest()
        yield from (int.from_bytes(digest[at : at + 8]) for at in range(0, 32, 8))
        block += 1


def _below(limit: int, words: Iterator[int]) -> int:
    unbiased = WORD - WORD % limit
    return next(word for word in words if word < unbiased) % limit


def composed(
    pools: Sequence[Sequence[Item]], draws: Sequence[int], *, seed: str, shuffle: bool
) -> list[Item]:
    """Return the questions of a paper in their order.

    Args:
        pools: what everybody is asked, then what each section may ask.
        draws: how many questions of each of those sections.
        seed: that of the attempt.
        shuffle: whether the order of the questions is shuffled too.
    """
    fixed, *sections = pools
    paper = list(fixed)
    for number, (pool, draw) in enumerate(zip(sections, draws, strict=True), 1):
        paper += drawn(pool, draw, seed=seed, purpose=f"section/{number}")
    return shuffled(paper, seed=seed, purpose="questions") if shuffle else paper
