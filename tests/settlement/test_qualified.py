"""Bonuses and multipliers that ask for a certificate; what was earned stays whatever becomes of it.

Every test begins on 2 March: a certificate that was earned on that day a year ago expires today.
"""

from datetime import date, timedelta

import pytest
from flask import Flask

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.leaders.models import Leader
from groupbuy.settlement.rules.wording import explain_component
from groupbuy.training.models import Certificate, Certification
from tests.factories import certificates, commissions
from tests.factories.commissions import Stall
from tests.factories.settlement import (
    after_cutoff,
    components_of,
    figures_of,
    local,
    same_again,
    settled,
    statement_of,
)

MARCH, APRIL = "2026-03", "2026-04"
QUOTA = {"quota_fen": 500_000, "bonus_fen": 20_000}


@pytest.fixture
def fresh(app: Flask) -> Certification:
    return certificates.certification(code="fresh")


def certified(
    stall: Stall, certification: Certification, earned_on: date | None = None
) -> Certificate:
    leader = session().get_one(Leader, stall.leader_id)
    return certificates.certificate(certification, leader, earned_on=earned_on)


def explained(stall: Stall, month: str) -> list[tuple[str, int, str]]:
    found = components_of(statement_of(stall.leader_id, month))
    return [
        (
            part.kind,
            part.amount_fen,
            explain_component(kind=part.kind, inputs=part.inputs, amount_fen=part.amount_fen).en,
        )
        for part in found
    ]


class TestBonus:
    """The plan version may ask for a certificate at the end of the month."""

    def test_it_pays_who_is_certified_and_says_what_is_missing(self, fresh: Certification) -> None:
        commissions.published(quota_bonus=QUOTA, bonus_qualification="fresh")
        mei, lan, zoe = (commissions.stall() for _ in range(3))
        certified(mei, fresh)
        for stall, fen in ((mei, 600_000), (lan, 600_000), (zoe, 100_000)):
            stall.sell_each(fen)
        settled(MARCH)
        told = "your volume of ¥6,000.00 reached ¥5,000.00"
        assert explained(mei, MARCH) == [
            ("QUOTA_BONUS", 20_000, f"{told}, certified (fresh) at its end")
        ]
        why = "but the month ended without a valid certificate (fresh): not paid"
        assert explained(lan, MARCH) == [("QUOTA_BONUS", 0, f"{told}, {why}")]
        assert explained(zoe, MARCH) == []
        [part] = components_of(statement_of(mei.leader_id, MARCH))
        assert part.inputs["qualified_by"].startswith("ctm_")
        assert figures_of(lan.leader_id, MARCH) == {"sales_fen": 30_000}

    def test_it_ranks_only_who_is_certified(self, fresh: Certification) -> None:
        commissions.published(rank_bonuses=[3_000, 2_000], bonus_qualification="fresh")
        mei, lan, zoe = (commissions.stall() for _ in range(3))
        for stall, fen in ((lan, 300_000), (mei, 200_000), (zoe, 100_000)):
            stall.sell_each(fen)
        for stall in (mei, zoe):
            certified(stall, fresh)
        settled(MARCH)
        assert [figures_of(stall.leader_id, MARCH).get("rank_bonus_fen") for stall in (mei, zoe)]
        certificate = "certified (fresh) at its end"
        assert explained(mei, MARCH) == [
            ("RANK_BONUS", 3_000, f"place 1 of 2 by volume, {certificate}")
        ]
        assert explained(zoe, MARCH) == [
            ("RANK_BONUS", 2_000, f"place 2 of 2 by volume, {certificate}")
        ]
        [(kind, amount_fen, how)] = explained(lan, MARCH)
        assert (kind, amount_fen) == ("RANK_BONUS", 0)
        assert how.startswith("you took no place by volume, but the month ended without")

    @pytest.mark.parametrize(
        ("earned_on", "paid"), [(date(2025, 3, 30), False), (date(2025, 3, 31), True)]
    )
    def test_it_counts_to_the_end_of_the_last_day(
        self, fresh: Certification, earned_on: date, paid: bool
    ) -> None:
        commissions.published(quota_bonus=QUOTA, bonus_qualification="fresh")
        mei = commissions.stall()
        certified(mei, fresh, earned_on)
        mei.sell_each(600_000)
        settled(MARCH)
        assert ("quota_bonus_fen" in figures_of(mei.leader_id, MARCH)) is paid

    def test_it_touches_nothing_that_was_settled(
        self, fresh: Certification, clock: ManualClock
    ) -> None:
        commissions.published(quota_bonus=QUOTA, bonus_qualification="fresh")
        mei = commissions.stall()
        certificate = certified(mei, fresh)
        mei.sell_each(600_000)
        clock.at = after_cutoff(MARCH) - timedelta(days=3)
        certificates.revoked(certificate)
        settled(MARCH)
        digest = statement_of(mei.leader_id, MARCH).digest
        assert figures_of(mei.leader_id, MARCH) == {
            "sales_fen": 30_000,
            "quota_bonus_fen": 20_000,
        }
        mei.sell_each(600_000, month=APRIL)
        settled(APRIL)
        assert figures_of(mei.leader_id, APRIL) == {"sales_fen": 30_000}
        clock.at = after_cutoff(APRIL)
        certified(mei, fresh)
        clock.advance(days=800)
        assert same_again(MARCH)
        assert same_again(APRIL)
        assert statement_of(mei.leader_id, MARCH).digest == digest

    def test_it_writes_what_asks_for_nothing_as_before(self, app: Flask) -> None:
        commissions.published(quota_bonus=QUOTA, rank_bonuses=[1_000])
        mei = commissions.stall()
        mei.sell_each(600_000)
        settled(MARCH)
        quota, rank = components_of(statement_of(mei.leader_id, MARCH))
        assert quota.inputs == {"volume_fen": 600_000, "quota_fen": 500_000}
        assert rank.inputs.keys() == {"place", "of", "volume_fen", "reached_at"}


