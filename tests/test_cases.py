"""The worked cases of the design, each evaluated by the domain's own functions."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.evaluate_cases import OPERATIONS, Verdict, evaluate, main

FILE = Path(__file__).parent / "data" / "commission.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
COVERED = [case for case in CASES if case["given"]["op"] in OPERATIONS]

T18 = next(case for case in CASES if case["id"] == "T18")
N01 = next(case for case in CASES if case["id"] == "N01")


@pytest.mark.parametrize("case", COVERED, ids=[case["id"] for case in COVERED])
def test_it_gives_what_the_case_expects(case: dict[str, Any]) -> None:
    outcome = evaluate(case)
    assert outcome.verdict is Verdict.PASSED, outcome.detail


def test_it_covers_every_operation_of_this_issue() -> None:
    assert set(OPERATIONS) == {
        *("rate", "lines", "allot", "flat", "tier_total", "pick_version", "claw_line"),
        *("claw_retier", "month", "cutoff", "refund_period", "statements"),
        *("lock", "attribute", "reattribute"),
        *("override", "override_claw", "quota"),
        *("tax_once", "tax_month", "tax_cum", "e2e"),
        *("segments", "attendance", "grading", "progress", "recert", "watched", "moveon"),
    }


def test_it_names_what_differs() -> None:
    wrong = {**T18, "expect": {"total_fen": 348_001, "line_fen": [30_000, 34_000, 284_000]}}
    outcome = evaluate(wrong)
    assert outcome.verdict is Verdict.DIFFERS
    assert outcome.detail == "total_fen is 348000, expected 348001"


@pytest.mark.parametrize(
    "case",
    [
        {"given": {"op": "quota", "volume_fen": 80_000}, "expect": {"bonus_fen": 0}},
        {"given": {"op": "tax_once", "income_fen": 1, "year": 2017}, "expect": {"tax_fen": 0}},
        {**T18, "given": {**T18["given"], "guarantee_fen": 1}},
        {**T18, "given": {**T18["given"], "lines": [{"base": 1, "co_hosts": 2}]}},
        {**T18, "expect": {"total_fen": 348_000, "bonus_fen": 0}},
        {**N01, "given": {**N01["given"], "grace_days": 3}},
        {"given": {"op": "rate", "base_fen": 1, "rate_bps": 1, "round": "floor"}, "expect": {}},
        {"given": {"op": "allot", "amount_fen": 1, "weights": [1], "algo": "floor"}, "expect": {}},
    ],
)
def test_it_does_not_pass_what_it_does_not_know(case: dict[str, Any]) -> None:
    assert evaluate(case).verdict is Verdict.NOT_COVERED


def test_it_takes_an_error_for_a_difference() -> None:
    given = {"op": "claw_line", "settled_fen": 10, "base_fen": 100, "refunds": [101]}
    outcome = evaluate({"given": given, "expect": {"clawbacks": [10]}})
    assert outcome.verdict is Verdict.DIFFERS
    assert "ValueError" in outcome.detail


class TestCommandLine:
    """python scripts/evaluate_cases.py FILE"""

    def test_it_succeeds_on_the_design_s_cases(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([str(FILE)]) == 0
        assert capsys.readouterr().out == "77 cases: 77 passed, 0 differs, 0 not covered\n"

    def test_it_fails_when_a_case_differs(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "cases.json"
        file.write_text(json.dumps([{**T18, "expect": {"total_fen": 1}}]))
        assert main([str(file)]) == 1
        assert "T18  differs: total_fen is 348000, expected 1" in capsys.readouterr().out

    def test_it_says_so_when_the_file_is_no_json(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "cases.json"
        file.write_text("not json")
        assert main([str(file)]) == 2
        assert "cases.json" in capsys.readouterr().err
