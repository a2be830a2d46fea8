"""Making batches of coupons, and codes for them."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.pricing import queries
from groupbuy.pricing.errors import CouponCodeTaken
from groupbuy.pricing.models import CouponBatch, CouponCode
from groupbuy.pricing.rules.codes import new_code, normal
from groupbuy.pricing.rules.coupons import BATCH_MOVES, BatchState, CouponKind
from groupbuy.pricing.services.scoping import check_scope

PORTION = 1000
"""Codes of one statement."""


def create_batch(*, actor: Actor, now: datetime, **fields: Any) -> CouponBatch:
    """Draft a batch of coupons.

    Raises:
        InvalidInput: the terms are not its kind's, or the validity or the scope do not fit.
        CouponCodeTaken: another batch has the public code.
    """
    batch = CouponBatch(**fields, created_by=actor.label, created_at=now)
    _check(batch)
    _save(batch)
    audit.record(
        actor=actor, action="coupon_batch.create", subject=batch.id, now=now, kind=batch.kind
    )
    return batch


def edit_batch(
    *, batch_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> CouponBatch:
    """Change a draft.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it was published.
        InvalidInput, CouponCodeTaken: as for `create_batch`.
    """
    batch = queries.batch(batch_id, locked=True)
    if batch.version != if_match:
        raise StaleVersion
    if batch.state != BatchState.DRAFT:
        raise NotInThisState(state=batch.state, action="edit")
    for field, value in changes.items():
        setattr(batch, field, value)
    _check(batch)
    _save(batch)
    audit.record(
        actor=actor, action="coupon_batch.edit", subject=batch.id, now=now, changed=sorted(changes)
    )
    return batch


def move_batch(
    *, batch_id: str, action: str, actor: Actor, now: datetime, reason: str = ""
) -> CouponBatch:
    """Publish, pause or end a batch; whoever has a coupon of it keeps it.

    Raises:
        NotInThisState: the table does not allow it.
    """
    batch = queries.batch(batch_id, locked=True)
    after = BATCH_MOVES.get((BatchState(batch.state), action))
    if after is None:
        raise NotInThisState(state=batch.state, action=action)
    batch.state = after
    if after == BatchState.PUBLISHED and batch.published_at is None:
        batch.published_at = now
    session().flush()
    audit.record(
        actor=actor, action=f"coupon_batch.{action}", subject=batch.id, now=now, reason=reason
    )
    return batch


def make_codes(*, batch_id: str, count: int, actor: Actor, now: datetime) -> int:
    """Make personal codes, each good for one coupon; never more codes than coupons.

    Raises:
        NotInThisState: the batch has ended.
        InvalidInput: there would be more codes than coupons.
    """
    batch = queries.batch(batch_id, locked=True)
    if batch.state == BatchState.ENDED:
        raise NotInThisState(state=batch.state, action="make_codes")
    made = session().scalar(
        select(func.count()).select_from(CouponCode).where(CouponCode.batch_id == batch_id)
    )
    if (made or 0) + count > batch.quantity:
        raise InvalidInput.at(
            "/count", Text("优惠码不能多于优惠券。", "There cannot be more codes than coupons.")
        )
    for portion in _portions(count):
        _insert_codes(batch_id, portion, now)
    audit.record(
        actor=actor, action="coupon_batch.make_codes", subject=batch_id, now=now, count=count
    )
    return count


def _portions(count: int) -> Iterator[int]:
    while count > 0:
        yield min(count, PORTION)
        count -= PORTION


def _insert_codes(batch_id: str, count: int, now: datetime) -> None:
    """Insert so many codes; one that there is already is drawn again."""
    while count > 0:
        rows = [
            {
                "id": new_id("cpc"),
                "batch_id": batch_id,
                "code": new_code(secrets.choice),
                "made_at": now,
            }
            for _ in range(count)
        ]
        added = session().scalars(
            insert(CouponCode)
            .values(rows)
            .on_conflict_do_nothing(index_elements=["code"])
            .returning(CouponCode.id)
        )
        count -= len(added.all())


def _save(batch: CouponBatch) -> None:
    try:
        with session().begin_nested():
            session().add(batch)
            session().flush()
    except IntegrityError as error:
        raise CouponCodeTaken from error


def _check(batch: CouponBatch) -> None:
    """Refuse what does not fit together: the terms of the kind, the validity, the scope."""
    asked = {
        CouponKind.FIXED: ("off_fen", batch.off_fen is not None and batch.off_bps is None),
        CouponKind.PERCENTAGE: ("off_bps", batch.off_bps is not None and batch.off_fen is None),
        CouponKind.DELIVERY: ("off_bps", batch.off_bps is None),
    }
    member, fits = asked[CouponKind(batch.kind)]
    if not fits:
        text = Text(
            "fixed 用 off_fen，percentage 用 off_bps。", "fixed: off_fen; percentage: off_bps."
        )
        raise InvalidInput.at(f"/{member}", text)
    if batch.cap_fen is not None and batch.kind != CouponKind.PERCENTAGE:
        raise InvalidInput.at("/cap_fen", Text("仅用于 percentage。", "Only of a percentage."))
    window = batch.starts_at is not None and batch.ends_at is not None
    neither = batch.starts_at is None and batch.ends_at is None
    if not (window or neither) or window == (batch.valid_days is not None):
        raise InvalidInput.at(
            "/valid_days",
            Text("填写起止时间，或领取后天数。", "Give starts_at and ends_at, or valid_days."),
        )
    if batch.starts_at and batch.ends_at and batch.ends_at <= batch.starts_at:
        raise InvalidInput.at(
            "/ends_at", Text("须晚于开始时间。", "It must be later than starts_at.")
        )
    batch.public_code = normal(batch.public_code) if batch.public_code else None
    check_scope(of=batch)
