"""Entrances by the clock and by the queue."""

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every, job
from groupbuy.kernel.settings import settings
from groupbuy.payouts import queries, services
from groupbuy.payouts.providers.interface import Outcome


@job("payouts.take_up_items")
def take_up_items() -> None:
    """Enqueue the submission of every item that is due, a portion in a transaction."""
    while True:
        with transaction():
            if not services.take_up_items(now=clock.now()):
                return


@job("payouts.submit")
def submit_item(item_id: str) -> None:
    """Pay an item: commit the intent, ask the channel, record what it says."""
    present = settings()
    with transaction():
        intent = services.begin_attempt(
            item_id=item_id,
            calendar=present.calendar,
            keys=present.payout_key_ring,
            now=clock.now(),
        )
    if intent is not None:
        _record(intent.transfer.number, services.submit(intent=intent))


@job("payouts.ask")
def ask_channel(number: str) -> None:
    """Ask how an attempt stands of which no end is known; never pay under another number."""
    intent = services.intent_of(number=number, keys=settings().payout_key_ring)
    if intent is not None:
        _record(number, services.ask(intent=intent, now=clock.now()))


@job("payouts.cancel")
def cancel_transfer(number: str) -> None:
    """Ask a channel to take back what the leader has not confirmed."""
    intent = services.intent_of(number=number, keys=settings().payout_key_ring)
    if intent is not None:
        _record(number, services.cancel(intent=intent))


@job("payouts.reconcile")
def reconcile(reconciliation_id: str) -> None:
    """Fetch a channel's list and compare."""
    theirs = services.fetch_list(reconciliation=queries.reconciliation(reconciliation_id))
    with transaction():
        services.finish_reconciliation(
            reconciliation_id=reconciliation_id, theirs=theirs, now=clock.now()
        )


@every("* * * * * */30", "payouts.take_up_unfinished")
def take_up_unfinished() -> None:
    """Take up what should have been finished by now."""
    take_up_items()
    with transaction():
        services.take_up_attempts(now=clock.now())


def _record(number: str, outcome: Outcome) -> None:
    with transaction():
        services.record(outcomes={number: outcome}, calendar=settings().calendar, now=clock.now())
