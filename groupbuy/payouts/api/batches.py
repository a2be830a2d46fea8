"""Batches: prepared by finance, approved by another, executed, and their bank files."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Download, Nothing, Page, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.payouts import errors, queries, services
from groupbuy.payouts.api.surface import api
from groupbuy.payouts.models import LeftOut, PayoutBatch
from groupbuy.payouts.providers import bank_template
from groupbuy.payouts.queries import BatchOverview, ShownItem
from groupbuy.payouts.schemas.batches import (
    BankFileQuery,
    BatchApprovalBody,
    BatchItemQuery,
    LeftOutQuery,
    LeftOutSchema,
    PayoutBatchBody,
    PayoutBatchOverviewSchema,
    PayoutBatchQuery,
    PayoutBatchSchema,
    PayoutSchema,
    ResultReportSchema,
    ResultsBody,
)
from groupbuy.payouts.services import ResultReport

BATCH = "/hq/payout-batches/<id(pbt):batch_id>"


@api.get(
    "/hq/payout-batches",
    allow="payouts.read",
    query=PayoutBatchQuery,
    returns=page_of(PayoutBatchSchema),
)
def list_payout_batches(actor: Actor, query: dict[str, Any]) -> Page[PayoutBatch]:
    """List batches, the newest first."""
    return queries.batch_list(**query)


@api.post(
    "/hq/payout-batches",
    allow="payouts.prepare",
    body=PayoutBatchBody,
    returns=PayoutBatchOverviewSchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.PayoutChannelUnavailable, errors.NothingToPay],
)
def create_payout_batch(actor: Actor, body: dict[str, Any]) -> BatchOverview:
    """Draft a batch of what is due; who is left out, and why, is listed beside it."""
    with transaction():
        made = services.create_batch(**body, actor=actor, now=clock.now())
        return queries.overview(made.id)


@api.get(BATCH, allow="payouts.read", returns=PayoutBatchOverviewSchema)
def show_payout_batch(actor: Actor, batch_id: str) -> BatchOverview:
    """Show a batch with what its items come to."""
    return queries.overview(batch_id)


@api.get(
    f"{BATCH}/items", allow="payouts.read", query=BatchItemQuery, returns=page_of(PayoutSchema)
)
def list_payout_items(actor: Actor, batch_id: str, query: dict[str, Any]) -> Page[ShownItem]:
    """List a batch's items with their attempts."""
    return queries.item_list(batch_id=batch_id, **query)


@api.get(
    f"{BATCH}/left-out", allow="payouts.read", query=LeftOutQuery, returns=page_of(LeftOutSchema)
)
def list_left_out(actor: Actor, batch_id: str, query: dict[str, Any]) -> Page[LeftOut]:
    """List who is not in a batch, and why."""
    return queries.left_out_list(batch_id, **query)


@api.post(
    f"{BATCH}/approval",
    allow="payouts.approve",
    body=BatchApprovalBody,
    returns=PayoutBatchSchema,
    problems=[
        NotInThisState,
        errors.BatchChanged,
        errors.PayoutApproverIsPreparer,
        errors.EmptyBatch,
    ],
)
def approve_payout_batch(actor: Actor, batch_id: str, body: dict[str, Any]) -> PayoutBatch:
    """Approve the items that were reviewed; nothing is paid yet."""
    with transaction():
        return services.approve_batch(batch_id=batch_id, **body, actor=actor, now=clock.now())


@api.post(
    f"{BATCH}/execution",
    allow="payouts.prepare",
    body=Nothing,
    returns=PayoutBatchSchema,
    problems=[NotInThisState],
)
def execute_payout_batch(actor: Actor, batch_id: str, body: dict[str, Any]) -> PayoutBatch:
    """Begin to pay an approved batch; jobs submit its items."""
    with transaction():
        return services.execute_batch(batch_id=batch_id, actor=actor, now=clock.now())


@api.post(
    f"{BATCH}/cancellation",
    allow="payouts.prepare",
    body=Nothing,
    returns=PayoutBatchSchema,
    problems=[NotInThisState],
)
def cancel_payout_batch(actor: Actor, batch_id: str, body: dict[str, Any]) -> PayoutBatch:
    """Give a batch up before it is executed; its statements are due again."""
    with transaction():
        return services.cancel_batch(batch_id=batch_id, actor=actor, now=clock.now())


@api.get(
    f"{BATCH}/bank-file",
    allow="payouts.prepare",
    query=BankFileQuery,
    files=sorted(set(bank_template.ENCODINGS.values())),
    problems=[NotInThisState, errors.NoBankFile, errors.NothingInFile],
)
def write_bank_file(actor: Actor, batch_id: str, query: dict[str, Any]) -> Download:
    """Download the payment file of what is in none yet, or, `filed_at`, an earlier one again."""
    keys = settings().payout_key_ring
    with transaction():
        file = services.bank_file(
            batch_id=batch_id, **query, keys=keys, actor=actor, now=clock.now()
        )
    return Download(file.content, file.media_type, file.name)


@api.post(
    f"{BATCH}/results",
    allow="payouts.prepare",
    body=ResultsBody,
    returns=ResultReportSchema,
    problems=[NotInThisState, errors.NoBankFile, errors.FileUnreadable],
)
def import_bank_results(actor: Actor, batch_id: str, body: dict[str, Any]) -> ResultReport:
    """Apply a bank's result file; a row at fault changes nothing and is reported."""
    with transaction():
        return services.import_results(
            batch_id=batch_id,
            **body,
            calendar=settings().calendar,
            actor=actor,
            now=clock.now(),
        )
