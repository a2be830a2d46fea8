"""Replay months of grocery shopping through the real services, and settle them.

The data is completejourney (84.51°), published as simulated data for education. A store is a
leader, a household a shopper, a basket an order, a week a campaign; the clock is set by hand.
It runs in a database of its own: `groupbuy_replay` on an embedded server in .replay/, or beside
the database that DATABASE_URL names. Interrupted (even killed), it goes on where it was.

    python scripts/replay.py --stores 20 --months 2017-01[,2017-02] [--plan FILE] [--json OUT]
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from groupbuy.commissions.errors import PlanNotPublishable
from scripts.replay_run import Interrupted, Parameters, Refused, replay
from scripts.replay_show import show

DEFAULT_PLAN = {"mode": "marginal", "tiers": [[0, 1_000], [200_000, 1_500], [800_000, 2_000]]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and return the exit code: 0, 1 if the books have a fault, 130 if interrupted."""
    options = _options(arguments)
    parameters = Parameters(options.stores, tuple(options.months), options.plan)
    console = Console()
    console.print("Data: completejourney (84.51°), published as simulated data for education.")
    try:
        outcome = replay(parameters, console, fresh=options.fresh)
    except Interrupted as interruption:
        console.print(f"Interrupted at {interruption}. Run it again to go on.")
        return 130
    except Refused as refusal:
        console.print(str(refusal))
        return 2
    except PlanNotPublishable as refusal:
        console.print(f"The plan cannot be published: {refusal.document('en')['errors']}")
        return 2
    if options.json:
        options.json.write_text(json.dumps(outcome.result, indent=1) + "\n")
    return 0 if show(console, outcome) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stores", type=_count, default=20, help="how many of the busiest stores")
    parser.add_argument("--months", type=_months, default="2017-01", help="2017-01[,2017-02,…]")
    parser.add_argument(
        "--plan", type=_plan, default=DEFAULT_PLAN, help='{"mode": …, "tiers": [[from, rate], …]}'
    )
    parser.add_argument("--json", type=Path, help="write the result here")
    parser.add_argument("--fresh", action="store_true", help="begin anew, whatever was done")
    return parser.parse_args(arguments)


def _count(value: str) -> int:
    if not value.isdecimal() or int(value) == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(value)


def _months(value: str) -> list[str]:
    months = sorted(set(value.split(",")))
    if not all(re.fullmatch(r"2017-(0[1-9]|1[0-2])", month) for month in months):
        raise argparse.ArgumentTypeError("months look like 2017-01,2017-02; the data covers 2017")
    return months


def _plan(value: str) -> dict[str, Any]:
    try:
        plan = json.loads(Path(value).read_text())
        tiers = [[int(str(number)) for number in tier] for tier in plan["tiers"]]
        if plan["mode"] not in ("marginal", "whole") or {len(tier) for tier in tiers} != {2}:
            raise ValueError(plan)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"not a plan: {error!r}") from error
    return {"mode": plan["mode"], "tiers": tiers}


if __name__ == "__main__":
    sys.exit(main())
