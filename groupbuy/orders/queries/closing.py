"""What is left to be done about the orders of campaigns whose group buys are decided."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from groupbuy.campaigns import queries as campaigns
from groupbuy.campaigns.models import Campaign, GroupBuy, GroupBuyItem
from groupbuy.campaigns.rules import CALLED_OFF, MADE_IT
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.orders.models import Order, OrderLine, OrderRefund
from groupbuy.orders.rules import UNSHIPPED, CancelReason, OrderState, RefundState

LADDER = "price_ladder"
"""The reason of refunds that give back what a price ladder saved."""

WAITS = and_(Order.state == OrderState.GROUP_PENDING, GroupBuy.state.in_(MADE_IT))
"""An order that may go on: its group buy made it."""

LIVES_ON = and_(Order.state.in_(UNSHIPPED), GroupBuy.state.in_(CALLED_OFF))
"""An order that is to be cancelled: its group buy was called off."""

_LADDER_ENDED = (
    OrderLine.order_id == Order.id,
    OrderLine.final_price_fen.is_(None),
    GroupBuyItem.group_buy_id == GroupBuy.id,
    GroupBuyItem.campaign_item_id == OrderLine.campaign_item_id,
    GroupBuyItem.final_price_fen.is_not(None),
)
_PAID_IN_A_SUCCESS = and_(
    Order.state.not_in((OrderState.PENDING_PAYMENT, OrderState.CANCELLED)),
    GroupBuy.state.in_(MADE_IT),
)

UNLEVELLED = and_(_PAID_IN_A_SUCCESS, exists().where(*_LADDER_ENDED))
"""A paid order with a line of which the price ladder has ended and nothing went back for it."""

LEVELLABLE = and_(_PAID_IN_A_SUCCESS, exists().where(*_LADDER_ENDED, OrderLine.held_fen == 0))
"""Such an order with a line of which no after-sale holds anything."""


@dataclass(frozen=True, slots=True)
class ClosingView:
    """How far a campaign's orders are settled, and the refunds that this takes."""

    campaign: Campaign
    state: str
    orders: int
    settled: int
    unpaid: int
    refunds_requested: int
    refunds_succeeded: int
    refunds_failed: int
    refunds_fen: int


def of_campaign(campaign_id: str) -> Select[str]:
    """Select a campaign's orders, joined with their group buys."""
    query: Select[str] = select(Order.id).join(GroupBuy, GroupBuy.id == Order.group_buy_id)
    return query.where(Order.campaign_id == campaign_id)


def anything_unsettled(campaign_id: str) -> bool:
    """Tell whether something is left of a campaign, or may come: a payment is awaited."""
    unpaid = Order.state == OrderState.PENDING_PAYMENT
    left = of_campaign(campaign_id).where(or_(unpaid, WAITS, LIVES_ON, UNLEVELLED)).limit(1)
    return session().scalar(left) is not None


def closing_of(campaign_id: str, *, now: datetime) -> ClosingView:
    """Return how the closing of a campaign goes, in three statements, or raise NotFound."""
    campaign = campaigns.campaign(campaign_id)
    unpaid = Order.state == OrderState.PENDING_PAYMENT
    open_ends = or_(WAITS, LIVES_ON, UNLEVELLED)
    orders, waiting, left = (
        session()
        .execute(
            of_campaign(campaign_id).with_only_columns(
                func.count(), _number(unpaid), _number(and_(~unpaid, open_ends))
            )
        )
        .one()
    )
    reasons = (LADDER, CancelReason.GROUP_FAILED, CancelReason.STAFF)
    refunds = {
        state: (number, int(amount_fen))
        for state, number, amount_fen in session().execute(
            select(OrderRefund.state, func.count(), func.sum(OrderRefund.amount_fen))
            .join(Order, Order.id == OrderRefund.order_id)
            .where(Order.campaign_id == campaign_id, OrderRefund.reason.in_(reasons))
            .group_by(OrderRefund.state)
        )
    }
    nothing = (0, 0)
    return ClosingView(
        campaign=campaign,
        state=campaign.state_at(now),
        orders=orders,
        settled=orders - waiting - left if campaign.closed_at else 0,
        unpaid=waiting,
        refunds_requested=refunds.get(RefundState.REQUESTED, nothing)[0],
        refunds_succeeded=refunds.get(RefundState.SUCCEEDED, nothing)[0],
        refunds_failed=refunds.get(RefundState.FAILED, nothing)[0],
        refunds_fen=sum(amount_fen for _, amount_fen in refunds.values()),
    )


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


CLOSING_INVARIANTS = (
    Invariant(
        "orders.wait_for_an_outcome",
        "an order waits for its group only while that is undecided, or its campaign is settled",
        "select o.id, g.state from orders o join group_buys g on g.id = o.group_buy_id "
        "join campaigns c on c.id = o.campaign_id where o.state = 'group_pending' "
        "and g.state not in ('scheduled', 'open', 'closed') and c.settled_at is not null",
    ),
    Invariant(
        "orders.called_off_with_their_group",
        "every order of a group buy that failed is cancelled, or being so; of one that was called "
        "off it may be shipped already",
        "select o.id, o.state, g.state as group_state from orders o "
        "join group_buys g on g.id = o.group_buy_id join campaigns c on c.id = o.campaign_id "
        "where (g.state = 'failed' and o.state not in "
        "('cancelled', 'pending_payment', 'paid', 'group_pending', 'preparing')) "
        "or (g.state in ('failed', 'cancelled') and c.settled_at is not null "
        "and o.state in ('pending_payment', 'paid', 'group_pending', 'preparing'))",
    ),
    Invariant(
        "orders.levelled_as_the_ladder_ended",
        "a line has the final price of its group buy's ladder or none yet; once the campaign is "
        "settled each line of a paid order has it",
        "select l.id, l.final_price_fen, p.final_price_fen as ladder_fen from order_lines l "
        "join orders o on o.id = l.order_id "
        "left join group_buy_items p on p.group_buy_id = o.group_buy_id "
        "and p.campaign_item_id = l.campaign_item_id "
        "left join campaigns c on c.id = o.campaign_id "
        "where l.final_price_fen is distinct from least(p.final_price_fen, l.unit_price_fen) "
        "and (l.final_price_fen is not null or (p.final_price_fen is not null "
        "and c.settled_at is not null and o.state not in ('pending_payment', 'cancelled')))",
    ),
    Invariant(
        "orders.levelled_pays_the_final_price",
        "of a levelled line that nothing else was given back of, the final price is paid for "
        "each unit, or less if a discount went below it",
        "select l.id, l.amount_fen, l.refund_requested_fen, l.final_price_fen from order_lines l "
        "join orders o on o.id = l.order_id where l.final_price_fen is not null "
        "and o.payment_id is not null and l.amount_fen - l.refund_requested_fen <> "
        "least(l.amount_fen, l.final_price_fen * l.quantity) and not exists (select from "
        "order_refund_lines rl join order_refunds r on r.id = rl.refund_id "
        "where rl.order_line_id = l.id and (r.reason <> 'price_ladder' or r.state = 'failed'))",
    ),
)
