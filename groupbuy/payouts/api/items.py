"""Single payouts: finding, removing, trying again, taking back."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Nothing, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.payouts import errors, queries, services
from groupbuy.payouts.api.surface import api
from groupbuy.payouts.models import PayoutBatch
from groupbuy.payouts.queries import ShownItem
from groupbuy.payouts.schemas.batches import PayoutBatchSchema, PayoutQuery, PayoutSchema

ITEM = "/hq/payout-items/<id(pit):item_id>"


@api.get("/hq/payouts", allow="payouts.read", query=PayoutQuery, returns=page_of(PayoutSchema))
def list_payouts(actor: Actor, query: dict[str, Any]) -> Page[ShownItem]:
    """List the items of all batches."""
    return queries.item_list(**query)


@api.get(ITEM, allow="payouts.read", returns=PayoutSchema)
def show_payout_item(actor: Actor, item_id: str) -> ShownItem:
    """Show an item with every attempt, the latest first."""
    return queries.shown_item(item_id)


@api.delete(ITEM, allow="payouts.prepare", returns=PayoutBatchSchema, problems=[NotInThisState])
def remove_payout_item(actor: Actor, item_id: str) -> PayoutBatch:
    """Take an item out of a draft; the batch has another digest then."""
    with transaction():
        return services.remove_item(item_id=item_id, actor=actor, now=clock.now())


@api.post(
    f"{ITEM}/retry",
    allow="payouts.approve",
    body=Nothing,
    returns=PayoutSchema,
    problems=[
        NotInThisState,
        errors.NotDueAnyMore,
        errors.NoUsableAccount,
        errors.PayoutChannelUnavailable,
    ],
)
def retry_payout_item(actor: Actor, item_id: str, body: dict[str, Any]) -> ShownItem:
    """Try a definitely unpaid item again under a new number, to the leader's present account.

    Whoever said that it failed (a file of results is uploaded by hand) does not pay it again.
    """
    with transaction():
        services.retry_item(item_id=item_id, actor=actor, now=clock.now())
        return queries.shown_item(item_id)


@api.post(
    f"{ITEM}/cancellation",
    allow="payouts.prepare",
    body=Nothing,
    returns=PayoutSchema,
    problems=[NotInThisState, errors.PayoutMayBePaid, errors.PayoutChannelUnavailable],
)
def cancel_payout_item(actor: Actor, item_id: str, body: dict[str, Any]) -> ShownItem:
    """Drop an item, or ask the channel to take back what the leader has not confirmed."""
    with transaction():
        services.cancel_item(
            item_id=item_id,
            calendar=settings().calendar,
            keys=settings().payout_key_ring,
            actor=actor,
            now=clock.now(),
        )
        return queries.shown_item(item_id)
