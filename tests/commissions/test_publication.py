"""The checks that stand between a draft and its publication."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupbuy.commissions.rules.monthly import Basis, Override
from groupbuy.commissions.rules.publication import publication_faults
from groupbuy.commissions.rules.terms import (
    ItemRule,
    Mode,
    RuleKind,
    TargetKind,
    Tier,
    TierTable,
)

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
MARGINAL = TierTable(Mode.MARGINAL, (Tier(0, 500), Tier(1_000_000, 700), Tier(5_000_000, 900)))
SKU = ItemRule(RuleKind.EXCLUDE, TargetKind.SKU, "sku_1")
NEAR = ItemRule(RuleKind.FLAT, TargetKind.CATEGORY, "cat_near", flat_fen_per_unit=5, counts=False)
FAR = ItemRule(RuleKind.REPLACE, TargetKind.CATEGORY, "cat_far", rate_bps=100)


def rule(kind: RuleKind, **fields: Any) -> ItemRule:
    return ItemRule(kind, TargetKind.SKU, "sku_2", **fields)


class TestOverrideLimit:
    """The worst case of the tiers (9 %) with a recruiter's share on top."""

    @pytest.mark.parametrize(
        ("override", "limit_bps"),
        [
            (Override(1_000, Basis.COMMISSION), 990),
            (Override(90, Basis.VOLUME), 990),
            (Override(1, Basis.COMMISSION), 901),
            (Override(1, Basis.VOLUME, months=3), 901),
        ],
    )
    def test_it_counts_toward_the_limit_to_the_basis_point(
        self, override: Override, limit_bps: int
    ) -> None:
        for limit, faults in ((limit_bps, []), (limit_bps - 1, [""])):
            found = TestPublication().faults(
                override=override, override_allowed=True, max_total_bps=limit
            )
            assert found == faults

    def test_it_is_multiplied_with_the_level_only_on_commission(self) -> None:
        doubled = {"multipliers_bps": [20_000], "override_allowed": True}
        for override, worst in ((Override(1_000), 1_980), (Override(100, Basis.VOLUME), 1_900)):
            for limit, faults in ((worst, []), (worst - 1, [""])):
                found = TestPublication().faults(override=override, max_total_bps=limit, **doubled)
                assert found == faults


class TestPublication:
    def faults(self, **changes: object) -> list[str]:
        draft: dict[str, object] = {
            "tiers": MARGINAL.tiers,
            "item_rules": [SKU, NEAR],
            "multipliers_bps": [],
            "effective_from": NOON,
            "latest_from": None,
            "now": NOON,
            "max_total_bps": 900,
        }
        return [f.pointer for f in publication_faults(**(draft | changes))]  # type: ignore[arg-type]

    def test_it_lets_a_sound_version_pass(self) -> None:
        assert self.faults() == []

    @pytest.mark.parametrize(
        ("changes", "pointers"),
        [
            ({"tiers": []}, ["/tiers"]),
            ({"tiers": [Tier(1, 500)]}, ["/tiers/0/0"]),
            (
                {"tiers": [Tier(0, 1), Tier(5, 2), Tier(5, 3), Tier(4, 4)]},
                ["/tiers/2/0", "/tiers/3/0"],
            ),
            ({"item_rules": [SKU, FAR, SKU]}, ["/item_rules/2/target_id"]),
            (
                {"item_rules": [rule(RuleKind.REPLACE, flat_fen_per_unit=0)]},
                ["/item_rules/0/rate_bps", "/item_rules/0/flat_fen_per_unit"],
            ),
            (
                {"item_rules": [rule(RuleKind.FLAT, rate_bps=0)]},
                ["/item_rules/0/rate_bps", "/item_rules/0/flat_fen_per_unit"],
            ),
            (
                {"item_rules": [rule(RuleKind.EXCLUDE, rate_bps=0)]},
                ["/item_rules/0/rate_bps"],
            ),
            ({"now": NOON + timedelta(seconds=1)}, ["/effective_from"]),
            ({"latest_from": NOON}, ["/effective_from"]),
            ({"max_total_bps": 899}, [""]),
            ({"multipliers_bps": [5_000, 10_001]}, [""]),
            ({"unknown": {NEAR}}, ["/item_rules/1/target_id"]),
            ({"override": Override(1), "max_total_bps": 9_000}, ["/recruiter_override"]),
        ],
    )
    def test_it_names_each_fault_and_its_place(
        self, changes: dict[str, object], pointers: list[str]
    ) -> None:
        assert self.faults(**changes) == pointers
