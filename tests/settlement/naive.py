"""A month settled naively: plain loops and fractions, written from the rules' text alone.

Nothing of groupbuy is used. Leaders, goods and sales are numbers; a sale's number is its place in
the order of creation. Every figure is worked out anew for every month, from the events.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

MINIMUM_PAYOUT = 10_000
HOUSE = None


@dataclass(frozen=True)
class Rule:
    """How one good earns in place of the tiers: `exclude`, `flat` (fen) or `replace` (bps)."""

    kind: str
    value: int
    counts: bool


@dataclass(frozen=True)
class Version:
    """What the plan pays from an instant on."""

    begins: datetime
    mode: str
    tiers: tuple[tuple[int, int], ...]
    multipliers: dict[int, int]
    rules: dict[int, Rule]
    cap: int | None
    quota: tuple[int, int] | None
    guarantee: int
    clawback: str


@dataclass(frozen=True)
class Sale:
    """One line: `own` is a leader's purchase for themselves."""

    number: int
    seller: int
    good: int
    base: int
    units: int
    paid: datetime
    completed: datetime
    own: bool


@dataclass(frozen=True)
class Refund:
    """Part of a sale was given back."""

    at: datetime
    sale: int
    fen: int
    units: int


@dataclass(frozen=True)
class Transfer:
    """A sale was given to another leader, or to the house."""

    at: datetime
    sale: int
    to: int | None


@dataclass(frozen=True)
class Hold:
    """A sale is looked at from an instant on, until it is released or rejected."""

    at: datetime
    sale: int
    decided: datetime | None
    rejected: bool


@dataclass(frozen=True)
class Month:
    """A month, and the window of the later events that belong to it."""

    name: str
    starts: datetime
    ends: datetime
    opens: datetime
    cutoff: datetime


@dataclass(frozen=True)
class Story:
    """All that happened; `levels` are the leaders'."""

    levels: tuple[int, ...]
    months: tuple[Month, ...]
    versions: tuple[Version, ...]
    sales: tuple[Sale, ...]
    refunds: tuple[Refund, ...]
    transfers: tuple[Transfer, ...]
    holds: tuple[Hold, ...]


@dataclass
class Line:
    """What is left of a sale, and how it earns its leader."""

    sale: Sale
    base: int
    units: int
    kind: str
    value: int
    multiplier: int
    counts: bool
    version: Version | None
    exact: Fraction = Fraction(0)
    amount: int = 0


@dataclass
class Settled:
    """A line that a month settled, and how it stands since."""

    line: Line
    leader: int
    neighbours: list["Settled"]
    cap: int | None
    anew: bool
    cutoff: datetime
    holder: int | None
    left: int
    target: int
    improper: bool = False
    held: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def settle(story: Story) -> dict[tuple[int, str], dict[str, int]]:
    """Return the figures, other than 0, of every leader and month."""
    settled: list[Settled] = []
    carried: dict[int, int] = defaultdict(int)
    result: dict[tuple[int, str], dict[str, int]] = {}
    for month in story.months:
        figures: dict[int, dict[str, int]] = {n: defaultdict(int) for n in range(len(story.levels))}
        for one in settled:
            later(story, month, one, figures)
        for one in settled:
            if one.anew:
                compute_anew(story, month, one, figures)
        fresh = []
        for leader in range(len(story.levels)):
            fresh += sell(story, month, leader, figures[leader])
        settled += fresh
        for one in settled:
            hold(story, month, one, figures)
        for leader, own in figures.items():
            close(own, carried[leader])
            carried[leader] = own["carry_out"]
            result[leader, month.name] = {name: fen for name, fen in own.items() if fen}
    return result


def close(own: dict[str, int], carried: int) -> None:
    """Add up a month, and pay or carry all of it."""
    own["carry_in"] = carried
    parts = ("sales", "quota_bonus", "guarantee", "clawback", "transfer", "hold", "release")
    payable = carried + sum(own[part] for part in parts)
    own["payable"] = payable
    pays = payable >= MINIMUM_PAYOUT
    own["payout"] = payable if pays else 0
    own["carry_out"] = 0 if pays else payable


# The month's own sales.


