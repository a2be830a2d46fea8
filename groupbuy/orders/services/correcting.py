"""Correcting what was delivered short or light: drafted, looked at, then done order by order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.leaders import queries as leaders
from groupbuy.orders import queries
from groupbuy.orders.errors import NothingToCorrect, RefundExceedsLine
from groupbuy.orders.models import (
    CorrectedLine,
    CorrectedOrder,
    Correction,
    Order,
    OrderLine,
)
from groupbuy.orders.rules.after_sales import AfterSaleKind, AfterSaleReason
from groupbuy.orders.rules.corrections import (
    CORRECTED_MOVES,
    CorrectedAction,
    CorrectedState,
    CorrectionAction,
    CorrectionKind,
    CorrectionState,
    correction_after,
    worth_of_missing_weight,
)
from groupbuy.orders.rules.orders import OrderState
from groupbuy.orders.services import deciding
from groupbuy.orders.services.after_sales import Asked, open_case
from groupbuy.orders.services.moving import hold_payments, locked
from groupbuy.orders.services.refunding import Return, amount_wanted, exceeds

JOB = "orders.settle_correction"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at delivery.

    Either single lines with the units that are missing (0 where the weight is), or a SKU in a
    campaign, a group buy or at a pickup point: then every line of it, and all units of a
    shortage.
    """

    kind: CorrectionKind
    reason: str
    lines: Mapping[str, int] | None = None
    sku_id: str | None = None
    campaign_id: str | None = None
    group_buy_id: str | None = None
    pickup_point_id: str | None = None
    ordered_g: int | None = None
    delivered_g: int | None = None


def draft(*, found: Found, leader_id: str | None, actor: Actor, now: datetime) -> Correction:
    """Draft a correction and work out what each order gets: its preview. Nothing is refunded.

    Args:
        leader_id: whose orders alone it may touch; None for headquarters.

    Raises:
        NotFound: a line is not there, or not the leader's to correct.
        RefundExceedsLine: more units are missing than are left of a line.
        NothingToCorrect: nothing is left to give back.
    """
    rows = queries.lines_to_correct(*_conditions(found), leader_id=leader_id)
    if found.lines is not None and len(rows) < len(found.lines):
        raise NotFound
    lines = [_corrected(order, line, found) for order, line in rows]
    worth = [line for line in lines if line["amount_fen"] > 0]
    if not worth:
        raise NothingToCorrect
    correction = Correction(
        id=new_id("cor"),
        kind=found.kind,
        state=CorrectionState.DRAFT,
        leader_id=leader_id,
        sku_id=found.sku_id,
        campaign_id=found.campaign_id,
        group_buy_id=found.group_buy_id,
        pickup_point_id=found.pickup_point_id,
        ordered_g=found.ordered_g,
        delivered_g=found.delivered_g,
        reason=found.reason,
        created_by=actor.label,
        created_at=now,
    )
    session().add(correction)
    session().flush()
    _write_rows(correction.id, worth)
    return correction


def execute(
    *, correction_id: str, actor: Actor, now: datetime, leader_id: str | None = None
) -> Correction:
    """Start a drafted correction: a job refunds order by order.

    Raises:
        NotFound, NotInThisState.
    """
    correction = queries.correction(correction_id, leader_id=leader_id)
    moved = _move(correction, CorrectionAction.EXECUTE, started_by=actor.label, started_at=now)
    amount_fen = queries.correction_view(correction_id).amount_fen
    _audit(moved, "execute", actor, now, amount_fen=amount_fen)
    jobs.enqueue(JOB, correction_id=correction_id)
    return moved


def cancel(
    *, correction_id: str, actor: Actor, now: datetime, leader_id: str | None = None
) -> Correction:
    """Drop a draft.

    Raises:
        NotFound, NotInThisState.
    """
    correction = queries.correction(correction_id, leader_id=leader_id)
    moved = _move(correction, CorrectionAction.CANCEL, ended_at=now)
    _audit(moved, "cancel", actor, now)
    return moved


