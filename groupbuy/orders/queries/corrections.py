"""Reads of corrections, scoped by who asks."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import PickupPoint
from groupbuy.orders.models import (
    AfterSale,
    AfterSaleLine,
    CorrectedLine,
    CorrectedOrder,
    Correction,
    Order,
    OrderLine,
)
from groupbuy.orders.rules.after_sales import ASKABLE, AfterSaleState
from groupbuy.orders.rules.corrections import CorrectedState, CorrectionState
from groupbuy.orders.rules.orders import OrderState

_DROPPED = (AfterSaleState.REJECTED, AfterSaleState.WITHDRAWN)


@dataclass(frozen=True)
class CorrectionView:
    """A correction with how many of its orders stand where, and what they come to."""

    correction: Correction
    orders: dict[str, int]
    amount_fen: int


@dataclass(frozen=True)
class CorrectedOrderView:
    """One order of a correction with its lines."""

    row: CorrectedOrder
    lines: Sequence[CorrectedLine]


def correction(correction_id: str, *, leader_id: str | None = None) -> Correction:
    """Return a correction, a leader's own one if a leader asks; anything else is NotFound."""
    found = session().get(Correction, correction_id, populate_existing=True)
    if found is None or (leader_id is not None and found.leader_id != leader_id):
        raise NotFound
    return found


def correction_view(correction_id: str, *, leader_id: str | None = None) -> CorrectionView:
    """Return a correction with its sums."""
    return _summed([correction(correction_id, leader_id=leader_id)])[0]


def correction_list(
    *,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    kind: str | None = None,
    leader_id: str | None = None,
) -> Page[CorrectionView]:
    """Return corrections, newest first, in two statements."""
    wanted = {Correction.state: state, Correction.kind: kind, Correction.leader_id: leader_id}
    query = select(Correction).where(
        *(column == value for column, value in wanted.items() if value is not None)
    )
    page = paginate(query, by=[Correction.id], limit=limit, cursor=cursor, descending=True)
    return Page(_summed(page.items), page.next_cursor)


def corrected_orders(
    *,
    correction_id: str,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    leader_id: str | None = None,
) -> Page[CorrectedOrderView]:
    """Return the orders of a correction with their lines."""
    correction(correction_id, leader_id=leader_id)
    query = select(CorrectedOrder).where(CorrectedOrder.correction_id == correction_id)
    if state is not None:
        query = query.where(CorrectedOrder.state == state)
    page = paginate(query, by=[CorrectedOrder.order_id], limit=limit, cursor=cursor)
    lines: dict[str, list[CorrectedLine]] = defaultdict(list)
    for line in session().scalars(
        select(CorrectedLine)
        .where(
            CorrectedLine.correction_id == correction_id,
            CorrectedLine.order_id.in_([row.order_id for row in page.items]),
        )
        .order_by(CorrectedLine.order_line_id)
    ):
        lines[line.order_id].append(line)
    return Page(
        [CorrectedOrderView(row, lines[row.order_id]) for row in page.items], page.next_cursor
    )


def lines_to_correct(
    *conditions: ColumnElement[bool], leader_id: str | None
) -> list[tuple[Order, OrderLine]]:
    """Return paid orders' lines of which something is left, with their orders, in id order.

    A leader corrects what is theirs or is handed over at their points, until it is completed.
    """
    states = set(ASKABLE) if leader_id else {*ASKABLE, OrderState.COMPLETED}
    query = select(Order, OrderLine).join(OrderLine, OrderLine.order_id == Order.id)
    if leader_id is not None:
        own_points = select(PickupPoint.id).where(PickupPoint.leader_id == leader_id)
        query = query.where(
            or_(Order.leader_id == leader_id, Order.pickup_point_id.in_(own_points))
        )
    rows = session().execute(
        query.where(*conditions, Order.state.in_(states), Order.payment_id.is_not(None))
        .order_by(Order.id, OrderLine.id)
        .execution_options(populate_existing=True)
    )
    return [(order, line) for order, line in rows]


def planned_order_ids(correction_id: str) -> list[str]:
    """Return the orders of a correction that nothing was done about yet."""
    return list(
        session().scalars(
            select(CorrectedOrder.order_id)
            .where(
                CorrectedOrder.correction_id == correction_id,
                CorrectedOrder.state == CorrectedState.PLANNED,
            )
            .order_by(CorrectedOrder.order_id)
        )
    )


def running_correction_ids() -> list[str]:
    """Return the corrections that are under way."""
    running = select(Correction.id).where(Correction.state == CorrectionState.RUNNING)
    return list(session().scalars(running.order_by(Correction.id)))


def corrected_already(*, order_line_ids: Collection[str], kind: str) -> bool:
    """Tell whether one of these lines has a correction of the kind that stands."""
    return bool(
        session().scalar(
            select(
                exists().where(
                    AfterSaleLine.after_sale_id == AfterSale.id,
                    AfterSaleLine.order_line_id.in_(order_line_ids),
                    AfterSale.kind == kind,
                    AfterSale.state.not_in(_DROPPED),
                )
            )
        )
    )


def corrected_by(*, order_id: str, who: str) -> int:
    """Return what somebody's corrections of an order that stand come to, in fen."""
    total = session().scalar(
        select(func.sum(AfterSale.amount_fen)).where(
            AfterSale.order_id == order_id,
            AfterSale.requested_by == who,
            AfterSale.kind != "request",
            AfterSale.state.not_in(_DROPPED),
        )
    )
    return int(total or 0)


def _summed(corrections: Sequence[Correction]) -> list[CorrectionView]:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    sums: dict[str, int] = defaultdict(int)
    for correction_id, state, number, amount_fen in session().execute(
        select(
            CorrectedOrder.correction_id,
            CorrectedOrder.state,
            func.count(),
            func.sum(CorrectedOrder.amount_fen),
        )
        .where(CorrectedOrder.correction_id.in_([found.id for found in corrections]))
        .group_by(CorrectedOrder.correction_id, CorrectedOrder.state)
    ):
        counts[correction_id][state] = number
        if state != CorrectedState.SKIPPED:
            sums[correction_id] += int(amount_fen)
    return [CorrectionView(found, counts[found.id], sums[found.id]) for found in corrections]


CORRECTION_INVARIANTS = (
    Invariant(
        "after_sales.corrections_are_settled_by_them",
        "an order of a correction is settled by an after-sale of its amount, and all are when done",
        "select c.id, o.order_id, o.state, o.amount_fen, a.amount_fen asked_fen from corrections c "
        "join corrected_orders o on o.correction_id = c.id "
        "left join after_sales a on a.id = o.after_sale_id "
        "where (a.id is not null and (a.order_id <> o.order_id or a.amount_fen <> o.amount_fen "
        "or a.kind <> c.kind)) or (c.state = 'done' and o.state = 'planned') "
        "or (c.state in ('draft', 'cancelled') and o.state <> 'planned')",
    ),
)