def sell(story: Story, month: Month, leader: int, own: dict[str, int]) -> list[Settled]:
    """Settle a leader's sales of a month, and what the month pays beside them."""
    lines = [
        line_of(story, sale, leader, month.cutoff)
        for sale in sorted(story.sales, key=lambda sale: (sale.completed, sale.number))
        if month.starts <= sale.completed < month.ends
        and holder_at(story, sale, month.cutoff) == leader
    ]
    cap = cap_of(lines)
    own["uncapped"] = earn(lines, cap)
    own["sales"] = sum(line.amount for line in lines)
    own["volume"] = sum(volume(line) for line in lines)
    terms = terms_of_month(story, month)
    if lines and terms is not None:
        if terms.quota is not None and own["volume"] >= terms.quota[0]:
            own["quota_bonus"] = terms.quota[1]
        own["guarantee"] = max(0, terms.guarantee - own["sales"] - own["quota_bonus"])
    anew = terms is not None and terms.clawback == "retier"
    found: list[Settled] = []
    for line in lines:
        left = line.units if line.kind == "flat" else line.base
        found.append(
            Settled(line, leader, found, cap, anew, month.cutoff, leader, left, line.amount)
        )
    return found


def holder_at(story: Story, sale: Sale, at: datetime) -> int | None:
    """Return whose a sale is just before an instant."""
    holder: int | None = sale.seller
    for transfer in sorted(story.transfers, key=lambda t: t.at):
        if transfer.sale == sale.number and transfer.at < at:
            holder = transfer.to
    return holder


def rejected_by(story: Story, sale: Sale, at: datetime) -> bool:
    """Tell whether a sale was found improper before an instant."""
    for one in story.holds:
        if one.sale == sale.number and one.rejected and one.decided and one.decided < at:
            return True
    return False


def line_of(story: Story, sale: Sale, leader: int, cutoff: datetime) -> Line:
    """Return what is left of a sale at a cutoff, and how it earns this leader."""
    base, units = sale.base, sale.units
    for refund in story.refunds:
        if refund.sale == sale.number and refund.at < cutoff:
            base -= refund.fen
            units -= refund.units
    moved = any(t.sale == sale.number and t.at < cutoff for t in story.transfers)
    version = None
    for candidate in story.versions:
        if candidate.begins <= sale.paid:
            version = candidate
    excluded = Line(sale, base, units, "exclude", 0, 10_000, False, version)
    if version is None or (sale.own and not moved) or rejected_by(story, sale, cutoff):
        return excluded
    multiplier = version.multipliers.get(story.levels[leader], 10_000)
    rule = version.rules.get(sale.good)
    if rule is None:
        return Line(sale, base, units, "tiers", 0, multiplier, True, version)
    if rule.kind == "exclude":
        return excluded
    return Line(sale, base, units, rule.kind, rule.value, multiplier, rule.counts, version)


def volume(line: Line) -> int:
    """Return what a line adds to the month's volume."""
    return line.base if line.counts else 0


def cap_of(lines: Sequence[Line]) -> int | None:
    """Return the most generous cap among the versions that lines earn by."""
    caps = [line.version.cap for line in lines if line.kind != "exclude" and line.version]
    known = [cap for cap in caps if cap is not None]
    return max(known) if known and len(known) == len(caps) else None


def earn(lines: Sequence[Line], cap: int | None) -> int:
    """Give every line its exact share and its amount; return the rounded sum before the cap."""
    total = sum(volume(line) for line in lines)
    before = 0
    for line in lines:
        line.exact = share(line, before, total)
        before += volume(line)
    uncapped = half_up(sum((line.exact for line in lines), Fraction(0)))
    allot(lines, uncapped if cap is None else min(uncapped, cap))
    return uncapped


def share(line: Line, before: int, total: int) -> Fraction:
    """Return the exact commission of a line that begins at a place of the month's volume."""
    if line.kind == "exclude" or line.version is None:
        return Fraction(0)
    if line.kind == "flat":
        return Fraction(line.value * line.units)
    if line.kind == "replace":
        weighed = Fraction(line.base * line.value)
    elif line.version.mode == "whole":
        rate = 0
        for start, bps in line.version.tiers:
            if total >= start:
                rate = bps
        weighed = Fraction(line.base * rate)
    else:
        weighed = Fraction(0)
        tiers = line.version.tiers
        for place, (start, bps) in enumerate(tiers):
            end = tiers[place + 1][0] if place + 1 < len(tiers) else before + line.base
            inside = min(end, before + line.base) - max(start, before)
            weighed += max(0, inside) * bps
    return weighed / 10_000 * Fraction(line.multiplier, 10_000)


