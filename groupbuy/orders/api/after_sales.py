"""After-sales over HTTP: the shopper asks, headquarters decides, the leader looks on."""

from datetime import timedelta
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.orders import errors, queries
from groupbuy.orders.queries import AfterSaleView
from groupbuy.orders.rules.after_sales import AfterSaleReason
from groupbuy.orders.schemas.after_sales import (
    AfterSaleApprovalBody,
    AfterSaleBody,
    AfterSaleDetailSchema,
    AfterSaleNoteBody,
    AfterSaleQuery,
    AfterSaleRejectionBody,
    AfterSaleSchema,
    AfterSaleWithdrawalBody,
    LeaderAfterSaleQuery,
    LeaderAfterSaleSchema,
    StaffAfterSaleDetailSchema,
    StaffAfterSaleQuery,
    StaffAfterSaleSchema,
)
from groupbuy.orders.services import after_sales, deciding
from groupbuy.orders.services.after_sales import Asked
from groupbuy.orders.services.refunding import Return

api = Api("after-sales", __name__, url_prefix="/api/v1", description="What is wrong with goods")


@api.post(
    "/orders/<id(ord):order_id>/after-sales",
    allow="orders.own",
    body=AfterSaleBody,
    returns=AfterSaleDetailSchema,
    status=201,
    idempotent=True,
    problems=[
        NotInThisState,
        errors.AfterSaleOver,
        errors.NothingToRefund,
        errors.RefundExceedsLine,
    ],
)
def request_after_sale(actor: Actor, order_id: str, body: dict[str, Any]) -> AfterSaleView:
    """Ask for money back for goods of an own order, from payment until it is completed."""
    with transaction():
        case = after_sales.request(
            order_id=order_id,
            shopper_id=actor.id,
            asked=_asked(body),
            picture_ids=body["picture_ids"],
            actor=actor,
            now=clock.now(),
        )
        return queries.after_sale(case.id)


@api.get("/after-sales", allow="orders.own", query=AfterSaleQuery, returns=page_of(AfterSaleSchema))
def list_own_after_sales(actor: Actor, query: dict[str, Any]) -> Page[AfterSaleView]:
    """List one's own after-sales, newest first; corrections of what was delivered too."""
    return queries.shoppers_after_sales(shopper_id=actor.id, now=clock.now(), **query)


@api.get("/after-sales/<id(afs):after_sale_id>", allow="orders.own", returns=AfterSaleDetailSchema)
def show_own_after_sale(actor: Actor, after_sale_id: str) -> AfterSaleView:
    """Show an own after-sale with what happened to it and what was written."""
    return queries.after_sale(after_sale_id, shopper_id=actor.id)


@api.post(
    "/after-sales/<id(afs):after_sale_id>/withdrawal",
    allow="orders.own",
    body=AfterSaleWithdrawalBody,
    returns=AfterSaleDetailSchema,
    problems=[NotInThisState],
)
def withdraw_after_sale(actor: Actor, after_sale_id: str, body: dict[str, Any]) -> AfterSaleView:
    """Take an own request back, until its refund is under way."""
    with transaction():
        after_sales.withdraw(
            after_sale_id=after_sale_id,
            shopper_id=actor.id,
            actor=actor,
            why=body["reason"],
            now=clock.now(),
        )
        return queries.after_sale(after_sale_id)


@api.post(
    "/after-sales/<id(afs):after_sale_id>/notes",
    allow="orders.own",
    body=AfterSaleNoteBody,
    returns=AfterSaleDetailSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.TooManyNotes],
)
def write_about_own_after_sale(
    actor: Actor, after_sale_id: str, body: dict[str, Any]
) -> AfterSaleView:
    """Answer headquarters, or add something to an own request."""
    with transaction():
        after_sales.write(
            after_sale_id=after_sale_id,
            shopper_id=actor.id,
            words=body["words"],
            actor=actor,
            now=clock.now(),
        )
        return queries.after_sale(after_sale_id)


@api.get(
    "/leader/after-sales",
    allow="leader.own",
    query=LeaderAfterSaleQuery,
    returns=page_of(LeaderAfterSaleSchema),
)
def list_leaders_after_sales(actor: Actor, query: dict[str, Any]) -> Page[AfterSaleView]:
    """List the after-sales of orders that are mine or are handed over at my points."""
    return queries.leaders_after_sales(leader_id=actor.leader_id, now=clock.now(), **query)


