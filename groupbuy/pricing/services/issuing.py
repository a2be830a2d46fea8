"""Issuing a batch to many shoppers: portion by portion, so that it can be cut anywhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.leaders.models import Community
from groupbuy.pricing import queries
from groupbuy.pricing.models import Coupon, CouponBatch, CouponIssue
from groupbuy.pricing.rules.coupons import ISSUE_MOVES, BatchState, IssueState

JOB = "pricing.issue_coupons"
PORTION = 500
"""Shoppers of one step, which is one transaction."""
CUT_AFTER = timedelta(minutes=5)


def start_issue(
    *, batch_id: str, audience: Mapping[str, Any], actor: Actor, now: datetime
) -> CouponIssue:
    """Begin to give every shopper of an audience one coupon; a job does the work.

    Raises:
        NotInThisState: the batch is not published.
        InvalidInput: there is no such community.
    """
    batch = queries.batch(batch_id)
    if batch.state != BatchState.PUBLISHED:
        raise NotInThisState(state=batch.state, action="issue")
    community_id = audience.get("community_id")
    if community_id is not None and session().get(Community, community_id) is None:
        text = Text("没有这个社群。", "There is no such community.")
        raise InvalidInput.at("/audience/community_id", text)
    issue = CouponIssue(
        batch_id=batch_id,
        audience=dict(audience),
        requested_by=actor.label,
        requested_at=now,
        touched_at=now,
    )
    session().add(issue)
    session().flush()
    jobs.enqueue(JOB, issue_id=issue.id)
    audit.record(
        actor=actor, action="coupon_batch.issue", subject=batch_id, now=now, issue_id=issue.id
    )
    return issue


def stop_issue(*, issue_id: str, actor: Actor, now: datetime) -> CouponIssue:
    """Stop an issue; whoever has a coupon of it keeps it.

    Raises:
        NotInThisState: it is over.
    """
    issue = queries.issue(issue_id, locked=True)
    _end(issue, "stop", now)
    session().flush()
    audit.record(actor=actor, action="coupon_issue.stop", subject=issue_id, now=now)
    return issue


def advance_issue(*, issue_id: str, now: datetime) -> bool:
    """Give coupons to the next portion of shoppers; tell whether there is more to do.

    It goes on after the last shopper done. Two at once never do the same portion: whoever finds
    it taken leaves it alone. When the batch has nothing more to give, the issue stops.
    """
    issue = queries.issue_to_advance(issue_id)
    if issue is None or issue.state != IssueState.RUNNING:
        return False
    portion = queries.audience_portion(
        issue.audience, after=issue.last_shopper_id, limit=PORTION, now=now
    )
    if not portion:
        _end(issue, "finish", now)
        session().flush()
        return False
    batch = queries.batch(issue.batch_id, locked=True)
    left = batch.quantity - batch.given if _gives(batch, now) else 0
    wanting = _wanting(batch, portion)
    receivers = wanting[:left]
    _give_all(batch, issue, receivers, now)
    # A batch that runs out in the middle was looked at up to the last who got one.
    done = portion if len(receivers) == len(wanting) else _up_to(portion, receivers)
    issue.found += len(done)
    issue.issued += len(receivers)
    issue.touched_at = now
    issue.last_shopper_id = done[-1] if done else issue.last_shopper_id
    if len(receivers) < len(wanting):
        _end(issue, "stop", now)
    session().flush()
    return issue.state == IssueState.RUNNING


def resume_issue(*, issue_id: str, now: datetime) -> None:
    """Take an issue up that was cut."""
    issue = queries.issue_to_advance(issue_id)
    if issue is not None and issue.state == IssueState.RUNNING:
        issue.touched_at = now
        session().flush()
        jobs.enqueue(JOB, issue_id=issue_id)


def _gives(batch: CouponBatch, now: datetime) -> bool:
    over = batch.ends_at is not None and batch.ends_at <= now
    return batch.state == BatchState.PUBLISHED and not over


def _wanting(batch: CouponBatch, portion: Sequence[str]) -> list[tuple[str, int]]:
    """Return who may have one more, and the number that it would be."""
    held = queries.held_of(batch.id, portion)
    numbered = ((shopper_id, held.get(shopper_id, 0) + 1) for shopper_id in portion)
    return [(shopper_id, number) for shopper_id, number in numbered if number <= batch.per_shopper]


def _up_to(portion: Sequence[str], receivers: Sequence[tuple[str, int]]) -> Sequence[str]:
    return portion[: portion.index(receivers[-1][0]) + 1] if receivers else ()


def _give_all(
    batch: CouponBatch, issue: CouponIssue, receivers: Sequence[tuple[str, int]], now: datetime
) -> None:
    if not receivers:
        return
    starts_at, expires_at = batch.validity(now)
    rows = [
        {
            "id": new_id("cpn"),
            "batch_id": batch.id,
            "shopper_id": shopper_id,
            "number": number,
            "starts_at": starts_at,
            "expires_at": expires_at,
            "issue_id": issue.id,
            "claimed_at": now,
        }
        for shopper_id, number in receivers
    ]
    session().execute(insert(Coupon), rows)
    session().execute(
        update(CouponBatch)
        .where(CouponBatch.id == batch.id)
        .values(given=CouponBatch.given + len(rows))
        .execution_options(synchronize_session="fetch")
    )


def _end(issue: CouponIssue, action: str, now: datetime) -> None:
    after = ISSUE_MOVES.get((IssueState(issue.state), action))
    if after is None:
        raise NotInThisState(state=issue.state, action=action)
    issue.state, issue.ended_at, issue.touched_at = after, now, now
