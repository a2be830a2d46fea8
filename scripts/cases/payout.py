"""Cases of tax, and of a month from what was earned to what arrives."""

from typing import Any

from groupbuy.payouts.rules.tax import NO_TAX, Withholding, per_occurrence, platform_cumulative
from groupbuy.settlement.rules.statements import carry
from scripts.cases import NotCovered, Operation


def tax_once(*, income_fen: int) -> dict[str, Any]:
    """One payout in a month."""
    tax_fen = per_occurrence(income_fen).tax_fen
    return {"tax_fen": tax_fen, "net_fen": income_fen - tax_fen}


def tax_month(*, incomes_fen: list[int]) -> dict[str, Any]:
    """Payouts of one month, one after the other."""
    taxes: list[int] = []
    for number in range(1, len(incomes_fen) + 1):
        total_fen = sum(incomes_fen[:number])
        taxes.append(per_occurrence(total_fen, withheld_fen=sum(taxes)).tax_fen)
    return {"taxes": taxes}


def tax_cum(*, incomes_fen: list[int], months_n: list[int]) -> dict[str, Any]:
    """Payouts of one year, each with its count of months."""
    taxes: list[int] = []
    for number, months in enumerate(months_n, 1):
        income_fen = sum(incomes_fen[:number])
        withheld = platform_cumulative(income_fen, months=months, withheld_fen=sum(taxes))
        taxes.append(withheld.tax_fen)
    return {"taxes": taxes}


def e2e(
    *,
    opening_fen: int,
    sales_fen: int,
    bonus_fen: int,
    override_fen: int,
    clawback_fen: int,
    adjust_fen: int,
    min_payout_fen: int,
    regime: str,
) -> dict[str, Any]:
    """A month from its components to what the leader receives."""
    components = [sales_fen, bonus_fen, override_fen, clawback_fen, adjust_fen]
    balance = carry(opening_fen, components, min_payout_fen=min_payout_fen)
    tax_fen = _withheld(regime, balance.payout_fen).tax_fen
    return {
        "payable_fen": balance.payable_fen,
        "tax_fen": tax_fen,
        "net_fen": balance.payout_fen - tax_fen,
        "carry_fen": balance.carry_out_fen,
    }


def _withheld(regime: str, income_fen: int) -> Withholding:
    match regime:
        case "none":
            return NO_TAX
        case "per_occurrence":
            return per_occurrence(income_fen)
        case "cumulative_first_month":
            return platform_cumulative(income_fen, months=1)
    raise NotCovered(f"regime {regime}")


OPERATIONS: dict[str, Operation] = {
    "tax_once": tax_once,
    "tax_month": tax_month,
    "tax_cum": tax_cum,
    "e2e": e2e,
}
