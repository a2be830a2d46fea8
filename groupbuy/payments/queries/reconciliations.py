"""Reads of comparisons with the providers and of what they found."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime

from sqlalchemy import ARRAY, ColumnElement, Select, any_, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.payments.models import (
    Payment,
    PaymentDifference,
    PaymentReconciliation,
    PaymentRefund,
)
from groupbuy.payments.rules.states import DifferenceState, ReconciliationState


def reconciliation(reconciliation_id: str) -> PaymentReconciliation:
    """Return a comparison, or raise NotFound."""
    found = session().get(PaymentReconciliation, reconciliation_id)
    if found is None:
        raise NotFound
    return found


def reconciliation_list(
    *,
    limit: int,
    cursor: str | None,
    provider: str | None = None,
    state: str | None = None,
    day: date | None = None,
) -> Page[PaymentReconciliation]:
    """Return comparisons, the newest first."""
    query = select(PaymentReconciliation)
    if provider is not None:
        query = query.where(PaymentReconciliation.provider == provider)
    if state is not None:
        query = query.where(PaymentReconciliation.state == state)
    if day is not None:
        query = query.where(PaymentReconciliation.day == day)
    by = [PaymentReconciliation.id]
    return paginate(query, by=by, limit=limit, cursor=cursor, descending=True)


def days_to_reconcile(provider: str, days: Collection[date]) -> list[date]:
    """Return those of some days of which no comparison with a provider's own list is done."""
    done = set(
        session().scalars(
            select(PaymentReconciliation.day).where(
                PaymentReconciliation.provider == provider,
                PaymentReconciliation.day.in_(days),
                PaymentReconciliation.state == ReconciliationState.DONE,
                PaymentReconciliation.by_file.is_(False),
            )
        )
    )
    return sorted(set(days) - done)


def providers_used(*, since: datetime) -> list[str]:
    """Return the providers through which money came in since an instant."""
    query = select(Payment.provider).where(Payment.succeeded_at >= since).distinct()
    return sorted(session().scalars(query))


def difference(difference_id: str) -> PaymentDifference:
    """Return a difference as it is now, or raise NotFound."""
    found = session().get(PaymentDifference, difference_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def difference_list(
    *, limit: int, cursor: str | None, **filters: object
) -> Page[PaymentDifference]:
    """Return differences in the order in which they were found; see `_differences`."""
    query = _differences(**filters)
    return paginate(query, by=[PaymentDifference.id], limit=limit, cursor=cursor)


def difference_rows(**filters: object) -> Iterator[PaymentDifference]:
    """Yield every difference of a list, for a file."""
    query = _differences(**filters).order_by(PaymentDifference.id)
    yield from session().scalars(query.execution_options(yield_per=500))


FILTERS = {
    "reconciliation": PaymentDifference.reconciliation_id,
    "provider": PaymentDifference.provider,
    "state": PaymentDifference.state,
    "kind": PaymentDifference.kind,
    "subject": PaymentDifference.subject,
    "day": PaymentDifference.day,
    "number": PaymentDifference.number,
}


def _differences(**filters: object) -> Select[PaymentDifference]:
    """Select differences by the filters that are given, each by one of FILTERS."""
    query = select(PaymentDifference)
    for name, wanted in filters.items():
        if wanted is not None:
            query = query.where(FILTERS[name] == wanted)
    return query


def open_differences(provider: str, numbers: Iterable[str]) -> list[PaymentDifference]:
    """Return the open differences of these numbers, locked, in one statement."""
    query = (
        select(PaymentDifference)
        .where(
            PaymentDifference.provider == provider,
            PaymentDifference.state == DifferenceState.OPEN,
            _among(PaymentDifference.number, numbers),
        )
        .order_by(PaymentDifference.id)
        .with_for_update()
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def payments_between(provider: str, *, since: datetime, until: datetime) -> list[Payment]:
    """Return a provider's payments that succeeded in a span, in one statement."""
    query = select(Payment).where(
        Payment.provider == provider, Payment.succeeded_at >= since, Payment.succeeded_at < until
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def payments_numbered(provider: str, numbers: Iterable[str]) -> list[Payment]:
    """Return a provider's payments among these of its numbers, in one statement."""
    query = select(Payment).where(
        Payment.provider == provider, _among(Payment.provider_ref, numbers)
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def refunds_between(provider: str, *, since: datetime, until: datetime) -> list[PaymentRefund]:
    """Return the refunds that a provider accepted in a span, in one statement."""
    query = _refunds(provider).where(
        PaymentRefund.accepted_at >= since, PaymentRefund.accepted_at < until
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def refunds_numbered(provider: str, numbers: Collection[str]) -> list[PaymentRefund]:
    """Return a provider's refunds by our numbers or by its own, in one statement."""
    ours = [number for number in numbers if is_id(number, "prf")]
    query = _refunds(provider).where(
        or_(_among(PaymentRefund.id, ours), _among(PaymentRefund.provider_ref, numbers))
    )
    return list(session().scalars(query, execution_options={"populate_existing": True}))


def _refunds(provider: str) -> Select[PaymentRefund]:
    return (
        select(PaymentRefund)
        .join(Payment, Payment.id == PaymentRefund.payment_id)
        .where(Payment.provider == provider)
    )


def _among(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], values: Iterable[str]
) -> ColumnElement[bool]:
    """Compare a column with any number of values; they travel as one array."""
    return column == any_(literal(list(values), ARRAY(column.type)))
