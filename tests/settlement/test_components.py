"""What a month pays beside its sales: recruits, parcels, bonuses, the guarantee."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.commissions import services
from groupbuy.kernel.db import transaction
from tests.factories import commissions
from tests.factories.commissions import Stall
from tests.factories.settlement import (
    components_of,
    figures_of,
    local,
    settled,
    statement_of,
)

MARCH, APRIL, MAY = "2026-03", "2026-04", "2026-05"


def parts(stall: Stall, month: str) -> list[tuple[str, int]]:
    """Return the kind and amount of each component."""
    found = components_of(statement_of(stall.leader_id, month))
    return [(part.kind, part.amount_fen) for part in found]


class TestOverride:
    def chain(self, **override: Any) -> tuple[Stall, Stall, Stall]:
        """Return Ana, who recruited Mei, who recruited Lan."""
        terms = {"bps": 1_000, "basis": "commission", "months": None, **override}
        commissions.published(recruiter_override=terms)
        ana = commissions.stall()
        mei = commissions.stall(recruiter_id=ana.leader_id)
        return ana, mei, commissions.stall(recruiter_id=mei.leader_id)

    def test_it_pays_one_level_above_the_seller(self, app: Flask) -> None:
        ana, mei, lan = self.chain()
        mei.sell_each(600_000, 600_000, 4_000_000)
        lan.sell_each(600_000)
        settled(MARCH)
        assert figures_of(lan.leader_id, MARCH) == {"sales_fen": 30_000}
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 348_000, "override_fen": 3_000}
        assert figures_of(ana.leader_id, MARCH) == {"override_fen": 34_800}
        [part] = components_of(statement_of(ana.leader_id, MARCH))
        assert part.key == f"{mei.leader_id}:{MARCH}"
        assert (part.inputs["base_fen"], part.inputs["bps"]) == (348_000, 1_000)

    def test_it_takes_back_in_proportion_what_refunds_took(self, app: Flask) -> None:
        ana, mei, _ = self.chain()
        _, second, third = mei.sell_each(600_000, 600_000, 4_000_000)
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        for number in range(9):
            commissions.refund(third, 70, at=local(f"2026-05-{10 + number} 12:00"))
        settled(MARCH, APRIL, MAY)
        assert parts(ana, APRIL) == [("OVERRIDE_CLAWBACK", -3_400)]
        assert figures_of(ana.leader_id, APRIL) == {"clawback_fen": -3_400}
        assert figures_of(mei.leader_id, MAY) == {"clawback_fen": -45}
        [part] = components_of(statement_of(ana.leader_id, MAY))
        assert (part.amount_fen, part.exact) == (-4, "-9/2")

    def test_it_loses_nothing_to_rounding_over_the_months(self, app: Flask) -> None:
        ana, mei, _ = self.chain()
        [line] = mei.sell_each(1_000)
        for month, amount_fen in ((APRIL, 80), (MAY, 80), ("2026-06", 840)):
            commissions.refund(line, amount_fen, at=local(f"{month}-20 12:00"))
        settled(MARCH, APRIL, MAY, "2026-06")
        assert parts(ana, MARCH) == [("OVERRIDE", 5)]
        taken = [parts(ana, month) for month in (APRIL, MAY, "2026-06")]
        assert taken == [
            [("OVERRIDE_CLAWBACK", 0)],
            [("OVERRIDE_CLAWBACK", -1)],
            [("OVERRIDE_CLAWBACK", -4)],
        ]

    def test_it_follows_an_order_that_went_to_another_leader(self, app: Flask) -> None:
        ana, mei, lan = self.chain()
        _, second = mei.sell_each(600_000, 600_000)
        commissions.transferred(second, lan, at=local("2026-04-20 12:00"))
        commissions.refund(second, 600_000, quantity=1, at=local("2026-05-20 12:00"))
        settled(MARCH, APRIL, MAY)
        assert parts(ana, APRIL) == [("OVERRIDE_CLAWBACK", -3_400)]
        assert figures_of(lan.leader_id, MAY) == {"clawback_fen": -34_000}
        assert parts(mei, APRIL) == []

    @pytest.mark.parametrize("mode", ["marginal", "whole"])
    def test_it_pays_a_share_of_the_volume(self, app: Flask, mode: str) -> None:
        terms = {"bps": 50, "basis": "volume", "months": None}
        rule = {
            "kind": "flat",
            "target_kind": "sku",
            "rate_bps": None,
            "flat_fen_per_unit": 100,
            "counts": True,
        }
        ana = commissions.stall()
        mei = commissions.stall(recruiter_id=ana.leader_id)
        by_piece = commissions.stall(leader_id=mei.leader_id)
        commissions.published(
            mode=mode,
            recruiter_override=terms,
            item_rules=[{**rule, "target_id": by_piece.sku_id}],
        )
        first, _, _ = mei.sell_each(600_000, 600_000, 3_600_000)
        flat = by_piece.sell(400_000, at=local("2026-03-20 12:00"), quantity=4)
        commissions.refund(first, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        commissions.transferred(flat, None, at=local("2026-04-21 12:00"))
        settled(MARCH, APRIL)
        assert parts(ana, MARCH) == [("OVERRIDE", 26_000)]
        assert parts(ana, APRIL) == [("OVERRIDE_CLAWBACK", -5_000)]

    def test_it_ends_with_its_term(self, app: Flask) -> None:
        ana, mei, _ = self.chain(months=1)
        for month in (MARCH, APRIL):
            mei.sell_each(600_000, month=month)
        ana.sell_each(600_000, month=APRIL)
        settled(MARCH, APRIL)
        assert parts(ana, MARCH) == [("OVERRIDE", 3_000)]
        assert parts(ana, APRIL) == []


class TestServiceFee:
    def test_it_pays_for_each_parcel_of_the_month(self, app: Flask) -> None:
        version = commissions.published(service_fee_fen=150)
        mei, lan = commissions.stall(), commissions.stall()
        days = ("03-10 12:00", "03-11 12:00", "03-31 23:59", "04-01 00:00")
        for day in days:
            completed_at = local(f"2026-{day}")
            line = lan.sell(100_000, at=completed_at)
            with transaction():
                services.pay_service_fee(
                    order_id=line.order_id,
                    leader_id=mei.leader_id,
                    level=1,
                    region=mei.region,
                    paid_at=line.paid_at,
                    completed_at=completed_at,
                )
        settled(MARCH, APRIL)
        assert figures_of(mei.leader_id, MARCH) == {"service_fee_fen": 450}
        assert figures_of(mei.leader_id, APRIL) == {"service_fee_fen": 150}
        [part] = components_of(statement_of(mei.leader_id, MARCH))
        assert (part.key, part.inputs) == (f"{version.id}:150", {"fee_fen": 150, "parcels": 3})


QUOTA = {"quota_fen": 1_000_000, "bonus_fen": 5_000}


class TestQuotaBonus:
    @pytest.mark.parametrize(
        ("base_fen", "refund_fen", "bonus_fen"),
        [(1_000_000, 0, 5_000), (999_999, 0, 0), (1_000_001, 1, 5_000), (1_000_000, 1, 0)],
    )
    def test_it_is_paid_from_the_quota_on(
        self, app: Flask, base_fen: int, refund_fen: int, bonus_fen: int
    ) -> None:
        commissions.published(quota_bonus=QUOTA)
        mei = commissions.stall()
        [line] = mei.sell_each(base_fen)
        if refund_fen:
            commissions.refund(line, refund_fen, at=local("2026-04-07 23:59"))
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH).get("quota_bonus_fen", 0) == bonus_fen

    def test_it_is_not_reopened_by_a_later_refund(self, app: Flask) -> None:
        commissions.published(quota_bonus=QUOTA)
        mei = commissions.stall()
        [line] = mei.sell_each(1_000_000)
        commissions.refund(line, 1_000_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert figures_of(mei.leader_id, MARCH) == {"sales_fen": 50_000, "quota_bonus_fen": 5_000}
        assert figures_of(mei.leader_id, APRIL) == {"clawback_fen": -50_000}


class TestRankBonus:
    def ranked(self, sales: Sequence[tuple[int, datetime]]) -> list[int]:
        """Let leaders sell, each in two parts of which the second completes the volume."""
        commissions.published(rank_bonuses=[3_000, 2_000, 1_000])
        stalls = [commissions.stall() for _ in sales]
        for stall, (volume_fen, reached_at) in zip(stalls, sales, strict=True):
            stall.sell(volume_fen - 100, at=reached_at - timedelta(hours=1))
            stall.sell(100, at=reached_at)
        settled(MARCH)
        return [figures_of(stall.leader_id, MARCH).get("rank_bonus_fen", 0) for stall in stalls]

    def test_it_goes_by_volume(self, app: Flask) -> None:
        at = local("2026-03-20 12:00")
        sales = [(200_000, at), (400_000, at), (100_000, at), (300_000, at)]
        assert self.ranked(sales) == [1_000, 3_000, 0, 2_000]

    def test_it_prefers_who_reached_it_first_then_the_lower_id(self, app: Flask) -> None:
        late, early = local("2026-03-20 12:00"), local("2026-03-20 11:59")
        sales = [(200_000, late), (200_000, late), (200_000, early), (200_000, late)]
        assert self.ranked(sales) == [2_000, 1_000, 3_000, 0]

    def test_it_ranks_net_of_what_was_refunded_and_does_not_count(self, app: Flask) -> None:
        commissions.published(rank_bonuses=[3_000, 2_000])
        mei, lan, zoe = (commissions.stall() for _ in range(3))
        [line] = mei.sell_each(300_000)
        commissions.refund(line, 200_000, at=local("2026-04-01 12:00"))
        lan.sell_each(150_000)
        zoe.sell(900_000, at=local("2026-03-10 10:00"), commissionable=False)
        settled(MARCH)
        found = [parts(stall, MARCH) for stall in (mei, lan, zoe)]
        assert found == [[("RANK_BONUS", 2_000)], [("RANK_BONUS", 3_000)], []]
        [part] = components_of(statement_of(mei.leader_id, MARCH))
        assert (part.inputs["place"], part.inputs["of"]) == (2, 2)


class TestGuarantee:
    @pytest.mark.parametrize(
        ("base_fen", "guarantee_fen"), [(600_000, 14_500), (889_980, 1), (890_000, 0)]
    )
    def test_it_fills_up_what_sales_and_bonuses_came_to(
        self, app: Flask, base_fen: int, guarantee_fen: int
    ) -> None:
        bonus = {"quota_fen": 600_000, "bonus_fen": 500}
        commissions.published(guarantee_fen=45_000, quota_bonus=bonus)
        mei = commissions.stall()
        mei.sell_each(base_fen)
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH).get("guarantee_fen", 0) == guarantee_fen

    def test_it_gives_nothing_to_who_sold_nothing(self, app: Flask) -> None:
        commissions.published(guarantee_fen=45_000, service_fee_fen=150)
        mei, lan = commissions.stall(), commissions.stall()
        line = lan.sell(100_000, at=local("2026-03-10 10:00"))
        with transaction():
            services.pay_service_fee(
                order_id=line.order_id,
                leader_id=mei.leader_id,
                level=1,
                region=mei.region,
                paid_at=line.paid_at,
                completed_at=local("2026-03-10 10:00"),
            )
        settled(MARCH)
        assert figures_of(mei.leader_id, MARCH) == {"service_fee_fen": 150}
        assert figures_of(lan.leader_id, MARCH) == {"sales_fen": 5_000, "guarantee_fen": 40_000}

    def test_it_is_not_eaten_by_what_earlier_months_take_back(self, app: Flask) -> None:
        commissions.published(guarantee_fen=45_000)
        mei = commissions.stall()
        [line] = mei.sell_each(1_000_000)
        commissions.refund(line, 1_000_000, quantity=1, at=local("2026-04-20 12:00"))
        mei.sell_each(100_000, month=APRIL)
        settled(MARCH, APRIL)
        assert figures_of(mei.leader_id, APRIL) == {
            "sales_fen": 5_000,
            "guarantee_fen": 40_000,
            "clawback_fen": -50_000,
        }
