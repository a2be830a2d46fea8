"""Entrances by the clock and by the queue."""

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every, job
from groupbuy.payments import queries, services


@job("payments.refund")
def execute_refund(refund_id: str) -> None:
    """Give money back; raise when no answer came, so that it is asked for again."""
    with transaction():
        refund = services.begin_refund_attempt(refund_id=refund_id, now=clock.now())
    if refund is None:
        return
    status = services.ask_for_refund(refund)
    with transaction():
        services.record_refund_result(refund_id=refund_id, status=status, now=clock.now())


@job("payments.handle_event")
def handle_event(event_id: str) -> None:
    """Handle what a provider told us."""
    with transaction():
        services.handle_event(event_id=event_id, now=clock.now())


@job("payments.ask_provider")
def ask_provider(payment_id: str) -> None:
    """Ask how a payment stands of which no event told us; have a cancelled one cancelled there."""
    status = services.fetch(queries.payment(payment_id))
    if status is None:
        return
    with transaction():
        services.record_status(payment_id=payment_id, status=status, now=clock.now())


@job("payments.learn_payer")
def learn_payer(payment_id: str) -> None:
    """Ask who made a payment of which an event told us."""
    payer_ref = services.ask_payer(queries.payment(payment_id))
    if payer_ref is None:
        return
    with transaction():
        services.record_payer(payment_id=payment_id, payer_ref=payer_ref, now=clock.now())


@job("payments.reconcile")
def reconcile(reconciliation_id: str) -> None:
    """Fetch a provider's list and compare."""
    found = queries.reconciliation(reconciliation_id)
    theirs = services.fetch_list(reconciliation=found, now=clock.now())
    with transaction():
        services.finish_reconciliation(
            reconciliation_id=reconciliation_id, theirs=theirs, now=clock.now()
        )


@every("40 2 * * *", "payments.reconcile_last_days")
def reconcile_last_days() -> None:
    """Have the last days compared: at 10:40 in Beijing, where bills are ready at 10:00."""
    with transaction():
        services.request_missing(now=clock.now())


@every("* * * * * */30", "payments.take_up_unfinished")
def take_up_unfinished() -> None:
    """Take up what should have been finished by now."""
    with transaction():
        services.take_up_unfinished(now=clock.now())
