"""Scores, pure: how bad each finding is."""

from typing import Any

import pytest

from groupbuy.holds.kinds.interface import Kind
from groupbuy.holds.kinds.registry import KINDS, title_of, told_of
from groupbuy.holds.rules import HOLD_MOVES, MANUAL, WORST, HoldState


def score(rule: str, **facts: Any) -> int:
    return KINDS[rule].score(facts, KINDS[rule].defaults)


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        ("self_purchase_account", {"commissionable": True}, 100),
        ("self_purchase_account", {"commissionable": False}, 30),
        ("self_purchase_phone", {}, 90),
        ("self_purchase_payer", {"own_orders": 1}, 80),
        ("self_purchase_payer", {"own_orders": 3}, 90),
        ("self_purchase_payer", {"own_orders": 99}, 100),
        ("many_orders_one_payer", {"same": "payer", "orders": 5}, 60),
        ("many_orders_one_payer", {"same": "payer", "orders": 7}, 80),
        ("many_orders_one_payer", {"same": "payer", "orders": 50}, 100),
        ("many_orders_one_payer", {"same": "shopper", "orders": 10}, 60),
        ("burst_refunded", {"taken_fen": 300_100, "volume_fen": 1_000_000}, 50),
        ("burst_refunded", {"taken_fen": 650_000, "volume_fen": 1_000_000}, 75),
        ("burst_refunded", {"taken_fen": 1_000_000, "volume_fen": 1_000_000}, 100),
    ],
)
def test_it_scores_what_was_found(rule: str, facts: dict[str, Any], expected: int) -> None:
    assert score(rule, **facts) == expected


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_it_describes_every_rule_for_people(kind: Kind) -> None:
    assert 0 < kind.threshold <= WORST
    for text in (kind.title, kind.told, *(p.meaning for p in kind.parameters.values())):
        assert text.en.isascii()
        assert not text.zh.isascii()
    for parameter in kind.parameters.values():
        assert parameter.minimum <= parameter.default <= parameter.maximum


def test_it_has_words_for_holds_by_hand() -> None:
    assert title_of(MANUAL).en == "Placed by hand"
    assert "Headquarters" in told_of(MANUAL).en


def test_it_decides_a_hold_once() -> None:
    assert {before for before, _ in HOLD_MOVES} == {HoldState.HELD}
    assert set(HOLD_MOVES.values()) == {HoldState.RELEASED, HoldState.REJECTED}
