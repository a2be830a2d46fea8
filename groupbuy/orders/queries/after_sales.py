"""Reads of after-sales, scoped by who asks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import PickupPoint
from groupbuy.media import queries as media
from groupbuy.orders.models import (
    AfterSale,
    AfterSaleLine,
    AfterSaleMove,
    AfterSaleNote,
    Order,
    OrderLine,
)
from groupbuy.orders.rules.after_sales import OPEN, AfterSaleState


@dataclass(frozen=True)
class AfterSaleView:
    """An after-sale with its lines and, where one is shown, its moves and notes."""

    case: AfterSale
    order: Order
    lines: Sequence["ShownLine"]
    picture_ids: Sequence[str] = field(default_factory=list)
    moves: Sequence[AfterSaleMove] = field(default_factory=list)
    notes: Sequence[AfterSaleNote] = field(default_factory=list)


@dataclass(frozen=True)
class ShownLine:
    """What is asked for of a line, and what the line is."""

    asked: AfterSaleLine
    line: OrderLine


def own_after_sale(after_sale_id: str, *, shopper_id: str | None = None) -> AfterSale:
    """Return an after-sale, a shopper's own one if a shopper asks; anything else is NotFound."""
    query = select(AfterSale).where(AfterSale.id == after_sale_id)
    if shopper_id is not None:
        query = query.join(Order).where(Order.shopper_id == shopper_id)
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def after_sale(after_sale_id: str, *, shopper_id: str | None = None) -> AfterSaleView:
    """Return an after-sale with all there is to it, in a constant number of statements."""
    shown = _shown([own_after_sale(after_sale_id, shopper_id=shopper_id)])[0]
    moves = session().scalars(
        select(AfterSaleMove)
        .where(AfterSaleMove.after_sale_id == after_sale_id)
        .order_by(AfterSaleMove.id)
    )
    notes = session().scalars(
        select(AfterSaleNote)
        .where(AfterSaleNote.after_sale_id == after_sale_id)
        .order_by(AfterSaleNote.id)
    )
    return replace(shown, moves=list(moves), notes=list(notes))


def shoppers_after_sales(*, shopper_id: str, **asked: Any) -> Page[AfterSaleView]:
    """Return a shopper's after-sales, newest first."""
    return _page(Order.shopper_id == shopper_id, **asked)


def leaders_after_sales(*, leader_id: str, **asked: Any) -> Page[AfterSaleView]:
    """Return what became of the orders that are a leader's or are handed over at their points."""
    own_points = select(PickupPoint.id).where(PickupPoint.leader_id == leader_id)
    return _page(or_(Order.leader_id == leader_id, Order.pickup_point_id.in_(own_points)), **asked)


def all_after_sales(
    *, leader_id: str | None, campaign_id: str | None, shopper_id: str | None, **asked: Any
) -> Page[AfterSaleView]:
    """Return headquarters' list, newest first."""
    wanted = {
        Order.leader_id: leader_id,
        Order.campaign_id: campaign_id,
        Order.shopper_id: shopper_id,
    }
    return _page(*(column == value for column, value in wanted.items() if value), **asked)


def after_sale_ids_overdue(*, now: datetime) -> list[str]:
    """Return requests that nobody decided in time and that are not marked as urgent yet."""
    return list(
        session().scalars(
            select(AfterSale.id)
            .where(_overdue(now), AfterSale.escalated_at.is_(None))
            .order_by(AfterSale.id)
        )
    )


def after_sale_ids_unreturned(*, now: datetime) -> list[str]:
    """Return after-sales whose goods did not come back in time."""
    return list(
        session().scalars(
            select(AfterSale.id)
            .where(AfterSale.state == AfterSaleState.RETURNING, AfterSale.return_by <= now)
            .order_by(AfterSale.id)
        )
    )


def open_after_sale_of_order() -> ColumnElement[bool]:
    """Select orders that have an after-sale that is not over."""
    return exists().where(AfterSale.order_id == Order.id, AfterSale.state.in_(OPEN))


def moves_of_order(order_id: str) -> list[tuple[AfterSaleMove, AfterSale]]:
    """Return every move of the after-sales of an order, each with its after-sale."""
    rows = session().execute(
        select(AfterSaleMove, AfterSale)
        .join(AfterSale, AfterSale.id == AfterSaleMove.after_sale_id)
        .where(AfterSale.order_id == order_id)
        .order_by(AfterSaleMove.id)
    )
    return [(move, case) for move, case in rows]


def _overdue(now: datetime) -> ColumnElement[bool]:
    return (AfterSale.state == AfterSaleState.REQUESTED) & (AfterSale.decide_by <= now)


