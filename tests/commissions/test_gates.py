"""Simulations of plans that ask for certificates."""

from flask import Flask

from groupbuy.kernel.db import transaction
from groupbuy.leaders import services as leaders
from tests.commissions.test_simulations import simulated
from tests.factories import commissions
from tests.factories.settlement import local


def test_it_asks_for_the_certificates_that_bonuses_and_multipliers_ask_for(app: Flask) -> None:
    now = local("2026-03-02 09:00")
    bonus = {"quota_fen": 50_000, "bonus_fen": 1_000}
    with transaction():
        leaders.offer_qualification(code="fresh", title_zh="生鲜", title_en="Fresh goods")
    commissions.published(quota_bonus=bonus, bonus_qualification="fresh")
    mei, lan = commissions.stall(level=2), commissions.stall(level=2)
    with transaction():
        leaders.record_achievement(
            leader_id=mei.leader_id,
            code="fresh",
            from_at=now,
            until_at=None,
            source="exam",
            now=now,
        )
    for stall in (mei, lan):
        stall.sell_each(100_000)
    found = simulated(
        [[0, 500]],
        level_multipliers={"2": 12_000},
        multiplier_qualification="fresh",
        quota_bonus=bonus,
        bonus_qualification="fresh",
    )
    assert found == {
        mei.leader_id: (100_000, 6_000, 7_000),
        lan.leader_id: (100_000, 5_000, 5_000),
    }
