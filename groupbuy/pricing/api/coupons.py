"""Batches of coupons, their codes and issues, over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, Nothing, Page, PageQuery, language, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import Column, Kind, rows_of
from groupbuy.kernel.texts import Text
from groupbuy.pricing import errors, queries, services
from groupbuy.pricing.models import Coupon, CouponBatch, CouponCode, CouponIssue
from groupbuy.pricing.schemas.coupons import (
    AudienceSchema,
    BatchMoveBody,
    CodesBody,
    CodesMadeSchema,
    CouponBatchBody,
    CouponBatchEditBody,
    CouponBatchQuery,
    CouponBatchSchema,
    CouponCodeFileQuery,
    CouponCodeQuery,
    CouponCodeSchema,
    CouponQuery,
    CouponSchema,
    IssueBody,
    IssueSchema,
)

api = Api("coupons", __name__, url_prefix="/api/v1", description="Batches of coupons")

BATCH = "/hq/coupon-batches/<id(cpb):batch_id>"
ISSUE = "/hq/coupon-issues/<id(cpi):issue_id>"
CODE_COLUMNS = (
    Column("code", Text("优惠码", "Code")),
    Column("made_at", Text("生成时间", "Made at"), Kind.INSTANT),
    Column("claimed_at", Text("领取时间", "Claimed at"), Kind.INSTANT),
)
EXAMPLE: dict[str, Any] = {
    "title_zh": "新客券",
    "title_en": "Welcome",
    "kind": "fixed",
    "off_fen": 500,
    "from_fen": 3000,
    "valid_days": 30,
    "quantity": 1000,
    "public_code": "WELCOME",
}


@api.get(
    "/hq/coupon-batches",
    allow="promotions.read",
    query=CouponBatchQuery,
    returns=page_of(CouponBatchSchema),
)
def list_coupon_batches(actor: Actor, query: dict[str, Any]) -> Page[CouponBatch]:
    """List batches, the newest first."""
    return queries.batch_list(**query)


@api.post(
    "/hq/coupon-batches",
    allow="promotions.edit",
    body=CouponBatchBody,
    returns=CouponBatchSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.CouponCodeTaken],
    example=EXAMPLE,
)
def draft_coupon_batch(actor: Actor, body: dict[str, Any]) -> CouponBatch:
    """Draft a batch of coupons."""
    with transaction():
        return services.create_batch(**body, actor=actor, now=clock.now())


@api.get(BATCH, allow="promotions.read", returns=CouponBatchSchema, versioned=True)
def show_coupon_batch(actor: Actor, batch_id: str) -> CouponBatch:
    """Show a batch."""
    return queries.batch(batch_id)


@api.patch(
    BATCH,
    allow="promotions.edit",
    body=CouponBatchEditBody,
    returns=CouponBatchSchema,
    versioned=True,
    problems=[NotInThisState, errors.CouponCodeTaken],
    example={"quantity": 2000},
)
def edit_coupon_batch(
    actor: Actor, batch_id: str, if_match: int, body: dict[str, Any]
) -> CouponBatch:
    """Change a draft."""
    with transaction():
        return services.edit_batch(
            batch_id=batch_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.post(
    f"{BATCH}/publication",
    allow="promotions.edit",
    body=Nothing,
    returns=CouponBatchSchema,
    versioned=True,
    problems=[NotInThisState],
)
def publish_coupon_batch(actor: Actor, batch_id: str, body: dict[str, Any]) -> CouponBatch:
    """Publish a draft, or let one that pauses go on: its coupons can be had."""
    with transaction():
        return services.move_batch(
            batch_id=batch_id, action="publish", actor=actor, now=clock.now()
        )


@api.post(
    f"{BATCH}/pause",
    allow="promotions.edit",
    body=BatchMoveBody,
    returns=CouponBatchSchema,
    versioned=True,
    problems=[NotInThisState],
)
def pause_coupon_batch(actor: Actor, batch_id: str, body: dict[str, Any]) -> CouponBatch:
    """Let a batch give nothing for a while; whoever has a coupon may use it."""
    with transaction():
        return services.move_batch(
            batch_id=batch_id, action="pause", **body, actor=actor, now=clock.now()
        )


@api.post(
    f"{BATCH}/ending",
    allow="promotions.edit",
    body=BatchMoveBody,
    returns=CouponBatchSchema,
    versioned=True,
    problems=[NotInThisState],
)
def end_coupon_batch(actor: Actor, batch_id: str, body: dict[str, Any]) -> CouponBatch:
    """Let a batch give nothing any more; whoever has a coupon may use it."""
    with transaction():
        return services.move_batch(
            batch_id=batch_id, action="end", **body, actor=actor, now=clock.now()
        )


@api.get("/hq/coupons", allow="promotions.read", query=CouponQuery, returns=page_of(CouponSchema))
def list_coupons(actor: Actor, query: dict[str, Any]) -> Page[Coupon]:
    """List coupons: who has one, and which order holds or used it; the newest first."""
    return queries.coupon_list(**query)


@api.post(
    f"{BATCH}/codes",
    allow="promotions.edit",
    body=CodesBody,
    returns=CodesMadeSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState],
)
def make_coupon_codes(actor: Actor, batch_id: str, body: dict[str, Any]) -> dict[str, int]:
    """Make personal codes, each good for one coupon."""
    with transaction():
        made = services.make_codes(batch_id=batch_id, **body, actor=actor, now=clock.now())
        return {"made": made}


@api.get(
    f"{BATCH}/codes",
    allow="promotions.edit",
    query=CouponCodeQuery,
    returns=page_of(CouponCodeSchema),
)
def list_coupon_codes(actor: Actor, batch_id: str, query: dict[str, Any]) -> Page[CouponCode]:
    """List the personal codes of a batch, in the order in which they were made."""
    return queries.code_list(batch_id, **query)


@api.get(f"{BATCH}/codes/file", allow="promotions.edit", query=CouponCodeFileQuery, files=SHEETS)
def download_coupon_codes(actor: Actor, batch_id: str, query: dict[str, Any]) -> Download:
    """Download the personal codes of a batch."""
    return sheet_download(
        rows=rows_of(queries.all_codes(batch_id), CODE_COLUMNS),
        columns=CODE_COLUMNS,
        name=Text("优惠码", "coupon-codes").to(language()),
        language=language(),
        zone=settings().calendar.zone,
        **query,
    )


@api.post(
    f"{BATCH}/issues",
    allow="promotions.edit",
    body=IssueBody,
    returns=IssueSchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState],
)
def issue_coupons(actor: Actor, batch_id: str, body: dict[str, Any]) -> CouponIssue:
    """Give everybody of an audience one coupon of the batch; a job does it, and shows progress."""
    audience = AudienceSchema().dump(body["audience"])
    with transaction():
        return services.start_issue(
            batch_id=batch_id, audience=audience, actor=actor, now=clock.now()
        )


@api.get(f"{BATCH}/issues", allow="promotions.read", query=PageQuery, returns=page_of(IssueSchema))
def list_coupon_issues(actor: Actor, batch_id: str, query: dict[str, Any]) -> Page[CouponIssue]:
    """List the issues of a batch, the newest first."""
    return queries.issue_list(batch_id, **query)


@api.get(ISSUE, allow="promotions.read", returns=IssueSchema)
def show_coupon_issue(actor: Actor, issue_id: str) -> CouponIssue:
    """Show an issue and how far it has come."""
    return queries.issue(issue_id)


@api.post(
    f"{ISSUE}/stop",
    allow="promotions.edit",
    body=Nothing,
    returns=IssueSchema,
    problems=[NotInThisState],
)
def stop_coupon_issue(actor: Actor, issue_id: str, body: dict[str, Any]) -> CouponIssue:
    """Stop an issue; whoever has a coupon of it keeps it."""
    with transaction():
        return services.stop_issue(issue_id=issue_id, actor=actor, now=clock.now())
