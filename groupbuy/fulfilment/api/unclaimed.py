"""Parcels that nobody fetched in time, over HTTP."""

from typing import Any

from groupbuy.fulfilment import queries, services
from groupbuy.fulfilment.queries import UnclaimedView
from groupbuy.fulfilment.schemas.unclaimed import (
    ExtensionBody,
    UnclaimedDecisionBody,
    UnclaimedDetailSchema,
    UnclaimedQuery,
    UnclaimedSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.orders.errors import RefundOpen

api = Api("unclaimed", __name__, url_prefix="/api/v1", description="Parcels nobody fetched")

PARCEL = "/hq/unclaimed/<id(ucl):unclaimed_id>"


@api.get(
    "/hq/unclaimed",
    allow="shipments.read",
    query=UnclaimedQuery,
    returns=page_of(UnclaimedSchema),
)
def list_unclaimed(actor: Actor, query: dict[str, Any]) -> Page[UnclaimedView]:
    """List parcels that were not fetched in time; `state=listed` are for people to decide."""
    return queries.unclaimed_list(**query)


@api.get(PARCEL, allow="shipments.read", returns=UnclaimedDetailSchema)
def show_unclaimed(actor: Actor, unclaimed_id: str) -> UnclaimedView:
    """Show an unclaimed parcel with what was done about it."""
    return queries.show_unclaimed(unclaimed_id)


@api.post(
    f"{PARCEL}/extension",
    allow="orders.serve",
    body=ExtensionBody,
    returns=UnclaimedSchema,
    problems=[NotInThisState, InvalidInput],
)
def extend_unclaimed(actor: Actor, unclaimed_id: str, body: dict[str, Any]) -> UnclaimedView:
    """Keep a parcel longer, and remind its shopper again."""
    with transaction():
        return services.extend(unclaimed_id=unclaimed_id, **body, actor=actor, now=clock.now())


@api.post(
    f"{PARCEL}/refund",
    allow="orders.serve",
    body=UnclaimedDecisionBody,
    returns=UnclaimedSchema,
    problems=[NotInThisState],
)
def refund_unclaimed(actor: Actor, unclaimed_id: str, body: dict[str, Any]) -> UnclaimedView:
    """Give all money for a parcel back; it is returned once the money is."""
    with transaction():
        return services.refund(unclaimed_id=unclaimed_id, **body, actor=actor, now=clock.now())


@api.post(
    f"{PARCEL}/disposal",
    allow="orders.serve",
    body=UnclaimedDecisionBody,
    returns=UnclaimedSchema,
    problems=[NotInThisState, RefundOpen],
)
def dispose_of_unclaimed(actor: Actor, unclaimed_id: str, body: dict[str, Any]) -> UnclaimedView:
    """Throw a parcel away without giving money back; its orders are completed."""
    with transaction():
        return services.dispose(unclaimed_id=unclaimed_id, **body, actor=actor, now=clock.now())
