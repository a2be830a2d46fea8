"""The tables of withholding as data: each with its source and the day from which it holds.

A new table is a new entry here with a new version; an entry is never edited, because rows of
evidence name it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Bracket:
    """Up to and including `up_to_fen` (None: without limit): rate and quick deduction."""

    up_to_fen: int | None
    rate_bps: int
    quick_fen: int


class Dated(Protocol):
    """A table with the day from which it holds."""

    @property
    def effective_from(self) -> date:
        """The first day on which it holds."""
        ...


@dataclass(frozen=True, slots=True)
class PerOccurrenceTable:
    """Labour remuneration, the month's total as one occurrence.

    Up to `flat_up_to_fen` the allowance is `allowance_fen`, above it `expense_bps` of the total.
    """

    version: str
    effective_from: date
    source: str
    allowance_fen: int
    flat_up_to_fen: int
    expense_bps: int
    brackets: Sequence[Bracket]


@dataclass(frozen=True, slots=True)
class CumulativeTable:
    """Labour remuneration from an internet platform, cumulative over the calendar year."""

    version: str
    effective_from: date
    source: str
    expense_bps: int
    monthly_allowance_fen: int
    brackets: Sequence[Bracket]


PER_OCCURRENCE: Sequence[PerOccurrenceTable] = (
    PerOccurrenceTable(
        version="sta-2018-61-table-2",
        effective_from=date(2019, 1, 1),
        source="国家税务总局公告 2018 年第 61 号，附件 2：个人所得税预扣率表二（劳务报酬所得）",
        allowance_fen=80_000,
        flat_up_to_fen=400_000,
        expense_bps=2_000,
        brackets=(
            Bracket(2_000_000, 2_000, 0),
            Bracket(5_000_000, 3_000, 200_000),
            Bracket(None, 4_000, 700_000),
        ),
    ),
)

PLATFORM_CUMULATIVE: Sequence[CumulativeTable] = (
    CumulativeTable(
        version="sta-2025-16",
        effective_from=date(2025, 10, 1),
        source="国家税务总局公告 2025 年第 16 号；预扣率表一见 2018 年第 61 号公告",
        expense_bps=2_000,
        monthly_allowance_fen=500_000,
        brackets=(
            Bracket(3_600_000, 300, 0),
            Bracket(14_400_000, 1_000, 252_000),
            Bracket(30_000_000, 2_000, 1_692_000),
            Bracket(42_000_000, 2_500, 3_192_000),
            Bracket(66_000_000, 3_000, 5_292_000),
            Bracket(96_000_000, 3_500, 8_592_000),
            Bracket(None, 4_500, 18_192_000),
        ),
    ),
)

Table = TypeVar("Table", bound=Dated)


def in_force(tables: Sequence[Table], day: date) -> Table | None:
    """Return the table that holds on a day, None before the first one."""
    held = [table for table in tables if table.effective_from <= day]
    return max(held, key=lambda table: table.effective_from, default=None)


def bracket_of(brackets: Sequence[Bracket], amount_fen: int) -> Bracket:
    """Return the bracket that an amount falls into; limits belong to the lower one."""
    return next(b for b in brackets if b.up_to_fen is None or amount_fen <= b.up_to_fen)
