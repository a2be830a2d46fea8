"""After-sales: asking, withdrawing, writing about one, and what becomes of its refund.

Whoever changes an after-sale locks its order first, so the two agree.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.media import services as media
from groupbuy.orders import queries
from groupbuy.orders.errors import AfterSaleOver, NothingToRefund, TooManyNotes
from groupbuy.orders.models import AfterSale, AfterSaleLine, AfterSaleMove, AfterSaleNote, Order
from groupbuy.orders.rules.after_sales import (
    ASKABLE,
    HOLDING,
    MAX_NOTES,
    AfterSaleAction,
    AfterSaleKind,
    AfterSaleReason,
    AfterSaleState,
    after_sale_after,
)
from groupbuy.orders.rules.orders import OrderState
from groupbuy.orders.services import after_sale_holds as holds
from groupbuy.orders.services.moving import hold_payments, locked
from groupbuy.orders.services.refunding import Return


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: of which lines, why, and until when somebody must decide."""

    returns: Sequence[Return]
    reason: AfterSaleReason
    words: str
    decide_within: timedelta
    kind: AfterSaleKind = AfterSaleKind.REQUEST


def request(
    *,
    order_id: str,
    shopper_id: str,
    asked: Asked,
    picture_ids: Sequence[str] = (),
    actor: Actor,
    now: datetime,
) -> AfterSale:
    """Ask for money back for lines of an own order, from payment until its completion.

    Raises:
        NotFound: it is not the shopper's order, or a line is not its.
        NotInThisState: it is not paid, or it is cancelled.
        AfterSaleOver: the time after the pickup is over, or the order is.
        NothingToRefund: no money was taken for it.
        RefundExceedsLine: more than is left on a line; nothing is asked for at all.
        InvalidInput: a picture is not there, or not the shopper's.
    """
    queries.order(order_id, shopper_id=shopper_id)
    order = locked(order_id)
    late = order.completes_at is not None and now >= order.completes_at
    if late or order.state == OrderState.COMPLETED:
        raise AfterSaleOver
    if order.state not in ASKABLE:
        raise NotInThisState(state=order.state, action="request")
    case = open_case(order=order, asked=asked, actor=actor, now=now)
    media.claim(
        picture_ids=picture_ids, owner=case.id, actor=actor, public=False, pointer="/picture_ids"
    )
    return case


def open_case(*, order: Order, asked: Asked, actor: Actor, now: datetime) -> AfterSale:
    """Open an after-sale of a locked order and hold what it asks for.

    Raises:
        NotFound: a line is not the order's.
        NothingToRefund, RefundExceedsLine.
    """
    if order.payment_id is None:
        raise NothingToRefund
    lines = {line.id: line for line in queries.lines_of(order.id)}
    if not {wanted.order_line_id for wanted in asked.returns} <= lines.keys():
        raise NotFound
    held = [
        holds.hold_line(line=lines[wanted.order_line_id], wanted=wanted) for wanted in asked.returns
    ]
    case = AfterSale(
        id=new_id("afs"),
        order_id=order.id,
        kind=asked.kind,
        state=AfterSaleState.REQUESTED,
        reason=asked.reason,
        words=asked.words,
        amount_fen=sum(line.amount_fen for line in held),
        requested_by=actor.label,
        requested_at=now,
        decide_by=now + asked.decide_within,
    )
    session().add(case)
    session().flush()
    for line in held:
        line.after_sale_id = case.id
    session().add_all(held)
    _note_move(case, None, AfterSaleAction.REQUEST, actor=actor, now=now, why=asked.reason)
    session().flush()
    return case


def withdraw(
    *, after_sale_id: str, shopper_id: str, actor: Actor, why: str, now: datetime
) -> AfterSale:
    """Take an own request back; what it held is free again.

    Raises:
        NotFound: it is not the shopper's, or not theirs to withdraw: a correction.
        NotInThisState: its refund is under way, or it has ended.
    """
    queries.own_after_sale(after_sale_id, shopper_id=shopper_id)
    case = locked_case(after_sale_id)
    if case.kind != AfterSaleKind.REQUEST:
        raise NotFound
    return end(case=case, action=AfterSaleAction.WITHDRAW, actor=actor, why=why, now=now)


