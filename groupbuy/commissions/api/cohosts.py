"""Group buys held together, over HTTP."""

from typing import Any

from groupbuy.commissions import errors, queries, services
from groupbuy.commissions.schemas.cohosts import (
    CohostBody,
    CohostQuery,
    CohostSchema,
    OwnCohostQuery,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Nothing, Page, page_of
from groupbuy.kernel.problems import NotInThisState

api = Api("cohosts", __name__, url_prefix="/api/v1", description="Group buys held together")

OWN = "/leader/cohosts"
OWN_COHOST = f"{OWN}/<id(coh):cohost_id>"


@api.post(
    "/leader/group-buys/<id(gbu):group_buy_id>/cohosts",
    allow="leader.own",
    body=CohostBody,
    returns=CohostSchema,
    status=201,
    idempotent=True,
    problems=[errors.GroupBuyOver, errors.GuestAlreadyProposed, errors.SharesExceeded],
)
def propose_cohost(actor: Actor, group_buy_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Offer a guest a share of an own group buy's commission."""
    with transaction():
        proposed = services.propose_cohost(
            group_buy_id=group_buy_id,
            host_leader_id=actor.leader_id,
            **body,
            actor=actor,
            now=clock.now(),
        )
        return queries.shown_cohost(proposed)


@api.get(OWN, allow="leader.own", query=OwnCohostQuery, returns=page_of(CohostSchema))
def list_own_cohosts(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List what one offered as host and was offered as guest, the newest first."""
    return queries.cohost_list(leader_id=actor.leader_id, **query)


@api.post(
    f"{OWN_COHOST}/agreement",
    allow="leader.own",
    body=Nothing,
    returns=CohostSchema,
    problems=[NotInThisState, errors.GroupBuyOver],
)
def agree_to_cohost(actor: Actor, cohost_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Accept a share; it holds for orders paid from now on."""
    with transaction():
        agreed = services.agree_to_cohost(
            cohost_id=cohost_id, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )
        return queries.shown_cohost(agreed)


@api.post(
    f"{OWN_COHOST}/refusal",
    allow="leader.own",
    body=Nothing,
    returns=CohostSchema,
    problems=[NotInThisState],
)
def decline_cohost(actor: Actor, cohost_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Refuse a share."""
    with transaction():
        declined = services.decline_cohost(
            cohost_id=cohost_id, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )
        return queries.shown_cohost(declined)


@api.delete(OWN_COHOST, allow="leader.own", problems=[NotInThisState])
def withdraw_cohost(actor: Actor, cohost_id: str) -> None:
    """Take an offer back that the guest has not answered."""
    with transaction():
        services.withdraw_cohost(
            cohost_id=cohost_id, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )


@api.get("/hq/cohosts", allow="plans.read", query=CohostQuery, returns=page_of(CohostSchema))
def list_cohosts(actor: Actor, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List group buys held together, the newest first."""
    return queries.cohost_list(**query)
