"""One leader's statement: a pure function of the month's events and the published versions."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

import orjson

from groupbuy.commissions.rules.calculation import (
    CompletedLine,
    EarnedLine,
    calculate,
    cap_of,
    clawback_by_line,
)
from groupbuy.commissions.rules.terms import PlanTerms, RuleKind

CALCULATION_REVISION = 1
"""Raised by every change of the code after which a statement's bytes would differ."""


class LineKind(StrEnum):
    """What a statement's line is: a sale of the month, or a refund of an earlier month's sale."""

    SALES = "SALES"
    CLAWBACK = "CLAWBACK"


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


def fraction(value: Fraction) -> str:
    """Write a fraction as `n/d`, in lowest terms, the denominator always there."""
    return f"{value.numerator}/{value.denominator}"


class SettledRefund(NamedTuple):
    """A refund of a line that an earlier month settled.

    `base_fen`, `quantity` and `settled_fen` are what was left of the line when it was settled and
    what it was settled with; `earlier_fen` and `earlier_units` what refunds between then and this
    one gave back.
    """

    refund_key: str
    recorded_at: datetime
    amount_fen: int
    units: int
    leader_id: str
    corrects_id: str
    commission_line_id: str
    order_id: str
    order_line_id: str
    completed_at: datetime
    plan_version_id: str | None
    rule_kind: str
    reason: str | None
    multiplier_bps: int
    flat_fen_per_unit: int | None
    base_fen: int
    quantity: int
    settled_fen: int
    earlier_fen: int
    earlier_units: int


class LeaderMonth(NamedTuple):
    """All that a leader's statement is made of."""

    month: str
    leader_id: str
    carry_in_fen: int
    lines: Sequence[CompletedLine]
    refunds: Sequence[SettledRefund]


class StatementRow(NamedTuple):
    """One line of a statement, as it is stored (see models.StatementLine)."""

    position: int
    kind: LineKind
    commission_line_id: str
    order_id: str
    order_line_id: str
    completed_at: datetime
    plan_version_id: str | None
    rule_kind: str
    reason: str | None
    multiplier_bps: int
    flat_fen_per_unit: int | None
    base_fen: int
    quantity: int
    refunded_fen: int
    returned_quantity: int
    exact: str
    rounding: str
    amount_fen: int
    segments: list[list[int]] | None = None
    volume_from_fen: int | None = None
    volume_to_fen: int | None = None
    corrects_id: str | None = None
    refund_key: str | None = None
    refunded_at: datetime | None = None
    settled_fen: int | None = None
    remaining_before: int | None = None
    remaining_after: int | None = None
    target_before_fen: int | None = None
    target_after_fen: int | None = None


@dataclass(frozen=True, slots=True)
class LeaderStatement:
    """A leader's month: its figures (the columns of models.Statement) and its lines."""

    figures: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    digest: str


def settle(
    month: LeaderMonth, plans: Mapping[str, PlanTerms], *, min_payout_fen: int
) -> LeaderStatement:
    """Compute a leader's statement: the month's sales, then clawbacks in order of recording."""
    cap_fen = cap_of(month.lines, plans)
    earned = calculate((line.net(plans) for line in month.lines), cap_fen)
    rows = [*_sales(month.lines, earned.lines), *_clawbacks(month.refunds)]
    clawback_fen = sum(row.amount_fen for row in rows if row.kind is LineKind.CLAWBACK)
    balance = carry(
        month.carry_in_fen, [earned.total_fen, clawback_fen], min_payout_fen=min_payout_fen
    )
    figures = {
        "month": month.month,
        "leader_id": month.leader_id,
        "carry_in_fen": month.carry_in_fen,
        "volume_fen": earned.volume_fen,
        "uncapped_fen": earned.uncapped_fen,
        "cap_fen": cap_fen,
        "sales_fen": earned.total_fen,
        "clawback_fen": clawback_fen,
        "payable_fen": balance.payable_fen,
        "payout_fen": balance.payout_fen,
        "carry_out_fen": balance.carry_out_fen,
    }
    plain = [row._replace(position=position)._asdict() for position, row in enumerate(rows)]
    return LeaderStatement(figures, plain, digest([figures, plain]))


def _sales(lines: Sequence[CompletedLine], earned: Sequence[EarnedLine]) -> Iterator[StatementRow]:
    sold = {line.order_line_id: line for line in lines}
    for result in earned:
        line = sold[result.line.line_id]
        exact = result.exact
        yield StatementRow(
            position=0,
            kind=LineKind.SALES,
            commission_line_id=line.commission_line_id,
            order_id=line.order_id,
            order_line_id=line.order_line_id,
            completed_at=line.completed_at,
            plan_version_id=line.plan_version_id,
            rule_kind=line.kind,
            reason=line.reason,
            multiplier_bps=line.multiplier_bps,
            flat_fen_per_unit=line.flat_fen_per_unit,
            base_fen=result.line.base_fen,
            quantity=result.line.quantity,
            refunded_fen=line.refunded_fen,
            returned_quantity=line.returned_quantity,
            exact=fraction(exact),
            rounding=fraction(result.amount_fen - exact),
            amount_fen=result.amount_fen,
            segments=[list(segment) for segment in result.segments],
            volume_from_fen=result.position_from_fen,
            volume_to_fen=result.position_to_fen,
        )


def _clawbacks(refunds: Iterable[SettledRefund]) -> Iterator[StatementRow]:
    for refund in sorted(refunds, key=lambda refund: (refund.recorded_at, refund.refund_key)):
        flat = refund.rule_kind == RuleKind.FLAT
        basis = refund.quantity if flat else refund.base_fen
        earlier = refund.earlier_units if flat else refund.earlier_fen
        given_back = refund.units if flat else refund.amount_fen
        *_, taken = clawback_by_line(refund.settled_fen, basis, [earlier, given_back])
        deserved = Fraction(refund.settled_fen * taken.remaining_after, basis) if basis else 0
        yield StatementRow(
            position=0,
            kind=LineKind.CLAWBACK,
            commission_line_id=refund.commission_line_id,
            order_id=refund.order_id,
            order_line_id=refund.order_line_id,
            completed_at=refund.completed_at,
            plan_version_id=refund.plan_version_id,
            rule_kind=refund.rule_kind,
            reason=refund.reason,
            multiplier_bps=refund.multiplier_bps,
            flat_fen_per_unit=refund.flat_fen_per_unit,
            base_fen=refund.base_fen,
            quantity=refund.quantity,
            refunded_fen=refund.amount_fen,
            returned_quantity=refund.units,
            exact=fraction(Fraction(deserved)),
            rounding=fraction(taken.target_after_fen - Fraction(deserved)),
            amount_fen=-taken.amount_fen,
            corrects_id=refund.corrects_id,
            refund_key=refund.refund_key,
            refunded_at=refund.recorded_at,
            settled_fen=refund.settled_fen,
            remaining_before=taken.remaining_before,
            remaining_after=taken.remaining_after,
            target_before_fen=taken.target_before_fen,
            target_after_fen=taken.target_after_fen,
        )