def write(
    *, after_sale_id: str, words: str, actor: Actor, now: datetime, shopper_id: str | None = None
) -> AfterSaleNote:
    """Write about an after-sale: the shopper about an own one, or staff.

    Raises:
        NotFound: it is not the shopper's.
        NotInThisState: it has ended.
        TooManyNotes.
    """
    queries.own_after_sale(after_sale_id, shopper_id=shopper_id)
    case = locked_case(after_sale_id)
    if case.ended_at is not None:
        raise NotInThisState(state=case.state, action="write")
    written = session().scalar(
        select(func.count()).where(AfterSaleNote.after_sale_id == after_sale_id)
    )
    if (written or 0) >= MAX_NOTES:
        raise TooManyNotes
    note = AfterSaleNote(
        after_sale_id=after_sale_id,
        by_staff=shopper_id is None,
        author=actor.label,
        words=words,
        at=now,
    )
    session().add(note)
    session().flush()
    return note


def withdraw_all(*, order_ids: Collection[str], why: str, actor: Actor, now: datetime) -> None:
    """Withdraw what is open of locked orders of which everything goes back anyway.

    One statement where nothing is open.
    """
    for case in session().scalars(
        select(AfterSale)
        .where(AfterSale.order_id.in_(order_ids), AfterSale.state.in_(HOLDING))
        .order_by(AfterSale.id)
        .execution_options(populate_existing=True)
    ):
        end(case=case, action=AfterSaleAction.WITHDRAW, actor=actor, why=why, now=now)


def refund_settled(*, refund_id: str, now: datetime) -> None:
    """Record that the money of an after-sale is back, if the refund is one's."""
    case = _case_of_refund(refund_id)
    if case is not None:
        move_case(case=case, action=AfterSaleAction.SETTLE, actor=SYSTEM, now=now, ended_at=now)


def refund_refused(*, refund_id: str, now: datetime) -> None:
    """Go back to approved and hold again what the refused refund let go, if it is one's."""
    case = _case_of_refund(refund_id)
    if case is not None:
        case = move_case(
            case=case, action=AfterSaleAction.FAIL, actor=SYSTEM, now=now, refund_id=None
        )
        holds.hold(case)


def end(
    *, case: AfterSale, action: AfterSaleAction, actor: Actor, why: str, now: datetime
) -> AfterSale:
    """End an after-sale without a refund; what it held is free again."""
    ended = move_case(case=case, action=action, actor=actor, why=why, now=now, ended_at=now)
    holds.let_go(ended)
    return ended


def locked_case(after_sale_id: str) -> AfterSale:
    """Return an after-sale as it is now, its order's payments and its order locked."""
    order_id = session().scalar(select(AfterSale.order_id).where(AfterSale.id == after_sale_id))
    if order_id is None:
        raise NotFound
    hold_payments(order_id)
    locked(order_id)
    return (
        session()
        .scalars(
            select(AfterSale)
            .where(AfterSale.id == after_sale_id)
            .execution_options(populate_existing=True)
        )
        .one()
    )


def move_case(
    *,
    case: AfterSale,
    action: AfterSaleAction,
    actor: Actor,
    now: datetime,
    why: str = "",
    **facts: Any,
) -> AfterSale:
    """Move an after-sale by a conditional UPDATE; `facts` are further columns to set.

    Raises:
        NotInThisState: the table does not allow it, or somebody else moved it first.
    """
    before, target = case.state, after_sale_after(case.state, action)
    moved = session().scalar(
        update(AfterSale)
        .where(AfterSale.id == case.id, AfterSale.state == before)
        .values(state=target, **facts)
        .returning(AfterSale)
        .execution_options(populate_existing=True)
    )
    if moved is None:
        raise NotInThisState(state=before, action=action.value)
    _note_move(moved, before, action, actor=actor, now=now, why=why)
    session().flush()
    return moved


def lines_of_case(after_sale_id: str) -> list[AfterSaleLine]:
    """Return the lines of an after-sale, in order of the line."""
    return list(
        session().scalars(
            select(AfterSaleLine)
            .where(AfterSaleLine.after_sale_id == after_sale_id)
            .order_by(AfterSaleLine.order_line_id)
        )
    )


def _case_of_refund(refund_id: str) -> AfterSale | None:
    return session().scalar(
        select(AfterSale)
        .where(AfterSale.refund_id == refund_id, AfterSale.state == AfterSaleState.REFUNDING)
        .execution_options(populate_existing=True)
    )


def _note_move(
    case: AfterSale,
    before: str | None,
    action: AfterSaleAction,
    *,
    actor: Actor,
    now: datetime,
    why: str,
) -> None:
    session().add(
        AfterSaleMove(
            after_sale_id=case.id,
            from_state=before,
            to_state=case.state,
            action=action,
            actor=actor.label,
            reason=why,
            at=now,
        )
    )
