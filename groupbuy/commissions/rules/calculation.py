"""The calculation of a leader's month, exact until its sum, and what refunds take back later.

Exact shares are counted in *parts*, of which one fen has 10^8 (basis points of a rate times basis
points of a level's multiplier): so they are whole numbers, and the only rounding is that of a
leader's whole month. A month may have a million lines: what is done once for each of them is
plain arithmetic.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import NamedTuple

from groupbuy.commissions.rules.terms import (
    Earning,
    Exclude,
    Flat,
    PlanTerms,
    RuleKind,
    Segment,
    earning,
)
from groupbuy.kernel.money import BPS, allocate, half_up

PARTS = BPS * BPS
"""Parts in one fen."""


class Line(NamedTuple):
    """A completed order line: what is left of it after refunds, and its terms frozen when paid."""

    line_id: str
    completed_at: datetime | None
    base_fen: int
    quantity: int
    earning: Earning
    multiplier_bps: int = BPS
    counts: bool = True

    @property
    def volume_fen(self) -> int:
        """Return what it adds to the month's volume."""
        return self.base_fen if self.counts and not isinstance(self.earning, Exclude) else 0


class CompletedLine(NamedTuple):
    """A commission line as it is stored, with what was given back of it until a cutoff."""

    commission_line_id: str
    order_id: str
    order_line_id: str
    leader_id: str
    completed_at: datetime
    base_fen: int
    quantity: int
    refunded_fen: int
    returned_quantity: int
    plan_version_id: str | None
    kind: str
    reason: str | None
    rate_bps: int | None
    flat_fen_per_unit: int | None
    counts: bool
    multiplier_bps: int

    def net(self, plans: Mapping[str, PlanTerms]) -> Line:
        """Return what is left of the line, to be calculated."""
        plan = plans.get(self.plan_version_id or "")
        return Line(
            line_id=self.order_line_id,
            completed_at=self.completed_at,
            base_fen=self.base_fen - self.refunded_fen,
            quantity=self.quantity - self.returned_quantity,
            earning=earning(
                self.kind,
                table=plan.table if plan else None,
                rate_bps=self.rate_bps,
                flat_fen_per_unit=self.flat_fen_per_unit,
            ),
            multiplier_bps=self.multiplier_bps,
            counts=self.counts,
        )


def earning_versions(lines: Iterable[CompletedLine]) -> set[str]:
    """Return the plan versions that a month's lines earn by."""
    return {
        line.plan_version_id
        for line in lines
        if line.kind != RuleKind.EXCLUDE and line.plan_version_id is not None
    }


def cap_of(version_ids: Iterable[str], plans: Mapping[str, PlanTerms]) -> int | None:
    """Return the cap of a month: the most generous among the versions its lines earn by.

    So a stricter cap never takes from what was paid for before it was published.
    """
    caps = [plans[version_id].cap_fen for version_id in set(version_ids)]
    stated = [cap for cap in caps if cap is not None]
    return max(stated) if stated and len(stated) == len(caps) else None


class EarnedLine(NamedTuple):
    """A line with what it earned and how: its place in the month's volume, its exact parts."""

    line: Line
    position_from_fen: int
    parts: int
    amount_fen: int
    month_fen: int

    @property
    def position_to_fen(self) -> int:
        """Return the month's volume after this line."""
        return self.position_from_fen + self.line.volume_fen

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the slices of the month's volume that it took, each with its rate."""
        return segments(
            self.line.earning, self.position_from_fen, self.line.base_fen, self.month_fen
        )

    @property
    def exact(self) -> Fraction:
        """Return the exact commission in fen, before any rounding or cap."""
        return Fraction(self.parts, PARTS)


@dataclass(frozen=True, slots=True)
class Calculation:
    """A leader's month: `total_fen` is `uncapped_fen` or the cap, and the sum of the lines."""

    volume_fen: int
    uncapped_fen: int
    total_fen: int
    lines: tuple[EarnedLine, ...]


