"""Reads of orders, scoped by who asks; a list is a constant number of statements."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select

from groupbuy.campaigns.models import Campaign
from groupbuy.campaigns.rules import CampaignState
from groupbuy.identity.models import Shopper
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import PickupPoint
from groupbuy.orders.models import (
    AfterSale,
    AfterSaleMove,
    Order,
    OrderLine,
    OrderRefund,
    OrderRefundLine,
    OrderTransition,
)
from groupbuy.orders.queries.after_sales import moves_of_order, open_after_sale_of_order
from groupbuy.orders.queries.timeline import story
from groupbuy.orders.rules import OrderState, RefundState
from groupbuy.orders.rules.timeline import Event
from groupbuy.payments import queries as payments
from groupbuy.payments.models import Payment


@dataclass(frozen=True)
class OrderView:
    """An order with its lines and, where one order is shown, its timeline and refunds."""

    order: Order
    lines: Sequence[OrderLine]
    timeline: Sequence[OrderTransition] = field(default_factory=list)
    refunds: Sequence["RefundView"] = field(default_factory=list)
    payments: Sequence[Payment] = field(default_factory=list)
    after_sales: Sequence[tuple[AfterSaleMove, AfterSale]] = field(default_factory=list)

    @property
    def events(self) -> Sequence[Event]:
        """Return what happened to it, in order of time."""
        return story(
            transitions=self.timeline,
            payments=self.payments,
            refunds=[view.refund for view in self.refunds],
            after_sales=self.after_sales,
        )


@dataclass(frozen=True)
class RefundView:
    """A refund with its lines."""

    refund: OrderRefund
    lines: Sequence[OrderRefundLine]


def order(order_id: str, *, shopper_id: str | None = None) -> Order:
    """Return an order, a shopper's own one if a shopper asks; anything else is NotFound."""
    found = session().get(Order, order_id)
    if found is None or (shopper_id is not None and found.shopper_id != shopper_id):
        raise NotFound
    return found


def lines_of(order_id: str) -> list[OrderLine]:
    """Return the lines of an order in their order."""
    return list(session().scalars(_LINES, {"order_id": order_id}))


_LINES = (
    select(OrderLine)
    .where(OrderLine.order_id == bindparam("order_id"))
    .order_by(OrderLine.position)
)


def show(order_id: str, *, shopper_id: str | None = None) -> OrderView:
    """Return an order with lines, refunds and all that happened to it, in seven statements."""
    found = order(order_id, shopper_id=shopper_id)
    timeline = session().scalars(
        select(OrderTransition)
        .where(OrderTransition.order_id == order_id)
        .order_by(OrderTransition.id)
    )
    refunds = session().scalars(
        select(OrderRefund).where(OrderRefund.order_id == order_id).order_by(OrderRefund.id)
    )
    return OrderView(
        found,
        lines_of(order_id),
        list(timeline),
        with_lines(list(refunds)),
        payments.payments_of(order_id),
        moves_of_order(order_id),
    )


def shoppers_orders(
    *, shopper_id: str, limit: int, cursor: str | None, q: str | None = None, **filters: Any
) -> Page[OrderView]:
    """Return a shopper's orders, newest first; `q` is a part of what was bought."""
    query = select(Order).where(Order.shopper_id == shopper_id)
    if q:
        bought_it = OrderLine.title.icontains(q, autoescape=True)
        query = query.where(exists().where(OrderLine.order_id == Order.id, bought_it))
    return _page(_filtered(query, **filters), limit, cursor)


def leaders_orders(
    *, leader_id: str, limit: int, cursor: str | None, q: str | None = None, **filters: Any
) -> Page[OrderView]:
    """Return the orders that are a leader's or are handed over at their points, newest first."""
    own_points = select(PickupPoint.id).where(PickupPoint.leader_id == leader_id)
    query = select(Order).where(
        or_(Order.leader_id == leader_id, Order.pickup_point_id.in_(own_points))
    )
    return _page(_filtered(_sought(query, q), **filters), limit, cursor)


def all_orders(
    *, limit: int, cursor: str | None, q: str | None = None, **filters: Any
) -> Page[OrderView]:
    """Return headquarters' list, newest first."""
    sought = _sought(select(Order), q, Order.pickup_code == q)
    return _page(_filtered(sought, **filters), limit, cursor)


def refunds(
    *, limit: int, cursor: str | None, order_id: str | None = None, state: str | None = None
) -> Page[RefundView]:
    """Return refunds, newest first."""
    query = select(OrderRefund)
    if order_id is not None:
        query = query.where(OrderRefund.order_id == order_id)
    if state is not None:
        query = query.where(OrderRefund.state == state)
    page = paginate(query, by=[OrderRefund.id], limit=limit, cursor=cursor, descending=True)
    return Page(with_lines(page.items), page.next_cursor)


