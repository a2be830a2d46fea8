"""A sale that goes to another leader: the terms that one would have had."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from groupbuy.commissions import services
from groupbuy.commissions.models import CommissionTransfer
from groupbuy.kernel.db import session
from groupbuy.orders.models import Order
from tests.commissions.test_services import refused, rule
from tests.factories import commissions
from tests.factories.commissions import Stall, assigned
from tests.factories.settlement import local

NOON = local("2026-03-10 12:00")


@pytest.fixture
def mei(app: Flask) -> Stall:
    return commissions.stall()


@pytest.fixture
def lan(app: Flask) -> Stall:
    return commissions.stall(level=2, region="Chengdu")


def give(order_id: str, to: Stall | None, *, revision: int = 2, **changes: Any) -> None:
    given: dict[str, Any] = {
        "leader_id": to.leader_id if to else None,
        "level": to.level if to else None,
        "region": to.region if to else "",
        "commissionable": True,
        "now": NOON + timedelta(days=3),
        **changes,
    }
    its_leader = update(Order).where(Order.id == order_id).values(leader_id=given["leader_id"])
    session().execute(its_leader)
    services.transfer(order_id=order_id, revision=revision, **given)


def transfers(order_id: str) -> list[CommissionTransfer]:
    query = select(CommissionTransfer).order_by(CommissionTransfer.revision)
    return list(session().scalars(query))


class TestTransfer:
    def test_it_gives_the_terms_the_other_would_have_had_when_it_was_paid(
        self, mei: Stall, lan: Stall
    ) -> None:
        commissions.published(
            item_rules=[rule("replace", "product", mei.product_id, rate_bps=200)],
            level_multipliers={"2": 12_000},
        )
        special = commissions.published(
            item_rules=[rule("flat", "category", mei.category_ids[1], flat_fen_per_unit=30)],
            code="special",
            level_multipliers={"2": 11_000},
        )
        assigned(special.plan_id, "region", "Chengdu", at=NOON + timedelta(hours=1))
        early = mei.pay(100, paid_at=NOON).order_id
        give(early, lan)
        [row] = transfers(early)
        assert (row.leader_id, row.leader_level, row.multiplier_bps) == (lan.leader_id, 2, 12_000)
        assert (row.kind, row.rate_bps, row.revision) == ("replace", 200, 2)
        assert row.recorded_at == NOON + timedelta(days=3)
        late = mei.pay(100, paid_at=NOON + timedelta(hours=1)).order_id
        give(late, lan)
        row = transfers(late)[-1]
        assert (row.kind, row.flat_fen_per_unit, row.plan_version_id) == ("flat", 30, special.id)
        assert (row.rule_target_id, row.multiplier_bps) == (mei.category_ids[1], 11_000)

    def test_it_gives_to_the_house(self, mei: Stall) -> None:
        commissions.published()
        order = mei.pay(100, paid_at=NOON).order_id
        give(order, None)
        [row] = transfers(order)
        assert (row.leader_id, row.kind, row.reason, row.counts) == (
            None,
            "exclude",
            "house",
            False,
        )

    @pytest.mark.parametrize(
        ("sold", "given", "reason"),
        [
            ({}, {"commissionable": False}, "self_purchase"),
            ({"earns_commission": False}, {}, "item_without_commission"),
            ({"paid_at": NOON - timedelta(days=90)}, {}, "no_plan"),
        ],
    )
    def test_it_says_why_the_other_earns_nothing(
        self, mei: Stall, lan: Stall, sold: dict[str, Any], given: dict[str, Any], reason: str
    ) -> None:
        commissions.published()
        order = mei.pay(100, **{"paid_at": NOON, **sold}).order_id
        give(order, lan, **given)
        [row] = transfers(order)
        assert (row.leader_id, row.kind, row.reason) == (lan.leader_id, "exclude", reason)

    def test_it_earns_for_the_other_what_was_the_first_one_s_own_purchase(
        self, mei: Stall, lan: Stall
    ) -> None:
        commissions.published()
        order = mei.pay(100, paid_at=NOON, commissionable=False).order_id
        give(order, lan)
        [row] = transfers(order)
        assert (row.kind, row.reason) == ("tiers", None)

    def test_it_records_a_revision_once(self, mei: Stall, lan: Stall) -> None:
        commissions.published()
        order = mei.pay(100, paid_at=NOON).order_id
        give(order, lan)
        give(order, None)
        give(order, mei, revision=3)
        assert [(t.revision, t.leader_id) for t in transfers(order)] == [
            (2, lan.leader_id),
            (3, mei.leader_id),
        ]

    def test_it_has_nothing_to_give_of_an_unpaid_order(self, lan: Stall) -> None:
        give(f"ord_{'0' * 32}", lan)
        assert session().scalar(select(func.count()).select_from(CommissionTransfer)) == 0

    def test_it_takes_four_statements(
        self, mei: Stall, lan: Stall, count_statements: Callable[[], Any]
    ) -> None:
        commissions.published()
        order = mei.pay(100, paid_at=NOON).order_id
        session().expunge_all()
        with count_statements() as statements:
            give(order, lan)
        of_transfer = [statement for statement in statements if "UPDATE orders" not in statement]
        assert len(of_transfer) == 4

    def test_it_keeps_transfers(self, mei: Stall, lan: Stall) -> None:
        commissions.published()
        give(mei.pay(100, paid_at=NOON).order_id, lan)
        refused(update(CommissionTransfer).values(leader_id=None), delete(CommissionTransfer))
