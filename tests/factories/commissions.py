"""Plans by the real services, and completed sales without the shop around them.

A sale is an order row of one line, as it would stand after payment and completion; its commission
comes about by the same services that orders' receivers call.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from groupbuy.commissions import queries, services
from groupbuy.commissions.models import (
    CommissionLine,
    CommissionTransfer,
    PlanAssignment,
    PlanVersion,
)
from groupbuy.commissions.services import PaidLine, PaidOrder
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.orders.models import Order, OrderLine
from groupbuy.orders.rules import OrderState
from tests.factories import catalogue, leaders

FINANCE = Actor(kind="staff", id="hua", role="finance")
APPROVER = Actor(kind="staff", id="qiao", role="approver")
TIERS = [[0, 500], [1_000_000, 700], [5_000_000, 900]]
PAID_BEFORE_COMPLETION = timedelta(days=2)

_numbers = itertools.count(1)


def draft(
    tiers: Sequence[Sequence[int]] = TIERS, *, code: str = "standard", **terms: Any
) -> PlanVersion:
    """Draft a version of a plan, which is made at the first time; from now on.

    The first plan that is made, `standard` by honest default, is everybody's.
    """
    now = terms.pop("now", clock.now())
    with transaction():
        plan = queries.plan_by_code(code) or services.create_plan(
            code=code, name=code.capitalize(), actor=FINANCE, now=now
        )
        return services.create_version(
            plan_id=plan.id,
            effective_from=terms.pop("effective_from", now),
            mode=terms.pop("mode", "marginal"),
            tiers=tiers,
            actor=FINANCE,
            now=now,
            **terms,
        )


def published(tiers: Sequence[Sequence[int]] = TIERS, **terms: Any) -> PlanVersion:
    """Publish a version of a plan, in force from now on unless said otherwise.

    Where the operator allows it, so that it may pay recruiters.
    """
    now = terms.get("now", clock.now())
    drafted = draft(tiers, **terms)
    with transaction():
        return services.publish_version(
            plan_id=drafted.plan_id,
            number=drafted.number,
            if_match=drafted.version,
            max_total_bps=3_000,
            override_allowed=True,
            actor=APPROVER,
            now=now,
        )


def proposed(
    plan_id: str | None, scope: str, target: str = "", *, at: datetime, now: datetime | None = None
) -> PlanAssignment:
    """Propose a plan for a target."""
    with transaction():
        return services.propose_assignment(
            plan_id=plan_id,
            scope=scope,
            target=target,
            effective_from=at,
            note="",
            actor=FINANCE,
            now=now or clock.now(),
        )


def assigned(
    plan_id: str | None, scope: str, target: str = "", *, at: datetime, now: datetime | None = None
) -> PlanAssignment:
    """Assign a plan to a target from an instant on: proposed by one, approved by another."""
    proposal = proposed(plan_id, scope, target, at=at, now=now)
    with transaction():
        return services.approve_assignment(
            assignment_id=proposal.id, actor=APPROVER, now=now or clock.now()
        )


@dataclass(frozen=True)
class Stall:
    """A leader with what every sale needs: a shopper, a pickup point, a SKU in a category."""

    leader_id: str
    level: int
    shopper_id: str
    point_id: str
    sku_id: str
    product_id: str
    category_ids: tuple[str, ...]
    region: str = "Shanghai, Huamu"

    def pay(
        self,
        base_fen: int,
        *,
        paid_at: datetime,
        quantity: int = 1,
        earns_commission: bool = True,
        commissionable: bool = True,
        campaign_id: str | None = None,
        group_buy_id: str | None = None,
    ) -> OrderLine:
        """Sell one line: an order paid at an instant, its terms frozen then."""
        with transaction():
            order = Order(
                shopper_id=self.shopper_id,
                pickup_point_id=self.point_id,
                leader_id=self.leader_id,
                state=OrderState.PAID,
                total_fen=base_fen,
                placed_at=paid_at,
                expires_at=paid_at,
                paid_at=paid_at,
                campaign_id=campaign_id,
                group_buy_id=group_buy_id,
            )
            session().add(order)
            session().flush()
            line = OrderLine(
                order_id=order.id,
                position=1,
                sku_id=self.sku_id,
                product_id=self.product_id,
                title="Strawberries",
                quantity=quantity,
                unit_price_fen=base_fen,
                amount_fen=base_fen,
                earns_commission=earns_commission,
            )
            session().add(line)
            session().flush()
            services.accrue(
                order=PaidOrder(
                    order_id=order.id,
                    leader_id=self.leader_id,
                    leader_level=self.level,
                    paid_at=paid_at,
                    commissionable=commissionable,
                    campaign_id=campaign_id,
                    group_buy_id=group_buy_id,
                    region=self.region,
                ),
                lines=[
                    PaidLine(
                        order_line_id=line.id,
                        sku_id=self.sku_id,
                        product_id=self.product_id,
                        category_ids=self.category_ids,
                        base_fen=base_fen,
                        quantity=quantity,
                        earns_commission=earns_commission,
                    )
                ],
            )
        return line

    def sell_each(self, *bases_fen: int, month: str = "2026-03") -> list[CommissionLine]:
        """Sell lines completed one hour after the other, from the 10th of a month on."""
        start = datetime.fromisoformat(f"{month}-10T10:00+08:00")
        return [self.sell(b, at=start + timedelta(hours=n)) for n, b in enumerate(bases_fen)]

    def sell(self, base_fen: int, *, at: datetime, **sold: Any) -> CommissionLine:
        """Sell one line that is completed at an instant; paid two days before unless said."""
        paid_at = sold.pop("paid_at", at - PAID_BEFORE_COMPLETION)
        line = self.pay(base_fen, paid_at=paid_at, **sold)
        with transaction():
            order = session().get_one(Order, line.order_id)
            order.state, order.completed_at = OrderState.COMPLETED, at
            session().flush()
            services.mark_completed(order_id=order.id, completed_at=at)
            session().expire_all()
        return commission_of(line.id)


def stall(*, level: int = 1, leader_id: str = "", **leader: Any) -> Stall:
    """Recruit a leader (unless one is given) with a pickup point, a shopper and a SKU."""
    new = leaders.leader(**leader)
    within = catalogue.category(f"Fruit {next(_numbers)}", parent=catalogue.category())
    sku = catalogue.sku(catalogue.product(within=within))
    return Stall(
        leader_id=leader_id or new.id,
        level=level,
        shopper_id=leaders.shopper_id(),
        point_id=leaders.pickup_point(new).id,
        sku_id=sku.id,
        product_id=sku.product_id,
        category_ids=(within.id, str(within.parent_id)),
        region=new.region,
    )


def refund(line: CommissionLine, amount_fen: int, *, at: datetime, quantity: int = 0) -> str:
    """Give part of a line back, recorded at an instant, and return the refund's key."""
    key = f"refund-{next(_numbers)}"
    with transaction():
        services.record_refund(
            order_line_id=line.order_line_id,
            refund_key=key,
            amount_fen=amount_fen,
            quantity=quantity,
            recorded_at=at,
        )
    return key


def transferred(
    line: CommissionLine, to: Stall | None, *, at: datetime, commissionable: bool = True
) -> None:
    """Give a line's order to another leader (None: to the house), recorded at an instant."""
    before = session().scalars(
        select(CommissionTransfer.revision).where(CommissionTransfer.commission_line_id == line.id)
    )
    with transaction():
        session().get_one(Order, line.order_id).leader_id = to.leader_id if to else None
        services.transfer(
            order_id=line.order_id,
            revision=max(before.all(), default=1) + 1,
            leader_id=to.leader_id if to else None,
            level=to.level if to else None,
            region=to.region if to else "",
            commissionable=commissionable,
            now=at,
        )


def commission_of(order_line_id: str) -> CommissionLine:
    """Return an order line's commission line."""
    query = CommissionLine.order_line_id == order_line_id
    return session().query(CommissionLine).filter(query).one()
