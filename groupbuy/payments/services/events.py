"""What providers tell us by webhook: stored once, handled by a job, in whatever order it comes."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.payments import queries
from groupbuy.payments.models import ProviderEvent
from groupbuy.payments.providers.interface import IncomingEvent, ProviderStatus, RefundStatus
from groupbuy.payments.providers.registry import provider_named
from groupbuy.payments.rules.states import (
    EVENT_MOVES,
    OPEN,
    EventState,
    PaymentState,
    RefundState,
    look_again,
    states_before,
)
from groupbuy.payments.services.payments import fault_in, record_status
from groupbuy.payments.services.refunds import record_refund_result

JOB = "payments.handle_event"

Outcome = tuple[EventState, str]


def store_event(*, provider: str, event: IncomingEvent, now: datetime) -> None:
    """Keep a verified event and have a job handle it; one that is known changes nothing."""
    event_id = session().scalar(
        insert(ProviderEvent)
        .values(
            provider=provider,
            event_id=event.event_id,
            kind=event.kind,
            account=event.account,
            livemode=event.livemode,
            payload=event.payload,
            received_at=now,
            due_at=look_again(since=now, now=now),
        )
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(ProviderEvent.id)
    )
    if event_id is not None:
        jobs.enqueue(JOB, event_id=event_id)


def handle_event(*, event_id: str, now: datetime) -> None:
    """Do what an event asks for, once; leave it waiting or parked when that is not possible.

    `waiting`: what it is about is not known (yet). `parked`: something does not match.
    """
    event = session().scalar(
        select(ProviderEvent)
        .where(ProviderEvent.id == event_id, ProviderEvent.state.in_(OPEN))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if event is None:
        return
    report = provider_named(event.provider).read_event(event.payload)
    event.state, event.note = _apply(report, event.provider, now)
    event.handled_at = now if event.state == EventState.HANDLED else None
    event.attempts += 1
    event.due_at = look_again(since=event.received_at, now=now)
    session().flush()


def retry_event(*, event_id: str, actor: Actor, now: datetime) -> ProviderEvent:
    """Have a waiting or parked event handled again.

    Raises:
        NotInThisState: it is handled, or about to be.
        NotFound: there is no such event.
    """
    event = queries.event(event_id)
    retried: ProviderEvent | None = session().scalar(
        update(ProviderEvent)
        .where(
            ProviderEvent.id == event_id,
            ProviderEvent.state.in_(states_before(EVENT_MOVES, EventState.RECEIVED)),
        )
        .values(state=EventState.RECEIVED, due_at=look_again(since=now, now=now))
        .returning(ProviderEvent),
        execution_options={"populate_existing": True},
    )
    if retried is None:
        raise NotInThisState(state=event.state, action="retry")
    audit.record(actor=actor, action="provider_event.retry", subject=event_id, now=now)
    jobs.enqueue(JOB, event_id=event_id)
    return retried


def _apply(report: ProviderStatus | RefundStatus | None, provider: str, now: datetime) -> Outcome:
    if report is None:
        return EventState.HANDLED, "ignored"
    if isinstance(report, RefundStatus):
        return _apply_to_refund(report, now)
    return _apply_to_payment(report, provider, now)


def _apply_to_payment(report: ProviderStatus, provider: str, now: datetime) -> Outcome:
    payment = queries.payment_reported(provider, report.payment_id, report.provider_ref)
    if payment is None:
        return EventState.WAITING, "unknown payment"
    payment = record_status(payment_id=payment.id, status=report, now=now)
    if report.foreign:
        return EventState.PARKED, report.foreign
    if report.state != PaymentState.SUCCEEDED:
        return EventState.HANDLED, ""
    fault = fault_in(
        payment,
        provider_ref=report.provider_ref,
        amount_fen=report.amount_fen,
        currency=report.currency,
    )
    if payment.resolved_at is None and (fault or payment.state != PaymentState.SUCCEEDED):
        return EventState.PARKED, fault or payment.note
    return EventState.HANDLED, ""


def _apply_to_refund(report: RefundStatus, now: datetime) -> Outcome:
    refund = queries.refund_reported(report.refund_id, report.provider_ref)
    if refund is None:
        return EventState.WAITING, "unknown refund"
    if report.foreign:
        return EventState.PARKED, report.foreign
    if report.amount_fen != refund.amount_fen:
        return EventState.PARKED, f"{report.amount_fen} fen, asked {refund.amount_fen}"
    if refund.state == RefundState.SUCCEEDED and report.state == RefundState.FAILED:
        # The bank sent the money back later; our books announced a success, so staff decide.
        return EventState.PARKED, "failed after it had succeeded"
    record_refund_result(refund_id=refund.id, status=report, now=now)
    if report.state == RefundState.SUBMITTED and report.note:
        # It will not go on by itself: staff see the event, and retry it once they have acted.
        return EventState.PARKED, report.note
    return EventState.HANDLED, ""