def with_lines(found: Sequence[OrderRefund]) -> list[RefundView]:
    """Read the lines of some refunds in one statement."""
    lines: dict[str, list[OrderRefundLine]] = defaultdict(list)
    if found:
        ids = [refund.id for refund in found]
        for line in session().scalars(
            select(OrderRefundLine)
            .where(OrderRefundLine.refund_id.in_(ids))
            .order_by(OrderRefundLine.order_line_id)
        ):
            lines[line.refund_id].append(line)
    return [RefundView(refund, lines[refund.id]) for refund in found]


def ids_with_something_open(order_ids: Sequence[str]) -> set[str]:
    """Return which of these orders have a refund under way or an after-sale that is not over."""
    return set(
        session().scalars(
            select(Order.id).where(
                Order.id.in_(order_ids), or_(open_refund_of_order(), open_after_sale_of_order())
            )
        )
    )


def open_refund_of_order() -> ColumnElement[bool]:
    """Select orders of which a refund is requested and not settled."""
    return exists().where(
        OrderRefund.order_id == Order.id, OrderRefund.state == RefundState.REQUESTED
    )


def refunds_under_way(order_ids: Collection[str]) -> list[str]:
    """Return which of these orders have a refund that is requested and not settled."""
    query = (
        select(OrderRefund.order_id)
        .where(OrderRefund.order_id.in_(order_ids), OrderRefund.state == RefundState.REQUESTED)
        .distinct()
        .order_by(OrderRefund.order_id)
    )
    return list(session().scalars(query))


def campaign_ids_to_fulfil() -> list[str]:
    """Return the succeeded campaigns of which every order is completed or cancelled."""
    ended = (OrderState.COMPLETED, OrderState.CANCELLED)
    open_order = exists().where(Order.campaign_id == Campaign.id, Order.state.not_in(ended))
    return list(
        session().scalars(
            select(Campaign.id)
            .where(Campaign.state == CampaignState.SUCCEEDED, ~open_order)
            .order_by(Campaign.id)
        )
    )


def bought(*, shopper_id: str, sku_ids: Sequence[str]) -> dict[tuple[str, str | None], int]:
    """Return how many units a shopper bought: ordered, not cancelled, not given back.

    By (SKU, campaign item); the item is None for what was bought from the house.
    """
    kept = OrderLine.quantity - OrderLine.returned_quantity
    rows = session().execute(
        select(OrderLine.sku_id, OrderLine.campaign_item_id, func.sum(kept))
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.shopper_id == shopper_id,
            Order.state != OrderState.CANCELLED,
            OrderLine.sku_id.in_(sku_ids),
            ~OrderLine.gift,
        )
        .group_by(OrderLine.sku_id, OrderLine.campaign_item_id)
    )
    return {(sku_id, item_id): int(units) for sku_id, item_id, units in rows}


def ids_due_to_expire(*, now: datetime) -> list[str]:
    """Return unpaid orders whose time is over, oldest first."""
    return list(
        session().scalars(
            select(Order.id)
            .where(Order.state == OrderState.PENDING_PAYMENT, Order.expires_at <= now)
            .order_by(Order.id)
        )
    )


def ids_due_to_complete(*, now: datetime, limit: int) -> list[str]:
    """Return picked-up orders whose after-sale window is over and of which nothing is open.

    They are locked; those that somebody else has locked are left for the next sweep.
    """
    return list(
        session().scalars(
            select(Order.id)
            .where(
                Order.state == OrderState.PICKED_UP,
                Order.completes_at <= now,
                ~open_refund_of_order(),
                ~open_after_sale_of_order(),
            )
            .order_by(Order.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Order)
        )
    )


_FILTERS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "state": lambda state: Order.state == state,
    "refund_status": lambda status: Order.refund_status == status,
    "shopper_id": lambda shopper_id: Order.shopper_id == shopper_id,
    "campaign_id": lambda campaign_id: Order.campaign_id == campaign_id,
    "group_buy_id": lambda group_buy_id: Order.group_buy_id == group_buy_id,
    "pickup_point_id": lambda point_id: Order.pickup_point_id == point_id,
    "leader_id": lambda leader_id: Order.leader_id == leader_id,
    "since": lambda since: Order.placed_at >= since,
    "until": lambda until: Order.placed_at < until,
    "after_sale": lambda wanted: _has_after_sale() if wanted else ~_has_after_sale(),
}


def _filtered(query: Select[Order], **filters: Any) -> Select[Order]:
    """Keep the orders that match every filter that is given."""
    return query.where(*(_FILTERS[k](v) for k, v in filters.items() if v is not None))


def _has_after_sale() -> ColumnElement[bool]:
    return exists().where(AfterSale.order_id == Order.id)


def _sought(query: Select[Order], q: str | None, *others: ColumnElement[bool]) -> Select[Order]:
    """Keep orders by what people have at hand: the order's id, the shopper's name, or others.

    A pickup code is none of it for a leader: it is the shopper's to show, and tries are counted
    where it is redeemed.
    """
    if not q:
        return query
    if is_id(q, "ord"):
        return query.where(Order.id == q)
    named = select(Shopper.id).where(Shopper.name.icontains(q, autoescape=True))
    return query.where(or_(Order.shopper_id.in_(named), *others))


