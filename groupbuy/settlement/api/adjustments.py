"""Adjustments over HTTP: proposed, changed, decided by another person, undone."""

from typing import Any

from flask import request

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Download, Page, page_of
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.settlement import errors, queries, services
from groupbuy.settlement.queries.adjusting import AdjustmentView
from groupbuy.settlement.rules.attachments import BEGINNINGS
from groupbuy.settlement.schemas.adjustments import (
    PROPOSAL_BYTES,
    AdjustmentApprovalBody,
    AdjustmentAttachmentBody,
    AdjustmentBody,
    AdjustmentEditBody,
    AdjustmentQuery,
    AdjustmentRejectionBody,
    AdjustmentReversalBody,
    AdjustmentSchema,
)

api = Api(
    "adjustments", __name__, url_prefix="/api/v1", description="Amounts that two people decide"
)

ADJUSTMENTS = "/hq/adjustments"
ADJUSTMENT = f"{ADJUSTMENTS}/<id(adj):adjustment_id>"
WRITE_OFF_PROBLEMS = (errors.WriteOffTooMuch, errors.WriteOffTooEarly)


def let_files_in() -> None:
    """Let bodies be as long as a proposal with all its files."""
    request.max_content_length = PROPOSAL_BYTES


api.before_request(let_files_in)


@api.get(
    ADJUSTMENTS, allow="settlement.read", query=AdjustmentQuery, returns=page_of(AdjustmentSchema)
)
def list_adjustments(actor: Actor, query: dict[str, Any]) -> Page[AdjustmentView]:
    """List adjustments, the newest first."""
    return queries.adjustment_list(**query)


@api.post(
    ADJUSTMENTS,
    allow="settlement.prepare",
    body=AdjustmentBody,
    returns=AdjustmentSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.AttachmentMissing, *WRITE_OFF_PROBLEMS],
    example={
        "leader_id": f"ldr_{'0198f3c2a7b47d1e' * 2}",
        "amount_fen": 5_000,
        "reason_code": "goodwill",
        "reason": "冷链车晚到，团长垫付了冰块",
    },
)
def propose_adjustment(actor: Actor, body: dict[str, Any]) -> AdjustmentView:
    """Propose an adjustment; another person decides."""
    with transaction():
        proposed = services.propose_adjustment(**body, actor=actor, now=clock.now())
        return queries.adjustment_view(proposed)


@api.get(ADJUSTMENT, allow="settlement.read", returns=AdjustmentSchema, versioned=True)
def show_adjustment(actor: Actor, adjustment_id: str) -> AdjustmentView:
    """Show an adjustment, its files, and the statement in which it stands."""
    return queries.adjustment_view(queries.adjustment(adjustment_id))


@api.patch(
    ADJUSTMENT,
    allow="settlement.prepare",
    body=AdjustmentEditBody,
    returns=AdjustmentSchema,
    versioned=True,
    problems=[NotInThisState, errors.AttachmentMissing, *WRITE_OFF_PROBLEMS],
    example={"amount_fen": 4_500},
)
def edit_adjustment(
    actor: Actor, adjustment_id: str, if_match: int, body: dict[str, Any]
) -> AdjustmentView:
    """Change a proposal."""
    with transaction():
        changed = services.edit_adjustment(
            adjustment_id=adjustment_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )
        return queries.adjustment_view(changed)


@api.delete(ADJUSTMENT, allow="settlement.prepare", versioned=True, problems=[NotInThisState])
def withdraw_adjustment(actor: Actor, adjustment_id: str, if_match: int) -> None:
    """Take a proposal back; it stays in the list as withdrawn."""
    with transaction():
        services.withdraw_adjustment(
            adjustment_id=adjustment_id, if_match=if_match, actor=actor, now=clock.now()
        )


@api.post(
    f"{ADJUSTMENT}/attachments",
    allow="settlement.prepare",
    body=AdjustmentAttachmentBody,
    returns=AdjustmentSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[NotInThisState, errors.AttachmentsFull],
    example={"name": "收据.pdf", "media_type": "application/pdf", "content": "JVBERi0xLjc="},
)
def attach_to_adjustment(actor: Actor, adjustment_id: str, body: dict[str, Any]) -> AdjustmentView:
    """Add a file to a proposal."""
    with transaction():
        changed = services.attach(adjustment_id=adjustment_id, **body, actor=actor, now=clock.now())
        return queries.adjustment_view(changed)


@api.get(
    f"{ADJUSTMENT}/attachments/<id(att):attachment_id>",
    allow="settlement.read",
    files=tuple(BEGINNINGS),
)
def download_attachment(actor: Actor, adjustment_id: str, attachment_id: str) -> Download:
    """Download a file of an adjustment."""
    file = queries.attachment(adjustment_id, attachment_id)
    return Download(file.content, file.media_type, file.name)


@api.post(
    f"{ADJUSTMENT}/approval",
    allow="settlement.approve",
    body=AdjustmentApprovalBody,
    returns=AdjustmentSchema,
    versioned=True,
    problems=[NotInThisState, StaleVersion, errors.AdjusterIsProposer, *WRITE_OFF_PROBLEMS],
    example={"version": 1},
)
def approve_adjustment(actor: Actor, adjustment_id: str, body: dict[str, Any]) -> AdjustmentView:
    """Approve a proposal as it was read: the present month's statement will hold it."""
    with transaction():
        decided = services.approve_adjustment(
            adjustment_id=adjustment_id, if_match=body["version"], actor=actor, now=clock.now()
        )
        return queries.adjustment_view(decided)


@api.post(
    f"{ADJUSTMENT}/rejection",
    allow="settlement.approve",
    body=AdjustmentRejectionBody,
    returns=AdjustmentSchema,
    versioned=True,
    problems=[NotInThisState, errors.AdjusterIsProposer],
    example={"reason": "请附上仓库的照片"},
)
def reject_adjustment(actor: Actor, adjustment_id: str, body: dict[str, Any]) -> AdjustmentView:
    """Reject a proposal and say why."""
    with transaction():
        decided = services.reject_adjustment(
            adjustment_id=adjustment_id, **body, actor=actor, now=clock.now()
        )
        return queries.adjustment_view(decided)


@api.post(
    f"{ADJUSTMENT}/reversal",
    allow="settlement.prepare",
    body=AdjustmentReversalBody,
    returns=AdjustmentSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[NotInThisState, errors.AlreadyReversed],
    example={"reason": "同一笔补偿已发放两次"},
)
def reverse_adjustment(actor: Actor, adjustment_id: str, body: dict[str, Any]) -> AdjustmentView:
    """Propose to undo an approved adjustment by its opposite; another person decides."""
    with transaction():
        proposed = services.reverse_adjustment(
            adjustment_id=adjustment_id, **body, actor=actor, now=clock.now()
        )
        return queries.adjustment_view(proposed)