def half_up(exact: Fraction) -> int:
    """Round an amount that is not negative."""
    return int(exact + Fraction(1, 2))


def allot(lines: Sequence[Line], total: int) -> None:
    """Give each line its part of a total: spare fen to the largest fractions, then the first."""
    weights = sum((line.exact for line in lines), Fraction(0))
    quotas = [total * line.exact / weights if weights else Fraction(0) for line in lines]
    for line, quota in zip(lines, quotas, strict=True):
        line.amount = int(quota)
    spare = total - sum(line.amount for line in lines) if weights else 0
    order = sorted(range(len(lines)), key=lambda n: (int(quotas[n]) - quotas[n], n))
    for place in order[:spare]:
        lines[place].amount += 1


def terms_of_month(story: Story, month: Month) -> Version | None:
    """Return the version in force when a month begins, or the first that begins in it."""
    found = None
    for version in story.versions:
        if version.begins <= month.starts or (found is None and version.begins < month.ends):
            found = version
    return found


# What happens to a line that is settled.


def later(story: Story, month: Month, one: Settled, figures: dict[int, dict[str, int]]) -> None:
    """Book what the events of a month's window do to a settled line, one after the other."""
    for at, event in events_of(story, one):
        if not month.opens <= at < month.cutoff or at < one.cutoff:
            continue
        if isinstance(event, Refund):
            one.left -= event.units if one.line.kind == "flat" else event.fen
            if not one.anew:
                basis = one.line.units if one.line.kind == "flat" else one.line.base
                exact = Fraction(one.line.amount * one.left, basis) if basis else Fraction(0)
                take(figures, one, half_up(exact))
        elif isinstance(event, Transfer):
            to = HOUSE if one.improper else event.to
            if to != one.holder:
                move(figures, one, to)
        else:
            one.improper = True
            move(figures, one, HOUSE)


def events_of(story: Story, one: Settled) -> list[tuple[datetime, Any]]:
    """Return the refunds, transfers and rejections of a line in their order."""
    number = one.line.sale.number
    found: list[tuple[datetime, Any]] = []
    found += [(r.at, r) for r in story.refunds if r.sale == number]
    found += [(t.at, t) for t in story.transfers if t.sale == number]
    found += [(h.decided, h) for h in story.holds if h.sale == number and h.decided and h.rejected]
    return sorted(found, key=lambda pair: pair[0])


def take(figures: dict[int, dict[str, int]], one: Settled, target: int) -> None:
    """Bring a line to what it deserves now."""
    if one.holder is not None:
        figures[one.holder]["clawback"] += target - one.target
    one.target = target


def move(figures: dict[int, dict[str, int]], one: Settled, to: int | None) -> None:
    """Take what is left of a line from the one and give it to the other."""
    if one.holder is not None:
        figures[one.holder]["transfer"] -= one.target
    if to is not None:
        figures[to]["transfer"] += one.target
    one.holder = to


def compute_anew(
    story: Story, month: Month, one: Settled, figures: dict[int, dict[str, int]]
) -> None:
    """Compute the closed month of a line with all refunds so far, and take the difference."""
    again = []
    for neighbour in one.neighbours:
        line = neighbour.line
        base, units = line.base, line.units
        for refund in story.refunds:
            if refund.sale == line.sale.number and one.cutoff <= refund.at < month.cutoff:
                base -= refund.fen
                units -= refund.units
        again.append(
            Line(
                line.sale,
                base,
                units,
                line.kind,
                line.value,
                line.multiplier,
                line.counts,
                line.version,
            )
        )
    earn(again, one.cap)
    for line in again:
        if line.sale.number == one.line.sale.number:
            take(figures, one, line.amount)


def hold(story: Story, month: Month, one: Settled, figures: dict[int, dict[str, int]]) -> None:
    """Hold back what is left of a line while it is looked at, and let go what is not."""
    looked_at = False
    for hold in story.holds:
        if hold.sale == one.line.sale.number and hold.at < month.cutoff:
            looked_at = looked_at or hold.decided is None or hold.decided >= month.cutoff
    for leader, own in figures.items():
        due = one.target if looked_at and leader == one.holder else 0
        change = due - one.held[leader]
        own["hold"] -= max(0, change)
        own["release"] += max(0, -change)
        one.held[leader] = due
