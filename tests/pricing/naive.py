"""The pipeline written again, one line after the other: to be slow, plain and right.

It shares with the real one only the order of the steps and the words of docs/domain.md, "Price".
Baskets and promotions are plain dictionaries; see `tests/pricing/baskets.py`.
"""

from fractions import Fraction
from typing import Any

Line = dict[str, Any]
Promotion = dict[str, Any]


def spread(total: int, weights: list[int]) -> list[int]:
    """Give each its share, then fen by fen to the largest rest, the first of equals."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [share.numerator // share.denominator for share in exact]
    while sum(parts) < total:
        rests = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[rests.index(max(rests))] += 1
    return parts


def price(
    lines: list[Line],
    promotions: list[Promotion],
    coupon: dict[str, Any] | None = None,
    stock: dict[str, tuple[int, int]] | None = None,
    fee: int = 0,
) -> dict[str, Any]:
    """Return amounts by SKU, gifts by SKU, what delivery costs, and the total."""
    paid = {line["sku"]: line["price"] * line["units"] for line in lines}
    left = {sku: list(known) for sku, known in (stock or {}).items()}
    gifts: dict[str, int] = {}
    closed: set[str] = set()
    for step in ("gifts", "reduction"):
        for promotion, skus, off, given in _chosen(step, lines, promotions, paid, left):
            for sku, fen in off.items():
                paid[sku] -= min(fen, paid[sku])
            _give(given, left, gifts)
            if not promotion["with_coupon"]:
                closed |= skus
    reduced = coupon is not None and _redeem(coupon, lines, paid, closed)
    waivers = [p for p in promotions if p["kind"] == "free_delivery" and _goods(lines, p)]
    if any(_sum(lines, p, paid) >= p["from"] for p in waivers if p["with_coupon"] or not reduced):
        fee = 0
    return {"paid": paid, "gifts": gifts, "delivery": fee, "total": sum(paid.values()) + fee}


def _give(given: dict[str, int], left: dict[str, list[int]], gifts: dict[str, int]) -> None:
    for sku, units in given.items():
        there = min(units, left[sku][0])
        left[sku][0] -= there
        if there:
            gifts[sku] = gifts.get(sku, 0) + there


def _goods(lines: list[Line], promotion: dict[str, Any]) -> list[Line]:
    skus = promotion["skus"]
    return [line for line in lines if skus is None or line["sku"] in skus]


def _sum(lines: list[Line], promotion: dict[str, Any], paid: dict[str, int]) -> int:
    return sum(paid[line["sku"]] for line in _goods(lines, promotion))


def _redeem(
    coupon: dict[str, Any], lines: list[Line], paid: dict[str, int], closed: set[str]
) -> bool:
    goods = [line["sku"] for line in _goods(lines, coupon) if line["sku"] not in closed]
    whole = sum(paid[sku] for sku in goods)
    if not goods or whole < coupon["from"]:
        return False
    off = coupon["off"]
    if coupon["kind"] == "percentage":
        tenths = whole * coupon["off"]
        off = (tenths + 5_000) // 10_000
        off = min(off, coupon["cap"]) if coupon["cap"] is not None else off
    for sku, part in zip(goods, spread(min(off, whole), [paid[s] for s in goods]), strict=True):
        paid[sku] -= part
    return bool(min(off, whole))


def _chosen(
    step: str,
    lines: list[Line],
    promotions: list[Promotion],
    paid: dict[str, int],
    stock: dict[str, list[int]],
) -> list[tuple[Promotion, set[str], dict[str, int], dict[str, int]]]:
    """Return the promotions that act, in the order in which they do."""
    steps = {"buy_get": "gifts", "gift": "gifts", "reduction": "reduction"}
    rivals = []
    for promotion in promotions:
        if steps.get(promotion["kind"]) != step:
            continue
        off, given = _gain(promotion, _goods(lines, promotion), paid)
        given = {s: min(u, stock[s][0]) for s, u in given.items() if s in stock and stock[s][0] > 0}
        worth = sum(off.values()) + sum(units * stock[sku][1] for sku, units in given.items())
        if any(off.values()) or given:
            skus = {line["sku"] for line in _goods(lines, promotion)}
            rivals.append((-worth, -promotion["priority"], promotion["id"], skus, off, given))
    chosen: list[tuple[Promotion, set[str], dict[str, int], dict[str, int]]] = []
    for _, _, name, skus, off, given in sorted(rivals, key=lambda rival: rival[:3]):
        promotion = next(p for p in promotions if p["id"] == name)
        alone = any(
            skus & others and not (promotion["stacks"] and other["stacks"])
            for other, others, _, _ in chosen
        )
        if not alone:
            chosen.append((promotion, skus, off, given))
    return chosen


def _gain(
    promotion: Promotion, lines: list[Line], paid: dict[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    if promotion["kind"] == "buy_get":
        return _free_units(promotion, lines, paid), {}
    by_amount = promotion["by"] == "amount"
    reached = sum(paid[x["sku"]] if by_amount else x["units"] for x in lines)
    steps = [step for step in promotion["steps"] if reached >= step["from"]]
    if not steps or not lines:
        return {}, {}
    step = max(steps, key=lambda one: one["from"])
    if promotion["kind"] == "gift":
        times = reached // step["from"] if promotion["repeats"] else 1
        return {}, {step["sku"]: step["units"] * times}
    weights = [paid[line["sku"]] for line in lines]
    parts = spread(min(step["off"], sum(weights)), weights)
    return dict(zip([line["sku"] for line in lines], parts, strict=True)), {}


def _free_units(promotion: Promotion, lines: list[Line], paid: dict[str, int]) -> dict[str, int]:
    units = [
        (line["price"], place) for place, line in enumerate(lines) for _ in range(line["units"])
    ]
    times = len(units) // (promotion["buy"] + promotion["get"])
    if promotion["at_most"] is not None:
        times = min(times, promotion["at_most"])
    free = [place for _, place in sorted(units)[: times * promotion["get"]]]
    off = {}
    for place, line in enumerate(lines):
        count = free.count(place)
        if count:
            off[line["sku"]] = spread(paid[line["sku"]], [count, line["units"] - count])[0]
    return off
