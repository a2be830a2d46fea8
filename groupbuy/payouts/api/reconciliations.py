"""Comparisons with the channels' lists, and months that are closed for good."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, PageQuery, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.payouts import errors, queries, services
from groupbuy.payouts.api.surface import api
from groupbuy.payouts.models import Archive, Difference, Reconciliation
from groupbuy.payouts.schemas.reconciliations import (
    ArchiveBody,
    ArchiveSchema,
    DifferenceQuery,
    DifferenceSchema,
    ReconciliationBody,
    ReconciliationQuery,
    ReconciliationSchema,
    ResolutionBody,
)


@api.get(
    "/hq/reconciliations",
    allow="payouts.read",
    query=ReconciliationQuery,
    returns=page_of(ReconciliationSchema),
)
def list_reconciliations(actor: Actor, query: dict[str, Any]) -> Page[Reconciliation]:
    """List reconciliations, the newest first."""
    return queries.reconciliation_list(**query)


@api.post(
    "/hq/reconciliations",
    allow="payouts.prepare",
    body=ReconciliationBody,
    returns=ReconciliationSchema,
    status=201,
    idempotent=True,
    problems=[errors.PayoutChannelUnavailable, errors.ListNeeded, errors.FileUnreadable],
)
def create_reconciliation(actor: Actor, body: dict[str, Any]) -> Reconciliation:
    """Compare a span with a channel's list: an uploaded one at once, its own by a job."""
    with transaction():
        return services.request_reconciliation(**body, actor=actor, now=clock.now())


@api.get(
    "/hq/reconciliations/<id(prc):reconciliation_id>",
    allow="payouts.read",
    returns=ReconciliationSchema,
)
def show_reconciliation(actor: Actor, reconciliation_id: str) -> Reconciliation:
    """Show a reconciliation."""
    return queries.reconciliation(reconciliation_id)


@api.get(
    "/hq/reconciliation-differences",
    allow="payouts.read",
    query=DifferenceQuery,
    returns=page_of(DifferenceSchema),
)
def list_differences(actor: Actor, query: dict[str, Any]) -> Page[Difference]:
    """List what channels and we do not agree on."""
    return queries.difference_list(**query)


@api.post(
    "/hq/reconciliation-differences/<id(pdf):difference_id>/resolution",
    allow="payouts.prepare",
    body=ResolutionBody,
    returns=DifferenceSchema,
    problems=[NotInThisState],
    example={"note": "银行流水 20261103-7 已核对"},
)
def resolve_difference(actor: Actor, difference_id: str, body: dict[str, Any]) -> Difference:
    """Note how a difference was cleared up."""
    with transaction():
        return services.resolve_difference(
            difference_id=difference_id, **body, actor=actor, now=clock.now()
        )


@api.get(
    "/hq/settlement-archives",
    allow="payouts.read",
    query=PageQuery,
    returns=page_of(ArchiveSchema),
)
def list_settlement_archives(actor: Actor, query: dict[str, Any]) -> Page[Archive]:
    """List the months that are closed for good, the newest first."""
    return queries.archive_list(**query)


@api.post(
    "/hq/settlement-archives",
    allow="payouts.approve",
    body=ArchiveBody,
    returns=ArchiveSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.NotArchivable],
)
def archive_settlement_month(actor: Actor, body: dict[str, Any]) -> Archive:
    """Close a locked month for good, once its payouts are over and no difference is open."""
    with transaction():
        return services.archive_month(**body, actor=actor, now=clock.now())
