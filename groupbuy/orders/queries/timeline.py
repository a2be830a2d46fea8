"""The story of one order: its rows as events."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from groupbuy.orders.models import AfterSale, AfterSaleMove, OrderRefund, OrderTransition
from groupbuy.orders.rules import RefundState
from groupbuy.orders.rules.timeline import (
    AFTER_SALE_WORDS,
    ORDER_WORDS,
    PAYMENT_WORDS,
    REFUND_WORDS,
    Event,
    EventKind,
    in_order_of_time,
)
from groupbuy.payments.models import Payment


def story(
    *,
    transitions: Iterable[OrderTransition],
    payments: Iterable[Payment] = (),
    refunds: Iterable[OrderRefund] = (),
    after_sales: Iterable[tuple[AfterSaleMove, AfterSale]] = (),
) -> Sequence[Event]:
    """Return everything that happened to an order, in order of time."""
    return in_order_of_time(
        chain(
            (_moved(row) for row in transitions),
            (event for row in payments for event in _paid(row)),
            (event for row in refunds for event in _refunded(row)),
            (_after_sale(move, case) for move, case in after_sales),
        )
    )


def _moved(row: OrderTransition) -> Event:
    return Event(
        kind=EventKind.ORDER,
        id=row.order_id,
        at=row.at,
        action=row.action,
        text=ORDER_WORDS[row.action],
        from_state=row.from_state,
        to_state=row.to_state,
        reason=row.reason,
        actor=row.actor,
    )


def _paid(row: Payment) -> Iterator[Event]:
    steps = {
        "request": (row.created_at, "created"),
        "succeed": (row.succeeded_at, "succeeded"),
        "fail": (row.failed_at, "failed"),
        "cancel": (row.cancelled_at, "cancelled"),
    }
    before = None
    for action, (at, state) in steps.items():
        if at is not None:
            yield Event(
                kind=EventKind.PAYMENT,
                id=row.id,
                at=at,
                action=action,
                text=PAYMENT_WORDS[action],
                from_state=before,
                to_state=state,
                amount_fen=row.amount_fen,
            )
            before = state


def _refunded(row: OrderRefund) -> Iterator[Event]:
    asked = Event(
        kind=EventKind.REFUND,
        id=row.id,
        at=row.requested_at,
        action="request",
        text=REFUND_WORDS["request"],
        to_state=RefundState.REQUESTED,
        reason=row.reason,
        actor=row.requested_by,
        amount_fen=row.amount_fen,
    )
    yield asked
    if row.settled_at is not None:
        yield replace(
            asked,
            at=row.settled_at,
            action=row.state,
            text=REFUND_WORDS[row.state],
            from_state=RefundState.REQUESTED,
            to_state=row.state,
            actor="",
        )


def _after_sale(move: AfterSaleMove, case: AfterSale) -> Event:
    return Event(
        kind=EventKind.AFTER_SALE,
        id=case.id,
        at=move.at,
        action=move.action,
        text=AFTER_SALE_WORDS[move.action],
        from_state=move.from_state,
        to_state=move.to_state,
        reason=move.reason,
        actor=move.actor,
        amount_fen=case.amount_fen if case.approved_fen is None else case.approved_fen,
    )
