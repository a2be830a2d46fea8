"""`buy_get` (买N送M): of every N + M eligible units the M cheapest are free."""

from collections.abc import Mapping, Sequence
from typing import Any

from groupbuy.kernel.fields import Count, Schema
from groupbuy.kernel.money import allocate
from groupbuy.kernel.texts import Text
from groupbuy.pricing.rules.promotions import Gain, Step
from groupbuy.pricing.rules.quotes import QuotedLine

STEP: Step = Step.GIFTS


class BuyGetTerms(Schema):
    """Buy so many, get so many free; `at_most` times in one order, if it is given."""

    buy = Count(required=True, minimum=1, maximum=999)
    get = Count(required=True, minimum=1, maximum=999)
    at_most = Count(load_default=None, allow_none=True, minimum=1, maximum=999)


TERMS: type[Schema] = BuyGetTerms


def gain(terms: Mapping[str, Any], lines: Sequence[QuotedLine]) -> Gain | None:
    """Free the cheapest units by unit price, whichever line they are of.

    A line whose every unit is free costs nothing more; else its free units take their share.
    """
    buy, get = terms["buy"], terms["get"]
    times = sum(line.quantity for line in lines) // (buy + get)
    if terms["at_most"] is not None:
        times = min(times, terms["at_most"])
    if times == 0:
        return None
    left, off_fen = times * get, {}
    for line in sorted(lines, key=lambda line: line.offer.unit_price_fen):
        units = min(left, line.quantity)
        if units:
            shares = allocate(line.amount_fen, [units, line.quantity - units])
            off_fen[line.offer.sku_id] = shares[0]
        left -= units
    free = times * get
    text = Text(f"买{buy}送{get}，{free}件免费", f"buy {buy} get {get}, {free} free")
    return Gain(text, off_fen=off_fen)


def gift_ids(terms: Mapping[str, Any]) -> Sequence[str]:
    """Return nothing: what is free is in the basket already."""
    return ()