def settle_order(
    *,
    correction_id: str,
    order_id: str,
    leaders_limit_fen: int,
    decide_within: timedelta,
    now: datetime,
) -> CorrectedOrder:
    """Settle one order of a running correction, all its lines or none; repeatable.

    What a leader corrects above their limit, or for themselves, is referred to staff.
    """
    row = (
        session()
        .scalars(
            select(CorrectedOrder)
            .where(
                CorrectedOrder.correction_id == correction_id, CorrectedOrder.order_id == order_id
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        .one()
    )
    if row.state != CorrectedState.PLANNED:
        return row
    correction = queries.correction(correction_id)
    hold_payments(order_id)
    order = locked(order_id)
    lines = _lines(correction_id, order_id)
    row.why = _why_not(correction, order, lines)
    if row.why:
        return _settled(row, CorrectedAction.SKIP)
    asked, actor = _asked(correction, lines, decide_within), _starter(correction)
    refer = _needs_staff(correction, order, row.amount_fen, leaders_limit_fen)
    try:
        with session().begin_nested():
            case = open_case(order=order, asked=asked, actor=actor, now=now)
    except RefundExceedsLine as problem:
        row.why = problem.code
        return _settled(row, CorrectedAction.SKIP)
    if not refer:
        deciding.approve(after_sale_id=case.id, actor=actor, why=correction.reason, now=now)
    row.after_sale_id = case.id
    return _settled(row, CorrectedAction.REFER if refer else CorrectedAction.REFUND)


def finish(*, correction_id: str, now: datetime) -> bool:
    """Record that every order of a running correction was seen to; tell whether it was."""
    correction = queries.correction(correction_id)
    if correction.state != CorrectionState.RUNNING or queries.planned_order_ids(correction_id):
        return False
    _move(correction, CorrectionAction.FINISH, ended_at=now)
    return True


def _conditions(found: Found) -> list[ColumnElement[bool]]:
    if found.lines is not None:
        return [OrderLine.id.in_(list(found.lines))]
    wanted = {
        OrderLine.sku_id: found.sku_id,
        Order.campaign_id: found.campaign_id,
        Order.group_buy_id: found.group_buy_id,
        Order.pickup_point_id: found.pickup_point_id,
    }
    return [column == value for column, value in wanted.items() if value is not None]


def _corrected(order: Order, line: OrderLine, found: Found) -> dict[str, Any]:
    """Return what a line gets, 0 if nothing is left of it."""
    units, amount_fen = 0, 0
    if found.kind == CorrectionKind.SHORTAGE:
        units = line.left_quantity if found.lines is None else found.lines[line.id]
        if units > line.left_quantity:
            raise exceeds(line=line)
        amount_fen = amount_wanted(line=line, wanted=Return(line.id, quantity=units))
    elif found.ordered_g is not None and found.delivered_g is not None:
        amount_fen = worth_of_missing_weight(
            paid_fen=line.left_fen, ordered_g=found.ordered_g, delivered_g=found.delivered_g
        )
    return {
        "order_line_id": line.id,
        "order_id": order.id,
        "quantity": units,
        "amount_fen": amount_fen,
    }


def _write_rows(correction_id: str, lines: list[dict[str, Any]]) -> None:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line["order_id"]] = sums.get(line["order_id"], 0) + line["amount_fen"]
    session().execute(
        insert(CorrectedOrder),
        [
            {
                "correction_id": correction_id,
                "order_id": order_id,
                "state": CorrectedState.PLANNED,
                "amount_fen": amount_fen,
                "why": "",
            }
            for order_id, amount_fen in sums.items()
        ],
    )
    rows = [{"correction_id": correction_id, **line} for line in lines]
    session().execute(insert(CorrectedLine), rows)


def _lines(correction_id: str, order_id: str) -> list[CorrectedLine]:
    return list(
        session().scalars(
            select(CorrectedLine)
            .where(CorrectedLine.correction_id == correction_id, CorrectedLine.order_id == order_id)
            .order_by(CorrectedLine.order_line_id)
        )
    )


def _why_not(correction: Correction, order: Order, lines: list[CorrectedLine]) -> str:
    """Say why an order gets nothing from a correction after all; empty if it does."""
    if order.state == OrderState.CANCELLED:
        return "cancelled"
    if correction.leader_id is not None and order.state == OrderState.COMPLETED:
        return "completed"
    weighed = correction.kind == CorrectionKind.WEIGHT
    ids = [line.order_line_id for line in lines]
    if weighed and queries.corrected_already(order_line_ids=ids, kind=correction.kind):
        return "corrected_already"
    return ""


def _settled(row: CorrectedOrder, action: CorrectedAction) -> CorrectedOrder:
    row.state = CORRECTED_MOVES[CorrectedState(row.state), action]
    session().flush()
    return row


def _needs_staff(correction: Correction, order: Order, amount_fen: int, limit_fen: int) -> bool:
    if correction.leader_id is None:
        return False
    if leaders.leader(correction.leader_id).shopper_id == order.shopper_id:
        return True
    before_fen = queries.corrected_by(order_id=order.id, who=correction.started_by or "")
    return before_fen + amount_fen > limit_fen


def _asked(correction: Correction, lines: list[CorrectedLine], decide_within: timedelta) -> Asked:
    return Asked(
        returns=[
            Return(line.order_line_id, quantity=line.quantity, amount_fen=line.amount_fen)
            for line in lines
        ],
        reason=AfterSaleReason.MISSING,
        words=correction.reason,
        decide_within=decide_within,
        kind=AfterSaleKind(correction.kind),
    )


def _starter(correction: Correction) -> Actor:
    kind = "staff" if correction.leader_id is None else "shopper"
    return Actor(kind=kind, id=correction.started_by or "", leader_id=correction.leader_id or "")


def _move(correction: Correction, action: CorrectionAction, **facts: object) -> Correction:
    before = correction.state
    moved = session().scalar(
        update(Correction)
        .where(Correction.id == correction.id, Correction.state == before)
        .values(state=correction_after(before, action), **facts)
        .returning(Correction)
        .execution_options(populate_existing=True)
    )
    if moved is None:
        raise NotInThisState(state=before, action=action.value)
    return moved


def _audit(
    correction: Correction, action: str, actor: Actor, now: datetime, **facts: str | int
) -> None:
    audit.record(
        actor=actor,
        action=f"correction.{action}",
        subject=correction.id,
        now=now,
        reason=correction.reason,
        **facts,
    )
