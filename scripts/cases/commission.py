"""Cases of tiers, item rules, plan versions and clawbacks."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from groupbuy.commissions.rules import calculation, components
from groupbuy.commissions.rules.calculation import Line
from groupbuy.commissions.rules.monthly import QuotaBonus
from groupbuy.commissions.rules.terms import (
    Earning,
    Exclude,
    Flat,
    Mode,
    Replace,
    Tier,
    TierTable,
    VersionDate,
)
from groupbuy.commissions.rules.terms import (
    pick_version as picked_version,
)
from groupbuy.kernel.money import BPS
from scripts.cases import NotCovered, Operation, call

DAWN = datetime(2025, 9, 1, tzinfo=UTC)
ONLY = "only"
Tiers = Sequence[Sequence[int]]


class Amounts(dict[str, Any]):
    """What a month gave; facts about single lines are worked out when they are asked for."""

    def __missing__(self, key: str) -> Any:
        amounts: list[int] = self["line_fen"]
        if asked := re.fullmatch(r"lines_with_(\d+)_fen", key):
            return amounts.count(int(asked[1]))
        if asked := re.fullmatch(r"first_(\d+)_get_it", key):
            count = int(asked[1])
            return min(amounts[:count]) > max(amounts[count:], default=-1)
        raise KeyError(key)


def lines(
    *,
    mode: str,
    lines: list[dict[str, Any]],
    tiers: Tiers | None = None,
    versions: dict[str, Tiers] | None = None,
    cap_fen: int | None = None,
) -> dict[str, Any]:
    """A leader's month, line by line."""
    tables = {name: _table(mode, table) for name, table in (versions or {}).items()}
    if tiers is not None:
        tables[ONLY] = _table(mode, tiers)
    month = calculation.calculate(_in_order(lines, tables), cap_fen)
    return Amounts(
        total_fen=month.total_fen,
        volume_fen=month.volume_fen,
        line_fen=[line.amount_fen for line in month.lines],
    )


def _in_order(given: list[dict[str, Any]], tables: dict[str, TierTable]) -> Iterator[Line]:
    """Number the lines as given, one a minute."""
    number = 0
    for fields in given:
        copies = fields.get("repeat", 1)
        rest = {name: value for name, value in fields.items() if name != "repeat"}
        for _ in range(copies):
            yield call(_line, rest, number, tables)
            number += 1


def _line(
    number: int,
    tables: dict[str, TierTable],
    *,
    base: int = 0,
    refunded: int = 0,
    qty: int = 1,
    returned: int = 0,
    rule: str = "tiers",
    bps: int | None = None,
    per_unit_fen: int | None = None,
    counts: bool = True,
    mult_bps: int = BPS,
    v: str = ONLY,
) -> Line:
    return Line(
        line_id=f"{number:09}",
        completed_at=DAWN + timedelta(minutes=number),
        base_fen=base - refunded,
        quantity=qty - returned,
        earning=_earning(rule, bps, per_unit_fen, tables.get(v)),
        multiplier_bps=mult_bps,
        counts=counts,
    )


def _earning(
    rule: str, bps: int | None, per_unit_fen: int | None, table: TierTable | None
) -> Earning:
    if rule == "exclude":
        return Exclude()
    if rule == "flat" and per_unit_fen is not None:
        return Flat(per_unit_fen)
    if rule == "replace" and bps is not None:
        return Replace(bps)
    if rule == "tiers" and table is not None:
        return table
    raise NotCovered(f"rule {rule}")


def _table(mode: str, tiers: Tiers) -> TierTable:
    return TierTable(Mode(mode), tuple(Tier(*tier) for tier in tiers))


def flat(*, per_unit_fen: int, qty: int, returned: int = 0) -> dict[str, Any]:
    """An amount for each unit."""
    fields = {"rule": "flat", "per_unit_fen": per_unit_fen, "qty": qty, "returned": returned}
    return {"commission_fen": calculation.calculate(_in_order([fields], {})).total_fen}


def tier_total(
    *,
    mode: str,
    tiers: Tiers,
    volume_fen: int,
    mult_bps: int = BPS,
    cap_fen: int | None = None,
) -> dict[str, Any]:
    """A month's volume through the tiers."""
    whole = {"base": volume_fen, "mult_bps": mult_bps}
    return lines(mode=mode, tiers=tiers, cap_fen=cap_fen, lines=[whole])


def pick_version(
    *, versions: list[tuple[str, str]], paid_at: str, completed_at: str = ""
) -> dict[str, Any]:
    """The version that a sale falls under; when it completes does not matter."""
    known = [VersionDate(name, datetime.fromisoformat(since)) for name, since in versions]
    picked = picked_version(known, datetime.fromisoformat(paid_at))
    return {"version": picked and picked.id}


def claw_line(*, settled_fen: int, base_fen: int, refunds: list[int]) -> dict[str, Any]:
    """Refunds of a settled line, line by line."""
    clawbacks = [c.amount_fen for c in calculation.clawback_by_line(settled_fen, base_fen, refunds)]
    return {"clawbacks": clawbacks, "left_fen": settled_fen - sum(clawbacks)}


def claw_retier(*, mode: str, tiers: Tiers, before_fen: int, refund_fen: int) -> dict[str, Any]:
    """A refund of a settled month, the month computed anew."""
    tables = {ONLY: _table(mode, tiers)}
    settled = calculation.calculate(_in_order([{"base": before_fen}], tables)).total_fen
    rest = list(_in_order([{"base": before_fen, "refunded": refund_fen}], tables))
    clawback = calculation.clawback_by_retier(settled, rest)
    return {
        "settled_fen": settled,
        "recomputed_fen": settled - clawback,
        "clawback_fen": clawback,
    }


def override(*, base_fen: int, bps: int) -> dict[str, Any]:
    """What a seller's recruiter gets, and whoever recruited that one: nobody is paid two up."""
    return {
        "direct_recruiter_fen": components.override_fen(base_fen, bps),
        "recruiter_of_recruiter_fen": 0,
    }


def override_claw(*, base_fen: int, bps: int, clawed_fen: int) -> dict[str, Any]:
    """What a recruiter gives back with the recruit."""
    return {"clawback_fen": components.override_clawback(base_fen, clawed_fen, bps)}


def quota(*, volume_fen: int, quota_fen: int, bonus_fen: int) -> dict[str, Any]:
    """The bonus of a month's volume."""
    return {"bonus_fen": components.quota_bonus(volume_fen, QuotaBonus(quota_fen, bonus_fen))}


OPERATIONS: dict[str, Operation] = {
    "lines": lines,
    "flat": flat,
    "tier_total": tier_total,
    "pick_version": pick_version,
    "claw_line": claw_line,
    "claw_retier": claw_retier,
    "override": override,
    "override_claw": override_claw,
    "quota": quota,
}