def _page(
    *scope: ColumnElement[bool],
    limit: int,
    cursor: str | None,
    now: datetime,
    state: str | None = None,
    kind: str | None = None,
    reason: str | None = None,
    order_id: str | None = None,
    overdue: bool | None = None,
) -> Page[AfterSaleView]:
    query = select(AfterSale)
    if scope:
        query = query.join(Order, Order.id == AfterSale.order_id).where(*scope)
    wanted = {
        AfterSale.state: state,
        AfterSale.kind: kind,
        AfterSale.reason: reason,
        AfterSale.order_id: order_id,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return _paginated(_by_deadline(query, overdue, now), limit, cursor)


def _by_deadline(
    query: Select[AfterSale], overdue: bool | None, now: datetime
) -> Select[AfterSale]:
    if overdue is None:
        return query
    return query.where(_overdue(now) if overdue else ~_overdue(now))


def _paginated(query: Select[AfterSale], limit: int, cursor: str | None) -> Page[AfterSaleView]:
    page = paginate(query, by=[AfterSale.id], limit=limit, cursor=cursor, descending=True)
    return Page(_shown(page.items), page.next_cursor)


def _shown(cases: Sequence[AfterSale]) -> list[AfterSaleView]:
    """Read orders, lines and pictures of some after-sales, in three statements."""
    ids = [case.id for case in cases]
    orders = {
        order.id: order
        for order in session().scalars(
            select(Order).where(Order.id.in_({case.order_id for case in cases}))
        )
    }
    lines: dict[str, list[ShownLine]] = defaultdict(list)
    for asked, line in session().execute(
        select(AfterSaleLine, OrderLine)
        .join(OrderLine, OrderLine.id == AfterSaleLine.order_line_id)
        .where(AfterSaleLine.after_sale_id.in_(ids))
        .order_by(AfterSaleLine.after_sale_id, OrderLine.position)
    ):
        lines[asked.after_sale_id].append(ShownLine(asked, line))
    pictures = media.pictures_of(ids)
    return [
        AfterSaleView(
            case,
            orders[case.order_id],
            lines[case.id],
            [picture.id for picture in pictures.get(case.id, [])],
        )
        for case in cases
    ]


AFTER_SALE_INVARIANTS = (
    Invariant(
        "after_sales.holds_are_what_is_open",
        "what is held on a line is what its open after-sales are about",
        "select l.id, l.held_fen, l.held_quantity, coalesce(h.fen, 0) asked_fen, "
        "coalesce(h.units, 0) asked_units from order_lines l full join (select s.order_line_id, "
        "sum(coalesce(s.approved_fen, s.amount_fen)) fen, "
        "sum(coalesce(s.approved_quantity, s.quantity)) units from after_sale_lines s "
        "join after_sales a on a.id = s.after_sale_id "
        "where a.state in ('requested', 'approved', 'returning') group by 1) h "
        "on h.order_line_id = l.id "
        "where (l.held_fen, l.held_quantity) <> (coalesce(h.fen, 0), coalesce(h.units, 0))",
    ),
    Invariant(
        "after_sales.open_requests_within_paid",
        "refunds and open requests of a line are together at most what was paid for it",
        "select l.id, l.amount_fen, l.refund_requested_fen, l.held_fen from order_lines l "
        "left join (select rl.order_line_id, sum(rl.amount_fen) fen from order_refund_lines rl "
        "join order_refunds r on r.id = rl.refund_id where r.state <> 'failed' group by 1) r "
        "on r.order_line_id = l.id where l.refund_requested_fen <> coalesce(r.fen, 0) "
        "or l.refund_requested_fen + l.held_fen > l.amount_fen",
    ),
    Invariant(
        "after_sales.follow_their_refund",
        "an after-sale is refunded exactly when its refund succeeded, by what was approved",
        "select a.id, a.state, r.state refund_state, a.approved_fen, r.amount_fen "
        "from after_sales a left join order_refunds r on r.id = a.refund_id "
        "where (a.state = 'refunded' and r.state is distinct from 'succeeded') "
        "or (a.state = 'refunding' and r.state is distinct from 'requested') "
        "or (a.state in ('refunding', 'refunded') "
        "and r.amount_fen - r.delivery_fen <> a.approved_fen)",
    ),
    Invariant(
        "after_sales.are_their_lines_and_last_move",
        "an after-sale is the sum of its lines and stands where its last move left it",
        "select a.id, a.amount_fen, l.asked, a.approved_fen, l.approved, a.state, m.to_state "
        "from after_sales a left join (select after_sale_id, sum(amount_fen) asked, "
        "sum(approved_fen) approved from after_sale_lines group by 1) l "
        "on l.after_sale_id = a.id left join lateral (select to_state from after_sale_moves m "
        "where m.after_sale_id = a.id order by m.id desc limit 1) m on true "
        "where a.amount_fen is distinct from l.asked "
        "or a.approved_fen is distinct from l.approved or a.state is distinct from m.to_state",
    ),
    Invariant(
        "after_sales.over_before_completion",
        "an order is completed only once no request of its shopper is open",
        "select o.id, a.id after_sale from orders o join after_sales a on a.order_id = o.id "
        "where o.state = 'completed' and a.kind = 'request' and a.requested_at <= o.completed_at "
        "and (a.ended_at is null or a.ended_at > o.completed_at)",
    ),
)
