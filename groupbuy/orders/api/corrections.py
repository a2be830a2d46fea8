"""Corrections over HTTP: headquarters' and leaders', with a preview before anything is paid."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.orders import errors, queries
from groupbuy.orders.queries import CorrectedOrderView, CorrectionView
from groupbuy.orders.rules.corrections import CorrectionKind
from groupbuy.orders.schemas.corrections import (
    CorrectedOrderQuery,
    CorrectedOrderSchema,
    CorrectionBody,
    CorrectionQuery,
    CorrectionSchema,
    StaffCorrectionQuery,
)
from groupbuy.orders.services import correcting
from groupbuy.orders.services.correcting import Found

api = Api("corrections", __name__, url_prefix="/api/v1", description="Delivered short or light")


@api.post(
    "/hq/corrections",
    allow="orders.serve",
    body=CorrectionBody,
    returns=CorrectionSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.RefundExceedsLine, errors.NothingToCorrect],
)
def draft_correction(actor: Actor, body: dict[str, Any]) -> CorrectionView:
    """Draft a correction of what was delivered and see what each order gets; nothing is paid."""
    with transaction():
        drafted = correcting.draft(found=_found(body), leader_id=None, actor=actor, now=clock.now())
        return queries.correction_view(drafted.id)


@api.get(
    "/hq/corrections",
    allow="orders.read",
    query=StaffCorrectionQuery,
    returns=page_of(CorrectionSchema),
)
def list_corrections(actor: Actor, query: dict[str, Any]) -> Page[CorrectionView]:
    """List corrections, newest first."""
    return queries.correction_list(**query)


@api.get("/hq/corrections/<id(cor):correction_id>", allow="orders.read", returns=CorrectionSchema)
def show_correction(actor: Actor, correction_id: str) -> CorrectionView:
    """Show a correction with what it comes to."""
    return queries.correction_view(correction_id)


@api.get(
    "/hq/corrections/<id(cor):correction_id>/orders",
    allow="orders.read",
    query=CorrectedOrderQuery,
    returns=page_of(CorrectedOrderSchema),
)
def list_corrected_orders(
    actor: Actor, correction_id: str, query: dict[str, Any]
) -> Page[CorrectedOrderView]:
    """List what each order gets, or got."""
    return queries.corrected_orders(correction_id=correction_id, **query)


@api.post(
    "/hq/corrections/<id(cor):correction_id>/execution",
    allow="orders.serve",
    returns=CorrectionSchema,
    problems=[NotInThisState],
)
def execute_correction(actor: Actor, correction_id: str) -> CorrectionView:
    """Start refunding a drafted correction, order by order."""
    with transaction():
        correcting.execute(correction_id=correction_id, actor=actor, now=clock.now())
        return queries.correction_view(correction_id)


@api.post(
    "/hq/corrections/<id(cor):correction_id>/cancellation",
    allow="orders.serve",
    returns=CorrectionSchema,
    problems=[NotInThisState],
)
def cancel_correction(actor: Actor, correction_id: str) -> CorrectionView:
    """Drop a draft; nothing is refunded."""
    with transaction():
        correcting.cancel(correction_id=correction_id, actor=actor, now=clock.now())
        return queries.correction_view(correction_id)


@api.post(
    "/leader/corrections",
    allow="leader.own",
    body=CorrectionBody,
    returns=CorrectionSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.RefundExceedsLine, errors.NothingToCorrect],
)
def draft_leaders_correction(actor: Actor, body: dict[str, Any]) -> CorrectionView:
    """Draft a correction of my orders or those at my points, and see what each gets."""
    with transaction():
        drafted = correcting.draft(
            found=_found(body), leader_id=actor.leader_id, actor=actor, now=clock.now()
        )
        return queries.correction_view(drafted.id)


@api.get(
    "/leader/corrections",
    allow="leader.own",
    query=CorrectionQuery,
    returns=page_of(CorrectionSchema),
)
def list_leaders_corrections(actor: Actor, query: dict[str, Any]) -> Page[CorrectionView]:
    """List my corrections, newest first."""
    return queries.correction_list(leader_id=actor.leader_id, **query)


@api.get(
    "/leader/corrections/<id(cor):correction_id>", allow="leader.own", returns=CorrectionSchema
)
def show_leaders_correction(actor: Actor, correction_id: str) -> CorrectionView:
    """Show a correction with what it comes to."""
    return queries.correction_view(correction_id, leader_id=actor.leader_id)


@api.get(
    "/leader/corrections/<id(cor):correction_id>/orders",
    allow="leader.own",
    query=CorrectedOrderQuery,
    returns=page_of(CorrectedOrderSchema),
)
def list_leaders_corrected_orders(
    actor: Actor, correction_id: str, query: dict[str, Any]
) -> Page[CorrectedOrderView]:
    """List what each order gets, or got."""
    return queries.corrected_orders(correction_id=correction_id, leader_id=actor.leader_id, **query)


@api.post(
    "/leader/corrections/<id(cor):correction_id>/execution",
    allow="leader.own",
    returns=CorrectionSchema,
    problems=[NotInThisState],
)
def execute_leaders_correction(actor: Actor, correction_id: str) -> CorrectionView:
    """Start a drafted correction; what is above my limit is referred to headquarters."""
    with transaction():
        correcting.execute(
            correction_id=correction_id, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )
        return queries.correction_view(correction_id)


@api.post(
    "/leader/corrections/<id(cor):correction_id>/cancellation",
    allow="leader.own",
    returns=CorrectionSchema,
    problems=[NotInThisState],
)
def cancel_leaders_correction(actor: Actor, correction_id: str) -> CorrectionView:
    """Drop a draft; nothing is refunded."""
    with transaction():
        correcting.cancel(
            correction_id=correction_id, leader_id=actor.leader_id, actor=actor, now=clock.now()
        )
        return queries.correction_view(correction_id)


def _found(body: dict[str, Any]) -> Found:
    lines = body.pop("lines")
    units = None if lines is None else {line["order_line_id"]: line["quantity"] for line in lines}
    return Found(kind=CorrectionKind(body.pop("kind")), lines=units, **body)
