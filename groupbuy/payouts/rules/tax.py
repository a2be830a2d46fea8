"""What is withheld from a payout, pure: docs/domain.md, "Tax and payout".

Income is the gross amount of a payout, the tax month the local month in which it is paid. The
taxable amount is rounded to a fen first, then the tax.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from groupbuy.kernel.money import BPS, half_up, share
from groupbuy.payouts.rules.tax_tables import (
    PER_OCCURRENCE,
    PLATFORM_CUMULATIVE,
    CumulativeTable,
    Dated,
    PerOccurrenceTable,
    bracket_of,
    in_force,
)


class Regime(StrEnum):
    """How a leader's income is taxed: `none` for whoever sends invoices."""

    NONE = "none"
    PER_OCCURRENCE = "per_occurrence"
    PLATFORM_CUMULATIVE = "platform_cumulative"


@dataclass(frozen=True, slots=True)
class Withholding:
    """What is withheld now, and how it came about.

    `exact` is the unrounded total tax on what the income comes to so far, before what was withheld
    earlier is taken off; `inputs` are all the figures that went in, in fen and months.
    """

    tax_fen: int
    exact: Fraction
    table_version: str
    inputs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Paid:
    """What a leader was paid before, in flight or arrived, net of what was reversed.

    `months` are the months (1 to 12) of the calendar year with income. What was paid under the
    regime `none` counts nowhere; what was withheld under either of the others counts for both.
    """

    month_income_fen: int = 0
    month_withheld_fen: int = 0
    year_income_fen: int = 0
    year_withheld_fen: int = 0
    months: Collection[int] = ()


NO_TAX = Withholding(0, Fraction(0), "", {})


def per_occurrence(
    total_fen: int, *, withheld_fen: int = 0, table: PerOccurrenceTable = PER_OCCURRENCE[-1]
) -> Withholding:
    """Return what is withheld from a month whose payouts come to `total_fen`.

    Args:
        total_fen: the month's gross income including the present payout: one occurrence.
        withheld_fen: what was withheld from its earlier payouts.
        table: the table that holds.
    """
    if total_fen <= table.flat_up_to_fen:
        taxable = Fraction(max(0, total_fen - table.allowance_fen))
    else:
        taxable = share(total_fen, BPS - table.expense_bps)
    taxable_fen = half_up(taxable)
    bracket = bracket_of(table.brackets, taxable_fen)
    exact = share(taxable_fen, bracket.rate_bps) - bracket.quick_fen
    inputs = {
        "total_fen": total_fen,
        "taxable_fen": taxable_fen,
        "rate_bps": bracket.rate_bps,
        "quick_fen": bracket.quick_fen,
        "withheld_fen": withheld_fen,
    }
    return Withholding(max(0, half_up(exact) - withheld_fen), exact, table.version, inputs)


def platform_cumulative(
    income_fen: int,
    *,
    months: int,
    withheld_fen: int = 0,
    exempt_fen: int = 0,
    other_fen: int = 0,
    relief_fen: int = 0,
    table: CumulativeTable = PLATFORM_CUMULATIVE[-1],
) -> Withholding:
    """Return what is withheld when the year's income has come to `income_fen`.

    Args:
        income_fen: gross income of the year to date including the present payout.
        months: n, the months of continuous income (see `continuous_months`).
        withheld_fen: what was withheld from the year's earlier payouts.
        exempt_fen, other_fen: exempt income and other deductions of the year to date.
        relief_fen: tax relief of the year to date.
        table: the table that holds.
    """
    deducted = share(income_fen, table.expense_bps) + table.monthly_allowance_fen * months
    taxable_fen = max(0, half_up(income_fen - deducted - exempt_fen - other_fen))
    bracket = bracket_of(table.brackets, taxable_fen)
    exact = share(taxable_fen, bracket.rate_bps) - bracket.quick_fen
    inputs = {
        "income_fen": income_fen,
        "months": months,
        "exempt_fen": exempt_fen,
        "other_fen": other_fen,
        "taxable_fen": taxable_fen,
        "rate_bps": bracket.rate_bps,
        "quick_fen": bracket.quick_fen,
        "relief_fen": relief_fen,
        "withheld_fen": withheld_fen,
    }
    due = half_up(exact) - relief_fen - withheld_fen
    return Withholding(max(0, due), exact, table.version, inputs)


def continuous_months(months: Collection[int], month: int) -> int:
    """Return n for a payout in a month of the year, given the months that had income.

    It counts from the first month of the unbroken run of months with income in this year up to
    the present one, which has income by the payout itself. After a month without income the run,
    and with it the allowance, begins anew. This reading of "months of continuous income" is to be
    confirmed by an accountant.
    """
    first = month
    while first - 1 in months:
        first -= 1
    return month - first + 1


def withhold(regime: Regime, gross_fen: int, *, day: date, paid: Paid) -> Withholding:
    """Return what is withheld from a payout made on a local day.

    Raises:
        LookupError: no table of the regime holds on that day.
    """
    if regime is Regime.NONE:
        return NO_TAX
    if regime is Regime.PER_OCCURRENCE:
        table = in_force(PER_OCCURRENCE, day)
        if table is None:
            raise LookupError(f"no table of {regime} holds on {day}")
        total = paid.month_income_fen + gross_fen
        return per_occurrence(total, withheld_fen=paid.month_withheld_fen, table=table)
    cumulative = in_force(PLATFORM_CUMULATIVE, day)
    if cumulative is None:
        raise LookupError(f"no table of {regime} holds on {day}")
    return platform_cumulative(
        paid.year_income_fen + gross_fen,
        months=continuous_months(paid.months, day.month),
        withheld_fen=paid.year_withheld_fen,
        table=cumulative,
    )


def first_day(regime: Regime) -> date:
    """Return the first day on which a regime has a table; the first day of all for `none`."""
    tables: dict[Regime, Sequence[Dated]] = {
        Regime.NONE: (),
        Regime.PER_OCCURRENCE: PER_OCCURRENCE,
        Regime.PLATFORM_CUMULATIVE: PLATFORM_CUMULATIVE,
    }
    return min((table.effective_from for table in tables[regime]), default=date.min)
