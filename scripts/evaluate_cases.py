"""Evaluate worked cases by the functions that settle: python scripts/evaluate_cases.py FILE

FILE is a JSON list of `{"id", "topic", "given": {"op", …}, "expect": {…}}`. Prints the cases that
differ and those that are not covered; exit code 1 if any differs, 2 if FILE cannot be read.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.cases import (
    NotCovered,
    Operation,
    attribution,
    call,
    commission,
    payout,
    rounding,
    settlement,
    training,
)

OPERATIONS: dict[str, Operation] = {
    **rounding.OPERATIONS,
    **commission.OPERATIONS,
    **settlement.OPERATIONS,
    **attribution.OPERATIONS,
    **payout.OPERATIONS,
    **training.OPERATIONS,
}

Case = Mapping[str, Any]


class Verdict(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    DIFFERS = "differs"
    NOT_COVERED = "not covered"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, and what to know about it."""

    verdict: Verdict
    detail: str = ""


def evaluate(case: Case) -> Outcome:
    """Evaluate one case; anything it gives that no function of ours knows is not covered."""
    given = dict(case["given"])
    name = given.pop("op")
    operation = OPERATIONS.get(name)
    if operation is None:
        return Outcome(Verdict.NOT_COVERED, f"operation {name}")
    try:
        return _compared(call(operation, given), case["expect"])
    except NotCovered as gap:
        return Outcome(Verdict.NOT_COVERED, str(gap))
    except Exception as error:  # whatever a case provokes is its result, not the end of the run
        return Outcome(Verdict.DIFFERS, f"raised {type(error).__name__}: {error}")


def _compared(got: Mapping[str, Any], expect: Mapping[str, Any]) -> Outcome:
    faults, unknown = [], []
    for key, expected in expect.items():
        try:
            value = got[key]
        except KeyError:
            unknown.append(key)
            continue
        if value != expected:
            faults.append(f"{key} is {_shown(value)}, expected {_shown(expected)}")
    if faults:
        return Outcome(Verdict.DIFFERS, "; ".join(faults))
    if unknown:
        return Outcome(Verdict.NOT_COVERED, f"expectation {', '.join(unknown)}")
    return Outcome(Verdict.PASSED)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def main(arguments: list[str] | None = None) -> int:
    """Evaluate a file and print the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="a JSON list of cases")
    path = parser.parse_args(arguments).file
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    outcomes = [(case["id"], evaluate(case)) for case in cases]
    for case_id, outcome in outcomes:
        if outcome.verdict is not Verdict.PASSED:
            print(f"{case_id}  {outcome.verdict}: {outcome.detail}")
    counts = Counter(outcome.verdict for _, outcome in outcomes)
    print(f"{len(outcomes)} cases:", ", ".join(f"{counts[v]} {v}" for v in Verdict))
    return 1 if counts[Verdict.DIFFERS] else 0


if __name__ == "__main__":
    sys.exit(main())
