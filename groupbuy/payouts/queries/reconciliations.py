"""Reads of reconciliations, their differences, and archived months."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.payouts.models import Archive, Difference, PayoutAttempt, PayoutItem, Reconciliation
from groupbuy.payouts.queries.batches import among
from groupbuy.payouts.rules.states import IN_FLIGHT, DifferenceState


def reconciliation(reconciliation_id: str) -> Reconciliation:
    """Return a reconciliation, or raise NotFound."""
    found = session().get(Reconciliation, reconciliation_id)
    if found is None:
        raise NotFound
    return found


def reconciliation_list(
    *, limit: int, cursor: str | None, channel: str | None = None, state: str | None = None
) -> Page[Reconciliation]:
    """Return reconciliations, the newest first."""
    query = select(Reconciliation)
    if channel is not None:
        query = query.where(Reconciliation.channel == channel)
    if state is not None:
        query = query.where(Reconciliation.state == state)
    return paginate(query, by=[Reconciliation.id], limit=limit, cursor=cursor, descending=True)


def difference(difference_id: str) -> Difference:
    """Return a difference as it is now, or raise NotFound."""
    found = session().get(Difference, difference_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def difference_list(
    *,
    limit: int,
    cursor: str | None,
    reconciliation: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    month: str | None = None,
) -> Page[Difference]:
    """Return differences in the order in which they were found."""
    query = select(Difference)
    if reconciliation is not None:
        query = query.where(Difference.reconciliation_id == reconciliation)
    if state is not None:
        query = query.where(Difference.state == state)
    if kind is not None:
        query = query.where(Difference.kind == kind)
    if month is not None:
        query = query.where(Difference.month == month)
    return paginate(query, by=[Difference.id], limit=limit, cursor=cursor)


def attempts_between(channel: str, *, since: datetime, until: datetime) -> list[PayoutAttempt]:
    """Return a channel's attempts that were submitted in a span, in one statement."""
    query = select(PayoutAttempt).where(
        PayoutAttempt.channel == channel,
        PayoutAttempt.submitted_at >= since,
        PayoutAttempt.submitted_at < until,
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def attempts_numbered(channel: str, numbers: Collection[str]) -> list[PayoutAttempt]:
    """Return a channel's attempts among these numbers, in one statement."""
    query = select(PayoutAttempt).where(
        PayoutAttempt.channel == channel, among(PayoutAttempt.number, numbers)
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def months_of(numbers: Collection[str]) -> dict[str, str]:
    """Return the statement's month of each attempt, in one statement."""
    query = (
        select(PayoutAttempt.number, PayoutItem.month)
        .join(PayoutItem, PayoutItem.id == PayoutAttempt.item_id)
        .where(among(PayoutAttempt.number, numbers))
    )
    return {number: month for number, month in session().execute(query)}


def archive_list(*, limit: int, cursor: str | None) -> Page[Archive]:
    """Return archived months, the newest first."""
    return paginate(
        select(Archive), by=[Archive.month], limit=limit, cursor=cursor, descending=True
    )


def archive(month: str) -> Archive | None:
    """Return a month's archive, None if it is not archived."""
    return session().get(Archive, month)


def open_items(month: str) -> int:
    """Count the items of a month that are not over."""
    query = (
        select(func.count())
        .select_from(PayoutItem)
        .where(PayoutItem.month == month, PayoutItem.state.in_(IN_FLIGHT))
    )
    return session().scalar(query) or 0


def open_differences(month: str) -> int:
    """Count the open differences of a month, and those that may be any month's."""
    query = (
        select(func.count())
        .select_from(Difference)
        .where(
            Difference.state == DifferenceState.OPEN,
            or_(Difference.month == month, Difference.month.is_(None)),
        )
    )
    return session().scalar(query) or 0