def calculate(lines: Iterable[Line], cap_fen: int | None = None) -> Calculation:
    """Compute one leader's commission for one month, in whatever order the lines come."""
    ordered = sorted(lines, key=attrgetter("completed_at", "line_id"))
    filled = fill(ordered, cap_fen)
    volume = filled.volume_fen
    earned = tuple(
        EarnedLine(line, at, exact, amount, volume)
        for line, at, exact, amount in zip(
            ordered, filled.positions_fen, filled.parts, filled.amounts_fen, strict=True
        )
    )
    return Calculation(volume, filled.uncapped_fen, filled.total_fen, earned)


class Filled(NamedTuple):
    """A leader's month in numbers: line by line its place in the volume, parts and amount."""

    volume_fen: int
    uncapped_fen: int
    total_fen: int
    positions_fen: list[int]
    parts: list[int]
    amounts_fen: list[int]


def fill(lines: Sequence[Line], cap_fen: int | None = None) -> Filled:
    """Compute one leader's commission for one month; the lines come in the order they fill it."""
    volumes = [
        line.base_fen if line.counts and type(line.earning) is not Exclude else 0 for line in lines
    ]
    positions = list(accumulate(volumes, initial=0))
    volume = positions.pop()
    parts = [_parts(line, at, volume) for line, at in zip(lines, positions, strict=True)]
    uncapped = half_up(Fraction(sum(parts), PARTS))
    total = uncapped if cap_fen is None else min(uncapped, cap_fen)
    return Filled(volume, uncapped, total, positions, parts, allocate(total, parts))


def _parts(line: Line, position_fen: int, volume_fen: int) -> int:
    earning = line.earning
    if isinstance(earning, Exclude):
        return 0
    if isinstance(earning, Flat):
        return earning.fen_per_unit * line.quantity * PARTS
    end_fen = position_fen + line.base_fen
    return earning.weigh(position_fen, end_fen, volume_fen) * line.multiplier_bps


def segments(
    earning: Earning, position_fen: int, base_fen: int, month_fen: int
) -> tuple[Segment, ...]:
    """Return the slices of a month's volume that a line took, each with its rate."""
    if isinstance(earning, Exclude | Flat):
        return ()
    return earning.segments(position_fen, position_fen + base_fen, month_fen)


@dataclass(frozen=True, slots=True)
class Clawback:
    """What one refund takes back of a settled line.

    `remaining` is what is left of the line's base in fen (of its units for a flat rule);
    `target_fen` is the commission that what is left deserves.
    """

    remaining_before: int
    remaining_after: int
    target_before_fen: int
    target_after_fen: int

    @property
    def amount_fen(self) -> int:
        """Return what is taken back, 0 or more."""
        return self.target_before_fen - self.target_after_fen


def clawback_by_line(settled_fen: int, basis: int, given_back: Sequence[int]) -> list[Clawback]:
    """Return what each refund of a settled line takes back, in the order of the refunds.

    Args:
        settled_fen: what the line was settled with.
        basis: its base in fen at settlement, or its units for a flat rule.
        given_back: what each refund gave back, in the same unit.

    Raises:
        ValueError: more is given back than there was.
    """
    remaining = list(accumulate(given_back, lambda left, back: left - back, initial=basis))
    if remaining[-1] < 0:
        raise ValueError(f"{sum(given_back)} given back of {basis}")
    deserved = [half_up(Fraction(settled_fen * left, basis)) if basis else 0 for left in remaining]
    return [
        Clawback(*left, *targets)
        for left, targets in zip(pairwise(remaining), pairwise(deserved), strict=True)
    ]


def clawback_by_retier(
    last_total_fen: int, lines: Iterable[Line], cap_fen: int | None = None
) -> int:
    """Return what a closed month gives back once it is computed anew with all refunds so far."""
    return last_total_fen - calculate(lines, cap_fen).total_fen
