"""What a statement is made of, and how its parts become what is paid or carried over."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import orjson

CALCULATION_REVISION = 2
"""Raised by every change of the code after which a statement's bytes would differ."""


class CorrectionKind(StrEnum):
    """What a later event did to a line of a settled month, or to a line held back."""

    CLAWBACK = "CLAWBACK"
    RETIER = "RETIER"
    TRANSFER = "TRANSFER"
    FORFEIT = "FORFEIT"
    HOLD = "HOLD"
    RELEASE = "RELEASE"


class ComponentKind(StrEnum):
    """What a statement holds beside the lines, in the order of the calculation."""

    OVERRIDE = "OVERRIDE"
    OVERRIDE_CLAWBACK = "OVERRIDE_CLAWBACK"
    SERVICE_FEE = "SERVICE_FEE"
    QUOTA_BONUS = "QUOTA_BONUS"
    RANK_BONUS = "RANK_BONUS"
    GUARANTEE = "GUARANTEE"
    SPLIT = "SPLIT"
    ADJUSTMENT = "ADJUSTMENT"
    WRITE_OFF = "WRITE_OFF"


COLUMN_OF: dict[CorrectionKind | ComponentKind, str] = {
    ComponentKind.OVERRIDE: "override_fen",
    ComponentKind.SERVICE_FEE: "service_fee_fen",
    ComponentKind.QUOTA_BONUS: "quota_bonus_fen",
    ComponentKind.RANK_BONUS: "rank_bonus_fen",
    ComponentKind.GUARANTEE: "guarantee_fen",
    ComponentKind.SPLIT: "split_fen",
    CorrectionKind.CLAWBACK: "clawback_fen",
    CorrectionKind.RETIER: "clawback_fen",
    ComponentKind.OVERRIDE_CLAWBACK: "clawback_fen",
    CorrectionKind.TRANSFER: "transfer_fen",
    CorrectionKind.FORFEIT: "transfer_fen",
    ComponentKind.ADJUSTMENT: "adjustment_fen",
    ComponentKind.WRITE_OFF: "write_off_fen",
    CorrectionKind.HOLD: "hold_fen",
    CorrectionKind.RELEASE: "release_fen",
}
"""Where a statement adds up each kind of correction and component."""

COMPONENTS = ("sales_fen", *dict.fromkeys(COLUMN_OF.values()))
"""The columns of a statement that, with what was carried in, sum to what is payable."""

MISSING = "missing_qualification"
"""The input of a bonus that was not paid: the code of what the leader was not qualified in."""

GUARANTEED = (
    "sales_fen",
    "override_fen",
    "service_fee_fen",
    "quota_bonus_fen",
    "rank_bonus_fen",
)
"""What a guarantee fills up to its floor."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a statement ends with; `payable_fen` is either paid out or carried, as a whole."""

    payable_fen: int
    payout_fen: int
    carry_out_fen: int


def carry(carry_in_fen: int, components_fen: Iterable[int], *, min_payout_fen: int) -> Balance:
    """Add a month's components to what was carried in.

    A payable amount of at least `min_payout_fen`, and above 0, is paid; anything else, negative
    amounts too, is carried into the next month.
    """
    payable = carry_in_fen + sum(components_fen)
    pays = payable > 0 and payable >= min_payout_fen
    return Balance(payable, payable if pays else 0, 0 if pays else payable)


def reattribute(settled_fen: int, clawed_back_fen: int = 0) -> tuple[int, int]:
    """Return what the old and the new leader of a settled order get: the amount, not re-tiered."""
    remaining = settled_fen - clawed_back_fen
    return -remaining, remaining


def canonical(document: Any) -> bytes:
    """Return the one way to write a document: JSON with sorted keys and no white space."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def digest(document: Any) -> str:
    """Return the SHA-256 of a document's canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def fraction(value: Fraction | int) -> str:
    """Write a fraction as `n/d`, in lowest terms, the denominator always there."""
    exact = Fraction(value)
    return f"{exact.numerator}/{exact.denominator}"
