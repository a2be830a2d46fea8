"""What orders bring: lines with frozen terms, completions, refunds; and plans in the database."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from groupbuy.commissions import queries, services
from groupbuy.commissions.models import (
    CommissionLine,
    CommissionRefund,
    Plan,
    PlanVersion,
    ServiceFee,
)
from groupbuy.commissions.services import PaidLine, PaidOrder
from groupbuy.kernel import clock as clocks
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from tests.factories import commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall, commission_of
from tests.factories.settlement import broken, local

NOON = local("2026-03-10 12:00")


@pytest.fixture
def mei(app: Flask) -> Stall:
    return commissions.stall(level=2)


def rule(kind: str, target_kind: str, target_id: str, **fields: Any) -> dict[str, Any]:
    told = {"rate_bps": None, "flat_fen_per_unit": None, "counts": True, **fields}
    return {"kind": kind, "target_kind": target_kind, "target_id": target_id, **told}


class TestAccrue:
    def test_it_freezes_version_level_and_rule(self, mei: Stall) -> None:
        nearest = rule("replace", "category", mei.category_ids[0], rate_bps=200, counts=False)
        farther = rule("exclude", "category", mei.category_ids[1])
        version = commissions.published(
            item_rules=[farther, nearest], level_multipliers={"2": 12_000}
        )
        line = commission_of(mei.pay(5_000, paid_at=NOON, quantity=3).id)
        assert (line.plan_version_id, line.leader_level, line.multiplier_bps) == (
            version.id,
            2,
            12_000,
        )
        assert (line.kind, line.rate_bps, line.rule_target_id, line.counts) == (
            "replace",
            200,
            mei.category_ids[0],
            False,
        )
        assert (line.base_fen, line.quantity, line.reason, line.completed_at) == (
            5_000,
            3,
            None,
            None,
        )

    @pytest.mark.parametrize(
        ("sold", "reason"),
        [
            ({"commissionable": False}, "self_purchase"),
            ({"earns_commission": False}, "item_without_commission"),
            ({"paid_at": NOON - timedelta(days=90)}, "no_plan"),
            ({}, "item_rule"),
        ],
    )
    def test_it_keeps_why_a_line_earns_nothing(
        self, mei: Stall, sold: dict[str, Any], reason: str
    ) -> None:
        commissions.published(item_rules=[rule("exclude", "product", mei.product_id)])
        line = commission_of(mei.pay(5_000, **{"paid_at": NOON, **sold}).id)
        assert (line.kind, line.reason, line.counts) == ("exclude", reason, False)

    def test_it_takes_a_multiplier_of_zero_for_a_value(self, mei: Stall) -> None:
        commissions.published(level_multipliers={"2": 0})
        assert commission_of(mei.pay(5_000, paid_at=NOON).id).multiplier_bps == 0

    def test_it_uses_the_version_in_force_at_payment_to_the_instant(self, mei: Stall) -> None:
        first = commissions.published()
        second = commissions.published([[0, 600]], effective_from=NOON)
        before = commission_of(mei.pay(1, paid_at=NOON - timedelta(microseconds=1)).id)
        after = commission_of(mei.pay(1, paid_at=NOON).id)
        assert (before.plan_version_id, after.plan_version_id) == (first.id, second.id)

    def test_it_inserts_all_lines_of_an_order_at_once(
        self, mei: Stall, count_statements: Callable[[], Any]
    ) -> None:
        commissions.published()
        paid = mei.pay(5_000, paid_at=NOON)
        line = PaidLine(paid.id, mei.sku_id, mei.product_id, mei.category_ids, 5_000, 1, True)
        order = PaidOrder(paid.order_id, mei.leader_id, 1, NOON, commissionable=True)
        with (
            count_statements() as statements,
            pytest.raises(IntegrityError),
            session().begin_nested(),
        ):
            services.accrue(order=order, lines=[line])
        assert sum("INSERT" in statement for statement in statements) == 1


class TestEvents:
    def test_it_completes_once(self, mei: Stall) -> None:
        sold = mei.sell(5_000, at=NOON)
        services.mark_completed(order_id=sold.order_id, completed_at=NOON + timedelta(days=40))
        session().expire_all()
        assert commission_of(sold.order_line_id).completed_at == NOON

    def test_it_records_a_refund_once_for_its_key(self, mei: Stall) -> None:
        sold = mei.sell(5_000, at=NOON)
        event: dict[str, Any] = {
            "order_line_id": sold.order_line_id,
            "refund_key": "orf_1:orl_1",
            "amount_fen": 700,
            "quantity": 1,
            "recorded_at": NOON,
        }
        services.record_refund(**event)
        services.record_refund(**event)
        [row] = session().scalars(select(CommissionRefund))
        assert (row.commission_line_id, row.amount_fen, row.quantity, row.recorded_at) == (
            sold.id,
            700,
            1,
            NOON,
        )

    def test_it_has_nothing_to_record_for_a_house_order(self, app: Flask) -> None:
        services.mark_completed(order_id=f"ord_{'0' * 32}", completed_at=NOON)
        services.record_refund(
            order_line_id=f"orl_{'0' * 32}",
            refund_key="x",
            amount_fen=1,
            quantity=0,
            recorded_at=NOON,
        )
        assert session().scalar(select(func.count()).select_from(CommissionRefund)) == 0


def in_force(at: datetime) -> PlanVersion | None:
    """The version that holds for somebody to whom nothing is assigned."""
    nobody = f"ldr_{'0' * 32}"
    return queries.version_for(leader_id=nobody, region="", level=1, at=at)[0]


class TestPlans:
    def test_it_makes_the_first_plan_everybody_s(self, app: Flask, clock: ManualClock) -> None:
        plans = [
            services.create_plan(code=code, name=code, actor=FINANCE, now=clock.now())
            for code in ("standard", "special")
        ]
        assert [plan.is_default for plan in plans] == [True, False]

    def test_it_asks_the_default_plan_only(self, app: Flask, clock: ManualClock) -> None:
        version = commissions.published()
        other = services.create_plan(code="other", name="Other", actor=FINANCE, now=clock.now())
        drafted = services.create_version(
            plan_id=other.id,
            effective_from=NOON,
            mode="whole",
            tiers=[[0, 1]],
            actor=FINANCE,
            now=clock.now(),
        )
        services.publish_version(
            plan_id=other.id,
            number=1,
            if_match=drafted.version,
            max_total_bps=3_000,
            actor=APPROVER,
            now=clock.now(),
        )
        assert in_force(NOON) is version

    def test_it_takes_no_draft_for_a_version_in_force(self, app: Flask) -> None:
        commissions.draft()
        assert in_force(NOON) is None


def refused(*statements: Any) -> None:
    for statement in statements:
        with pytest.raises(DBAPIError), session().begin_nested():
            session().execute(statement, execution_options={"synchronize_session": False})


class TestWhatTheDatabaseRefuses:
    def test_it_keeps_a_published_version_as_it_is(self, app: Flask) -> None:
        commissions.published()
        refused(
            update(PlanVersion).values(cap_fen=1),
            update(PlanVersion).values(state="draft", published_by=None, published_at=None),
            delete(PlanVersion),
        )

    def test_it_refuses_a_publication_by_the_author(self, app: Flask) -> None:
        commissions.draft()
        signed = {"state": "published", "published_at": clocks.now()}
        refused(
            update(PlanVersion).values(**signed, published_by=FINANCE.id),
            update(PlanVersion).values(**signed),
        )

    def test_it_refuses_a_second_default_plan(self, app: Flask) -> None:
        commissions.draft()
        with pytest.raises(IntegrityError, match="one_default"), session().begin_nested():
            session().add(
                Plan(code="x", name="X", is_default=True, created_by="hua", created_at=NOON)
            )

    def test_it_keeps_a_commission_line_s_terms_and_completion(self, mei: Stall) -> None:
        sold = mei.sell(5_000, at=NOON)
        mei.pay(5_000, paid_at=NOON)
        refused(
            update(CommissionLine).values(base_fen=1),
            update(CommissionLine).values(leader_level=9),
            update(CommissionLine)
            .where(CommissionLine.id == sold.id)
            .values(completed_at=NOON + timedelta(days=1)),
            delete(CommissionLine),
        )

    def test_it_keeps_refunds(self, mei: Stall) -> None:
        commissions.refund(mei.sell(5_000, at=NOON), 100, at=NOON)
        refused(update(CommissionRefund).values(amount_fen=1), delete(CommissionRefund))


def handed_over(mei: Stall) -> str:
    """Return an order that was paid at noon and completed two days later."""
    return mei.sell(100, at=NOON + timedelta(days=2), paid_at=NOON).order_id


class TestServiceFees:
    def pay(self, mei: Stall, *, paid_at: datetime, order_id: str) -> list[ServiceFee]:
        services.pay_service_fee(
            order_id=order_id,
            leader_id=mei.leader_id,
            level=1,
            region=mei.region,
            paid_at=paid_at,
            completed_at=NOON + timedelta(days=2),
        )
        return session().query(ServiceFee).all()

    def test_it_is_that_of_when_the_order_was_paid_and_paid_once(self, mei: Stall) -> None:
        first = commissions.published(service_fee_fen=30)
        commissions.published(service_fee_fen=50, effective_from=NOON)
        order_id = handed_over(mei)
        earlier = NOON - timedelta(microseconds=1)
        [fee] = self.pay(mei, paid_at=earlier, order_id=order_id)
        assert (fee.fee_fen, fee.plan_version_id) == (30, first.id)
        assert self.pay(mei, paid_at=NOON, order_id=order_id) == [fee]

    def test_it_is_nothing_without_a_plan_or_a_fee(self, mei: Stall) -> None:
        order_id = mei.pay(100, paid_at=NOON).order_id
        assert self.pay(mei, paid_at=NOON, order_id=order_id) == []
        commissions.published()
        assert self.pay(mei, paid_at=NOON, order_id=order_id) == []

    def test_it_stays(self, mei: Stall) -> None:
        commissions.published(service_fee_fen=30)
        self.pay(mei, paid_at=NOON, order_id=handed_over(mei))
        refused(update(ServiceFee).values(fee_fen=1), delete(ServiceFee))


@pytest.mark.breaks_books
class TestInvariants:
    def test_it_finds_a_fee_for_an_order_that_is_not_completed(self, mei: Stall) -> None:
        commissions.published(service_fee_fen=30)
        order_id = mei.pay(100, paid_at=NOON).order_id
        TestServiceFees().pay(mei, paid_at=NOON, order_id=order_id)
        assert broken() == ["commissions.service_fees_of_completed_orders"]

    def test_it_finds_a_line_refunded_beyond_its_base(self, mei: Stall) -> None:
        commissions.refund(mei.sell(5_000, at=NOON), 5_001, at=NOON)
        assert broken() == ["commissions.refunds_within_line"]

    def test_it_finds_an_order_completed_without_its_line(self, mei: Stall) -> None:
        line = mei.pay(5_000, paid_at=NOON)
        services.mark_completed(order_id=line.order_id, completed_at=NOON)
        assert broken() == ["commissions.completed_with_the_order"]
