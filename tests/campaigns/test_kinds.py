"""Kinds of campaigns: each is one file, and nobody else knows its name."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.campaigns.kinds.interface import Kind
from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.rules import GroupBuyFacts, check_ladder, next_step, price_at
from tests.architecture.source import sources

FOLDER = Path("groupbuy/campaigns/kinds")
OTHER_WORDS = {"groupbuy/campaigns/api.py", "groupbuy/campaigns/queries/__init__.py"}
"""An example of the API description; and a leader's community, which is no kind."""


def test_it_keeps_the_name_of_a_kind_in_its_own_file() -> None:
    faults = [
        f"{source.place(node.lineno)} says {node.value!r}"
        for source in sources()
        if source.name not in OTHER_WORDS and Path(source.name).parent != FOLDER
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and node.value in KINDS
    ]
    assert faults == []


def test_it_names_each_kind_like_its_file() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "interface", "registry"}
    assert KINDS.keys() == files


def test_it_decides_nothing_unless_a_kind_says_so() -> None:
    kind, facts = Kind(), GroupBuyFacts("gbu_1")
    assert kind.outcome({}, facts)
    assert (kind.waits, kind.extension({}), kind.progress({}, facts)) == (False, None, None)
    assert kind.payable_for() is None


@pytest.mark.parametrize(
    ("measure", "participants", "units", "succeeds"),
    [
        ("participants", 3, 3, True),
        ("participants", 2, 9, False),
        ("units", 1, 3, True),
        ("units", 2, 2, False),
    ],
)
def test_it_needs_the_minimum_of_what_the_threshold_measures(
    measure: str, participants: int, units: int, succeeds: bool
) -> None:
    terms = {"measure": measure, "minimum": 3, "extension_hours": 2}
    facts = GroupBuyFacts("gbu_1", participants=participants, units=units)
    kind = KINDS["threshold"]
    assert kind.outcome(terms, facts) is succeeds
    assert kind.extension(terms) == timedelta(hours=2)
    progress = kind.progress(terms, facts)
    assert progress is not None
    assert (progress.missing == 0) is succeeds


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=10, unique=True),
    st.lists(st.integers(1, 5000), min_size=11, max_size=11, unique=True),
    st.integers(0, 600),
)
def test_it_goes_down_a_ladder_step_by_step(
    thresholds: list[int], prices: list[int], units: int
) -> None:
    falling = sorted(prices, reverse=True)
    above = [units for units in sorted(thresholds) if units > 1]
    ladder = [
        {"from_units": start, "price_fen": price}
        for start, price in zip([0, *above], falling, strict=False)
    ]
    assert check_ladder(ladder, price_fen=ladder[0]["price_fen"]) is None
    reached = max((s for s in ladder if s["from_units"] <= units), key=lambda s: s["from_units"])
    assert price_at(ladder, units) == reached["price_fen"]
    following = next_step(ladder, units)
    if following is None:
        assert reached == ladder[-1]
    else:
        assert price_at(ladder, units + following["units_missing"]) == following["price_fen"]