@api.get(
    "/hq/after-sales",
    allow="orders.read",
    query=StaffAfterSaleQuery,
    returns=page_of(StaffAfterSaleSchema),
)
def list_after_sales(actor: Actor, query: dict[str, Any]) -> Page[AfterSaleView]:
    """List after-sales, newest first."""
    return queries.all_after_sales(now=clock.now(), **query)


@api.get(
    "/hq/after-sales/<id(afs):after_sale_id>",
    allow="orders.read",
    returns=StaffAfterSaleDetailSchema,
)
def show_after_sale(actor: Actor, after_sale_id: str) -> AfterSaleView:
    """Show an after-sale with what happened to it and what was written."""
    return queries.after_sale(after_sale_id)


@api.post(
    "/hq/after-sales/<id(afs):after_sale_id>/approval",
    allow="orders.serve",
    body=AfterSaleApprovalBody,
    returns=StaffAfterSaleDetailSchema,
    problems=[NotInThisState, errors.ApprovedMoreThanAsked, errors.NothingToReturn],
)
def approve_after_sale(actor: Actor, after_sale_id: str, body: dict[str, Any]) -> AfterSaleView:
    """Approve an after-sale, in full or less; the refund starts now or once the goods are back."""
    with transaction():
        deciding.approve(
            after_sale_id=after_sale_id,
            amounts={line["order_line_id"]: line["amount_fen"] for line in body["lines"]},
            return_within=_to_return(body["return_needed"]),
            why=body["words"],
            actor=actor,
            now=clock.now(),
        )
        return queries.after_sale(after_sale_id)


@api.post(
    "/hq/after-sales/<id(afs):after_sale_id>/rejection",
    allow="orders.serve",
    body=AfterSaleRejectionBody,
    returns=StaffAfterSaleDetailSchema,
    problems=[NotInThisState],
)
def reject_after_sale(actor: Actor, after_sale_id: str, body: dict[str, Any]) -> AfterSaleView:
    """Refuse an after-sale and say why."""
    with transaction():
        deciding.reject(
            after_sale_id=after_sale_id, reason=body["reason"], actor=actor, now=clock.now()
        )
        return queries.after_sale(after_sale_id)


@api.post(
    "/hq/after-sales/<id(afs):after_sale_id>/return-received",
    allow="orders.serve",
    returns=StaffAfterSaleDetailSchema,
    problems=[NotInThisState],
)
def receive_returned_goods(actor: Actor, after_sale_id: str) -> AfterSaleView:
    """Record that the goods are back; the refund starts."""
    with transaction():
        deciding.receive_return(after_sale_id=after_sale_id, actor=actor, now=clock.now())
        return queries.after_sale(after_sale_id)


@api.post(
    "/hq/after-sales/<id(afs):after_sale_id>/retry",
    allow="orders.serve",
    returns=StaffAfterSaleDetailSchema,
    problems=[NotInThisState],
)
def refund_after_sale_again(actor: Actor, after_sale_id: str) -> AfterSaleView:
    """Start the refund of an approved after-sale anew after the provider refused it for good."""
    with transaction():
        deciding.refund_again(after_sale_id=after_sale_id, actor=actor, now=clock.now())
        return queries.after_sale(after_sale_id)


@api.post(
    "/hq/after-sales/<id(afs):after_sale_id>/notes",
    allow="orders.serve",
    body=AfterSaleNoteBody,
    returns=StaffAfterSaleDetailSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.TooManyNotes],
)
def write_about_after_sale(actor: Actor, after_sale_id: str, body: dict[str, Any]) -> AfterSaleView:
    """Write to the shopper about an after-sale, say to ask something."""
    with transaction():
        after_sales.write(
            after_sale_id=after_sale_id, words=body["words"], actor=actor, now=clock.now()
        )
        return queries.after_sale(after_sale_id)


def _asked(body: dict[str, Any]) -> Asked:
    return Asked(
        returns=[Return(**line) for line in body["lines"]],
        reason=AfterSaleReason(body["reason"]),
        words=body["words"],
        decide_within=timedelta(hours=settings().after_sale_decision_hours),
    )


def _to_return(needed: bool) -> timedelta | None:
    return timedelta(days=settings().after_sale_return_days) if needed else None
