"""What pricing does by the queue and by the clock."""

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every, job, one_by_one
from groupbuy.pricing import queries, services
from groupbuy.pricing.services.issuing import CUT_AFTER, JOB


@job(JOB)
def issue_coupons(issue_id: str) -> None:
    """Issue coupons to the end of an audience, a portion in each transaction."""
    more = True
    while more:
        with transaction():
            more = services.advance_issue(issue_id=issue_id, now=clock.now())


@every("*/5 * * * *", "pricing.resume_issues")
def resume_issues() -> None:
    """Take up issues that were cut."""
    now = clock.now()
    one_by_one(
        queries.cut_issue_ids(untouched_since=now - CUT_AFTER),
        lambda issue_id: services.resume_issue(issue_id=issue_id, now=now),
    )
