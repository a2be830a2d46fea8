"""Deciding on after-sales: by staff, or by the clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotFound, NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.orders.errors import ApprovedMoreThanAsked, NothingToReturn
from groupbuy.orders.models import AfterSale, AfterSaleLine, AfterSaleMove
from groupbuy.orders.rules.after_sales import (
    HANDED_OVER,
    AfterSaleAction,
    AfterSaleKind,
    AfterSaleState,
)
from groupbuy.orders.services import after_sale_holds as holds
from groupbuy.orders.services import refunding
from groupbuy.orders.services.after_sales import end, lines_of_case, locked_case, move_case
from groupbuy.orders.services.moving import locked
from groupbuy.orders.services.refunding import Return

_REJECT_INSTEAD = Text("批准金额为零，请改为拒绝。", "Nothing would be approved: reject it.")


def approve(
    *,
    after_sale_id: str,
    actor: Actor,
    now: datetime,
    why: str = "",
    amounts: Mapping[str, int] | None = None,
    return_within: timedelta | None = None,
) -> AfterSale:
    """Approve an after-sale; the money goes back now, or once the goods are back.

    Args:
        amounts: fen per order line where it is less than was asked for; 0 for nothing.
        return_within: how long the shopper has to bring the goods back; None if they need not.

    Raises:
        NotFound, NotInThisState.
        ApprovedMoreThanAsked: for a line.
        InvalidInput: nothing at all would be approved.
        NothingToReturn: the goods were not handed over.
    """
    case = locked_case(after_sale_id)
    _need(case, AfterSaleState.REQUESTED, "approve")
    approved_fen = _settle_amounts(case, amounts or {})
    case = move_case(
        case=case,
        action=AfterSaleAction.APPROVE,
        actor=actor,
        why=why,
        now=now,
        approved_fen=approved_fen,
    )
    _audit(case, "approve", actor, now, approved_fen=approved_fen)
    if return_within is None:
        return _refund(case, actor=actor, now=now)
    if locked(case.order_id).state not in HANDED_OVER:
        raise NothingToReturn
    return move_case(
        case=case,
        action=AfterSaleAction.AWAIT_RETURN,
        actor=actor,
        now=now,
        return_by=now + return_within,
    )


def reject(*, after_sale_id: str, reason: str, actor: Actor, now: datetime) -> AfterSale:
    """Refuse an after-sale, also when the goods that came back are not as they should be.

    Raises:
        NotFound, NotInThisState.
    """
    case = end(
        case=locked_case(after_sale_id),
        action=AfterSaleAction.REJECT,
        actor=actor,
        why=reason,
        now=now,
    )
    _audit(case, "reject", actor, now)
    return case


def receive_return(*, after_sale_id: str, actor: Actor, now: datetime) -> AfterSale:
    """Record that the goods are back; the money follows.

    Raises:
        NotFound, NotInThisState.
    """
    case = locked_case(after_sale_id)
    _need(case, AfterSaleState.RETURNING, "receive_return")
    _audit(case, "return_received", actor, now)
    return _refund(case, actor=actor, now=now)


def refund_again(*, after_sale_id: str, actor: Actor, now: datetime) -> AfterSale:
    """Ask for the money once more after the provider refused it for good.

    Raises:
        NotFound, NotInThisState.
    """
    case = locked_case(after_sale_id)
    _need(case, AfterSaleState.APPROVED, "refund_again")
    _audit(case, "refund_again", actor, now)
    return _refund(case, actor=actor, now=now)


def decide_overdue(*, after_sale_id: str, automatic_fen: int, now: datetime) -> AfterSale:
    """Approve a request nobody decided in time if it is small, else mark it as urgent.

    Small means: with whatever the clock approved of the same order before, at most
    `automatic_fen`. Corrections are never approved by the clock: who asks is not the shopper.
    """
    case = locked_case(after_sale_id)
    if case.state != AfterSaleState.REQUESTED or case.escalated_at or now < case.decide_by:
        return case
    small = case.amount_fen + _approved_by_the_clock(case.order_id) <= automatic_fen
    if case.kind == AfterSaleKind.REQUEST and small:
        return approve(after_sale_id=after_sale_id, actor=SYSTEM, why="overdue", now=now)
    case.escalated_at = now
    _audit(case, "escalate", SYSTEM, now)
    session().flush()
    return case


def end_unreturned(*, after_sale_id: str, now: datetime) -> AfterSale:
    """Withdraw an after-sale whose goods did not come back in time."""
    case = locked_case(after_sale_id)
    if case.state != AfterSaleState.RETURNING or case.return_by is None or now < case.return_by:
        return case
    ended = end(
        case=case, action=AfterSaleAction.WITHDRAW, actor=SYSTEM, why="not_returned", now=now
    )
    _audit(ended, "end_unreturned", SYSTEM, now)
    return ended


def _settle_amounts(case: AfterSale, amounts: Mapping[str, int]) -> int:
    """Write down what is approved of each line and hold just that; return the sum.

    Units come back where all that was asked for them is approved.
    """
    lines = lines_of_case(case.id)
    if not amounts.keys() <= {line.order_line_id for line in lines}:
        raise NotFound
    holds.let_go(case)
    for line in lines:
        approved_fen = amounts.get(line.order_line_id, line.amount_fen)
        if approved_fen > line.amount_fen:
            raise ApprovedMoreThanAsked(order_line_id=line.order_line_id)
        whole = approved_fen == line.amount_fen
        line.approved_fen, line.approved_quantity = approved_fen, line.quantity if whole else 0
    holds.hold(case)
    approved = sum(line.approved_fen or 0 for line in lines)
    if approved == 0:
        raise InvalidInput.at("/lines", _REJECT_INSTEAD)
    return approved


def _refund(case: AfterSale, *, actor: Actor, now: datetime) -> AfterSale:
    """Let go what is held and refund just that, in the same breath: the order is locked."""
    holds.let_go(case)
    refund = refunding.refund_lines(
        order_id=case.order_id,
        returns=[_as_return(line) for line in lines_of_case(case.id) if line.approved_fen],
        reason=case.reason,
        actor=actor,
        now=now,
    )
    return move_case(
        case=case, action=AfterSaleAction.REFUND, actor=actor, now=now, refund_id=refund.id
    )


def _as_return(line: AfterSaleLine) -> Return:
    return Return(
        line.order_line_id, quantity=line.approved_quantity or 0, amount_fen=line.approved_fen
    )


def _need(case: AfterSale, state: AfterSaleState, action: str) -> None:
    if case.state != state:
        raise NotInThisState(state=case.state, action=action)


def _approved_by_the_clock(order_id: str) -> int:
    approved = (
        select(AfterSaleMove.after_sale_id)
        .join(AfterSale, AfterSale.id == AfterSaleMove.after_sale_id)
        .where(
            AfterSale.order_id == order_id,
            AfterSaleMove.action == AfterSaleAction.APPROVE,
            AfterSaleMove.actor == SYSTEM.label,
        )
    )
    total = session().scalar(
        select(func.sum(AfterSale.approved_fen)).where(AfterSale.id.in_(approved))
    )
    return int(total or 0)


def _audit(case: AfterSale, action: str, actor: Actor, now: datetime, **facts: str | int) -> None:
    audit.record(
        actor=actor,
        action=f"after_sale.{action}",
        subject=case.id,
        now=now,
        order=case.order_id,
        **facts,
    )
