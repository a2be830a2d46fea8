"""What should have been finished by now is taken up again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from groupbuy.kernel import jobs
from groupbuy.kernel.db import session
from groupbuy.payments.models import Payment, PaymentRefund, ProviderEvent
from groupbuy.payments.rules.states import (
    ASKED,
    ASKED_AFTER_CANCELLATION,
    OPEN,
    UNSETTLED,
    look_again,
)
from groupbuy.payments.services import events, payments, refunds

AT_ONCE = 100


def take_up_unfinished(*, now: datetime) -> None:
    """Enqueue what is due: unhandled events, unsettled refunds, payments we heard nothing of."""
    for event in _due(ProviderEvent, OPEN, now):
        event.due_at = look_again(since=event.received_at, now=now)
        jobs.enqueue(events.JOB, event_id=event.id)
    for refund in _due(PaymentRefund, UNSETTLED, now):
        refund.due_at = look_again(since=refund.requested_at, now=now)
        jobs.enqueue(refunds.JOB, refund_id=refund.id)
    for payment in _due(Payment, ASKED, now):
        given_up = payment.cancelled_at and now > payment.cancelled_at + ASKED_AFTER_CANCELLATION
        payment.due_at = None if given_up else look_again(since=payment.created_at, now=now)
        jobs.enqueue(payments.ASK_JOB, payment_id=payment.id)
    session().flush()


def _due(model: Any, states: Sequence[StrEnum], now: datetime) -> Iterable[Any]:
    """Lock and return the rows that are due, oldest first, leaving those others work on."""
    return (
        session()
        .scalars(
            select(model)
            .where(model.state.in_(states), model.due_at <= now)
            .order_by(model.due_at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        .all()
    )
