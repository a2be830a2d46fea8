"""Reads of batches, codes and issues."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from groupbuy.attribution import queries as attribution
from groupbuy.campaigns.models import GroupBuy
from groupbuy.identity.models import Shopper
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.pricing.models import Coupon, CouponBatch, CouponCode, CouponIssue
from groupbuy.pricing.rules.coupons import IssueState


def batch(batch_id: str, *, locked: bool = False) -> CouponBatch:
    """Return a batch as it is now, or raise NotFound."""
    query = select(CouponBatch).where(CouponBatch.id == batch_id)
    if locked:
        query = query.with_for_update()
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def batch_list(
    *, limit: int, cursor: str | None, state: str | None = None, kind: str | None = None
) -> Page[CouponBatch]:
    """Return batches, the newest first."""
    query = select(CouponBatch).execution_options(populate_existing=True)
    if state is not None:
        query = query.where(CouponBatch.state == state)
    if kind is not None:
        query = query.where(CouponBatch.kind == kind)
    return paginate(query, by=[CouponBatch.id], limit=limit, cursor=cursor, descending=True)


def coupon_list(
    *,
    limit: int,
    cursor: str | None,
    batch_id: str | None = None,
    shopper_id: str | None = None,
    state: str | None = None,
) -> Page[Coupon]:
    """Return coupons, the newest first, with their batches, in one statement."""
    query = select(Coupon).execution_options(populate_existing=True)
    wanted = {Coupon.batch_id: batch_id, Coupon.shopper_id: shopper_id, Coupon.state: state}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return paginate(query, by=[Coupon.id], limit=limit, cursor=cursor, descending=True)


def code_list(
    batch_id: str, *, limit: int, cursor: str | None, claimed: bool | None = None
) -> Page[CouponCode]:
    """Return the personal codes of a batch, in the order in which they were made."""
    batch(batch_id)
    query = select(CouponCode).where(CouponCode.batch_id == batch_id)
    if claimed is not None:
        is_open = CouponCode.claimed_at.is_(None)
        query = query.where(~is_open if claimed else is_open)
    return paginate(query, by=[CouponCode.id], limit=limit, cursor=cursor)


def all_codes(batch_id: str) -> Iterator[CouponCode]:
    """Yield every personal code of a batch, in the order in which they were made."""
    batch(batch_id)
    query = select(CouponCode).where(CouponCode.batch_id == batch_id).order_by(CouponCode.id)
    yield from session().scalars(query.execution_options(yield_per=1000))


def issue(issue_id: str, *, locked: bool = False) -> CouponIssue:
    """Return an issue as it is now, or raise NotFound."""
    query = select(CouponIssue).where(CouponIssue.id == issue_id)
    if locked:
        query = query.with_for_update()
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def issue_to_advance(issue_id: str) -> CouponIssue | None:
    """Return an issue, locked; None while somebody else has it."""
    return session().scalar(
        select(CouponIssue)
        .where(CouponIssue.id == issue_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def issue_list(batch_id: str, *, limit: int, cursor: str | None) -> Page[CouponIssue]:
    """Return the issues of a batch, the newest first."""
    batch(batch_id)
    query = select(CouponIssue).where(CouponIssue.batch_id == batch_id)
    query = query.execution_options(populate_existing=True)
    return paginate(query, by=[CouponIssue.id], limit=limit, cursor=cursor, descending=True)


def cut_issue_ids(*, untouched_since: datetime) -> list[str]:
    """Return running issues that nobody has touched since an instant."""
    query = select(CouponIssue.id).where(
        CouponIssue.state == IssueState.RUNNING, CouponIssue.touched_at < untouched_since
    )
    return list(session().scalars(query.order_by(CouponIssue.id)))


def audience_portion(
    audience: Mapping[str, Any], *, after: str | None, limit: int, now: datetime
) -> list[str]:
    """Return the next shoppers of an audience in id order; every filter that is given holds.

    Who ordered is who placed an order, paid or not.
    """
    query = select(Shopper.id).order_by(Shopper.id).limit(limit)
    if after is not None:
        query = query.where(Shopper.id > after)
    if audience.get("shopper_ids"):
        query = query.where(Shopper.id.in_(audience["shopper_ids"]))
    if audience.get("community_id"):
        group_buys = select(GroupBuy.id).where(GroupBuy.community_id == audience["community_id"])
        hosted = session().scalars(group_buys).all()
        query = query.where(attribution.ordered_in(Shopper.id, group_buy_ids=hosted))
    if audience.get("ordered_since"):
        since = datetime.fromisoformat(audience["ordered_since"])
        query = query.where(attribution.ordered_since(Shopper.id, since=since))
    if audience.get("never_ordered"):
        query = query.where(~attribution.ordered_since(Shopper.id))
    if audience.get("members"):
        query = query.where(Shopper.member_until > now)
    return list(session().scalars(query))


def held_of(batch_id: str, shopper_ids: Sequence[str]) -> dict[str, int]:
    """Return how many coupons of a batch each of some shoppers has."""
    rows = session().execute(
        select(Coupon.shopper_id, func.count())
        .where(Coupon.batch_id == batch_id, Coupon.shopper_id.in_(shopper_ids))
        .group_by(Coupon.shopper_id)
    )
    return {shopper_id: count for shopper_id, count in rows}