def _page(query: Select[Order], limit: int, cursor: str | None) -> Page[OrderView]:
    page = paginate(query, by=[Order.id], limit=limit, cursor=cursor, descending=True)
    lines: dict[str, list[OrderLine]] = defaultdict(list)
    for line in session().scalars(
        select(OrderLine)
        .where(OrderLine.order_id.in_([found.id for found in page.items]))
        .order_by(OrderLine.order_id, OrderLine.position)
    ):
        lines[line.order_id].append(line)
    views = [OrderView(found, lines[found.id]) for found in page.items]
    return Page(views, page.next_cursor)


ORDER_INVARIANTS = (
    Invariant(
        "orders.total_is_sum_of_lines",
        "an order's total is the sum of its lines and delivery, and so is what was refunded",
        "select o.id, o.total_fen, sum(l.amount_fen) lines_fen, o.delivery_fen, o.refunded_fen, "
        "sum(l.refunded_fen) lines_refunded_fen, o.delivery_refunded_fen from orders o "
        "left join order_lines l on l.order_id = o.id group by o.id "
        "having o.total_fen is distinct from sum(l.amount_fen) + o.delivery_fen "
        "or o.refunded_fen is distinct from sum(l.refunded_fen) + o.delivery_refunded_fen",
    ),
    Invariant(
        "orders.effects_explain_every_fen",
        "the effects of a line sum to its amount, and what is no unit price is the discount",
        "select o.id, o.discount_fen, e.off_fen, e.unexplained from orders o join lateral "
        "(select count(*) filter (where s.whole_fen <> l.amount_fen) as unexplained, "
        "-sum(s.off_fen) as off_fen from order_lines l cross join lateral "
        "(select sum((x ->> 'effect_fen')::bigint) as whole_fen, coalesce(sum((x ->> "
        "'effect_fen')::bigint) filter (where x ->> 'step' <> 'unit_price'), 0) as off_fen "
        "from jsonb_array_elements(l.effects) x) s "
        "where l.order_id = o.id and l.effects <> '[]') e on true "
        "where e.unexplained > 0 or e.off_fen <> o.discount_fen",
    ),
    Invariant(
        "orders.state_is_last_transition",
        "an order stands where its last transition left it",
        "select o.id, o.state, t.to_state from orders o left join lateral (select to_state "
        "from order_transitions t where t.order_id = o.id order by t.id desc limit 1) t on true "
        "where t.to_state is distinct from o.state",
    ),
    Invariant(
        "orders.paid_means_money",
        "an order past payment has a succeeded payment of its total",
        "select o.id, o.state from orders o left join payments p on p.id = o.payment_id "
        "where o.total_fen > 0 and o.state not in ('pending_payment', 'cancelled') "
        "and (p.state is distinct from 'succeeded' or p.amount_fen <> o.total_fen "
        "or p.reference <> 'ord_' || replace(o.id::text, '-', ''))",
    ),
    Invariant(
        "orders.no_charge_without_goods_or_refund",
        "money that was taken for a cancelled order is back, or on its way back",
        "select o.id, p.id payment, p.amount_fen, p.refunded_fen from orders o "
        "join payments p on p.reference = 'ord_' || replace(o.id::text, '-', '') "
        "where o.state = 'cancelled' and p.state = 'succeeded' "
        "and p.refunded_fen < p.amount_fen",
    ),
    Invariant(
        "orders.lines_match_refunds",
        "what was refunded of a line is the sum of its succeeded refunds, and never more than paid",
        "select l.id, l.refunded_fen, coalesce(r.done, 0) done from order_lines l left join "
        "(select rl.order_line_id, sum(rl.amount_fen) done from order_refund_lines rl join "
        "order_refunds r on r.id = rl.refund_id where r.state = 'succeeded' group by 1) r "
        "on r.order_line_id = l.id where l.refunded_fen <> coalesce(r.done, 0)",
    ),
    Invariant(
        "orders.delivery_matches_refunds",
        "what was refunded of the delivery fee is the sum of its succeeded refunds",
        "select o.id, o.delivery_refunded_fen, sum(r.delivery_fen) done from orders o "
        "join order_refunds r on r.order_id = o.id and r.state = 'succeeded' "
        "group by o.id having o.delivery_refunded_fen <> sum(r.delivery_fen)",
    ),
    Invariant(
        "orders.refund_is_its_parts",
        "a refund is the sum of its lines and of what it gives back of the delivery fee",
        "select r.id, r.amount_fen, r.delivery_fen from order_refunds r "
        "left join order_refund_lines l on l.refund_id = r.id group by r.id "
        "having r.amount_fen <> coalesce(sum(l.amount_fen), 0) + r.delivery_fen",
    ),
)