class TestMultiplier:
    """The plan version may ask for a certificate before it multiplies."""

    def test_it_multiplies_while_the_leader_is_certified(
        self, fresh: Certification, clock: ManualClock
    ) -> None:
        commissions.published(level_multipliers={"2": 12_000}, multiplier_qualification="fresh")
        mei, lan = commissions.stall(level=2), commissions.stall(level=2)
        certificate = certified(mei, fresh)
        [first] = mei.sell_each(100_000)
        [plain] = lan.sell_each(100_000)
        clock.at = local("2026-03-20 12:00")
        certificates.revoked(certificate)
        later = mei.sell(100_000, at=local("2026-03-25 12:00"))
        session().expire_all()
        assert [line.multiplier_bps for line in (first, plain, later)] == [12_000, 10_000, 10_000]
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 6_000 + 5_000}

    def test_it_asks_what_held_when_the_order_was_paid(
        self, fresh: Certification, clock: ManualClock
    ) -> None:
        commissions.published(level_multipliers={"2": 12_000}, multiplier_qualification="fresh")
        mei, lan = commissions.stall(level=2), commissions.stall(level=2)
        certificate = certified(lan, fresh)
        [line] = mei.sell_each(100_000)
        clock.at = local("2026-03-20 12:00")
        certificates.revoked(certificate)
        commissions.transferred(line, lan, at=local("2026-03-21 12:00"))
        settled(MARCH)
        assert figures_of(lan.leader_id, MARCH) == {"sales_fen": 6_000}

    def test_it_never_raises_a_multiplier_below_one(self, fresh: Certification) -> None:
        commissions.published(level_multipliers={"1": 8_000}, multiplier_qualification="fresh")
        mei = commissions.stall()
        [line] = mei.sell_each(100_000)
        assert line.multiplier_bps == 8_000
