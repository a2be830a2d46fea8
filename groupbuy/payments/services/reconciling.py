"""Comparing our payments and refunds with the providers' lists, both ways, day by day."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.comparison import MARGIN, Compared, Known, Match, compare
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.kernel.texts import Text
from groupbuy.payments import queries
from groupbuy.payments.errors import (
    DayNotOver,
    PaymentListNeeded,
    PaymentListUnreadable,
    PaymentMethodUnavailable,
)
from groupbuy.payments.models import PaymentDifference, PaymentReconciliation
from groupbuy.payments.providers.interface import ListUnavailable
from groupbuy.payments.providers.registry import PROVIDERS, provider_named, talking_to
from groupbuy.payments.rules.comparing import (
    end_of,
    judged,
    outcome_of_payment,
    outcome_of_refund,
)
from groupbuy.payments.rules.lists import Listed, ListFaults
from groupbuy.payments.rules.states import (
    ASKED,
    DifferenceState,
    Outcome,
    PaymentState,
    ReconciliationState,
    RefundState,
    Subject,
)
from groupbuy.payments.services.methods import offered
from groupbuy.payments.services.payments import ASK_JOB

RECONCILE_JOB = "payments.reconcile"
CATCH_UP_DAYS = 7
"""How many days back the night looks for a day that was never compared."""
ALWAYS_DAYS = 2
"""How many days it compares in any case: the second time with the midnight between them known."""

_NOT_BASE64 = Text("不是有效的 base64。", "It is not base64.")


def request_reconciliation(
    *, provider: str, day: date, records: str | None, actor: Actor, now: datetime
) -> PaymentReconciliation:
    """Compare a business day with a provider's list: the uploaded one at once, its own by a job.

    Args:
        provider: the provider.
        day: the day, in the business time zone.
        records: the provider's list as a file, base64; None to ask the provider itself.
        actor: who asks.
        now: when.

    Raises:
        PaymentMethodUnavailable: the provider is not set up.
        DayNotOver: the day has not ended.
        PaymentListNeeded: the provider has no list of its own, and none is uploaded.
        PaymentListUnreadable: with every row of the list at fault.
    """
    party = provider_named(provider)
    if now < settings().calendar.midnight(day + timedelta(days=1)):
        raise DayNotOver
    if records is None and not party.remote:
        raise PaymentListNeeded
    made = PaymentReconciliation(
        provider=provider,
        day=day,
        by_file=records is not None,
        requested_by=actor.label,
        requested_at=now,
    )
    session().add(made)
    session().flush()
    audit.record(
        actor=actor, action="payments.reconcile", subject=made.id, now=now, provider=provider
    )
    if records is None:
        jobs.enqueue(RECONCILE_JOB, reconciliation_id=made.id)
        return made
    try:
        theirs = party.read_list(base64.b64decode(records, validate=True))
    except (binascii.Error, ValueError):
        raise PaymentListUnreadable.at("/records", _NOT_BASE64) from None
    except ListFaults as fault:
        raise PaymentListUnreadable(errors=fault.errors()) from None
    return finish_reconciliation(reconciliation_id=made.id, theirs=theirs, now=now)


def request_missing(*, now: datetime) -> None:
    """Have the last days compared with every provider that is used and has a list of its own."""
    calendar = settings().calendar
    today = calendar.day_of(now)
    days = [today - timedelta(days=back) for back in range(1, CATCH_UP_DAYS + 1)]
    used = queries.providers_used(since=calendar.midnight(days[-1]))
    for name in sorted({*used, *(one.provider for one in offered())}):
        if not _has_list(name):
            continue
        missing = queries.days_to_reconcile(name, days)
        for day in sorted({*missing, *days[:ALWAYS_DAYS]}):
            request_reconciliation(provider=name, day=day, records=None, actor=SYSTEM, now=now)


def _has_list(name: str) -> bool:
    """Tell whether a provider has a list of its own and is set up: it may have been once."""
    try:
        return PROVIDERS[name].remote and provider_named(name).remote
    except PaymentMethodUnavailable:
        return False


def fetch_list(*, reconciliation: PaymentReconciliation, now: datetime) -> list[Listed] | str:
    """Ask a provider for its list, outside any transaction; a text says why there is none."""
    since, until = _span(reconciliation.day)
    try:
        with talking_to(reconciliation.provider) as provider:
            found = provider.records(since - MARGIN, min(until + MARGIN, now))
            return "the provider has no list" if found is None else list(found)
    except ListUnavailable as fault:
        return str(fault)


def finish_reconciliation(
    *, reconciliation_id: str, theirs: list[Listed] | str, now: datetime
) -> PaymentReconciliation:
    """Compare with a list, or write down why there is none; a second time changes nothing."""
    found = session().get(
        PaymentReconciliation, reconciliation_id, with_for_update=True, populate_existing=True
    )
    if found is None:
        raise NotFound
    if found.state != ReconciliationState.REQUESTED:
        return found
    if isinstance(theirs, str):
        found.state, found.reason = ReconciliationState.FAILED, theirs
    else:
        _compare(found, theirs, now)
    found.finished_at = now
    session().flush()
    return found


def resolve_payment_difference(
    *, difference_id: str, note: str, actor: Actor, now: datetime
) -> PaymentDifference:
    """Note how a difference was cleared up.

    Raises:
        NotInThisState: somebody has done so already.
    """
    done = session().scalar(
        update(PaymentDifference)
        .where(
            PaymentDifference.id == difference_id, PaymentDifference.state == DifferenceState.OPEN
        )
        .values(state=DifferenceState.RESOLVED, note=note, resolved_by=actor.label, resolved_at=now)
        .returning(PaymentDifference.id)
    )
    found = queries.difference(difference_id)
    if done is None:
        raise NotInThisState(state=found.state, action="resolve")
    audit.record(
        actor=actor, action="payments.difference_resolved", subject=found.id, now=now, note=note
    )
    return found


def _span(day: date) -> tuple[datetime, datetime]:
    calendar = settings().calendar
    return calendar.midnight(day), calendar.midnight(day + timedelta(days=1))


def _compare(found: PaymentReconciliation, listed: list[Listed], now: datetime) -> None:
    since, until = _span(found.day)
    theirs = {one.number: one for one in listed}
    ours, expected = _ours(found, theirs, now)
    compared = list(
        compare(
            {number: known for number, (_, known) in ours.items()},
            {one.number: Known(one.amount_fen, one.state, one.at) for one in theirs.values()},
            end_of=end_of,
            expected=expected,
            since=since,
            until=until,
        )
    )
    subjects = {number: subject for number, (subject, _) in ours.items()}
    subjects |= {one.number: one.subject for one in theirs.values()}
    rows = [
        _row(found, each, subjects[each.number], theirs.get(each.number))
        for each in compared
        if each.match is not Match.MATCHED
    ]
    if rows:
        session().execute(insert(PaymentDifference).on_conflict_do_nothing(), rows)
    _resolve_outdated(found, [each.number for each in compared], rows, now)
    of_the_day = [one for one in theirs.values() if one.at is None or since <= one.at < until]
    found.state = ReconciliationState.DONE
    found.matched, found.differing = len(compared) - len(rows), len(rows)
    found.paid_fen = _sum(of_the_day, Subject.PAYMENT)
    found.refunded_fen = _sum(of_the_day, Subject.REFUND)
    found.fee_fen = sum(one.fee_fen for one in of_the_day)


Ours = dict[str, tuple[Subject, Known[Outcome]]]


def _ours(
    found: PaymentReconciliation, theirs: Mapping[str, Listed], now: datetime
) -> tuple[Ours, set[str]]:
    """Return our records that are expected in a list or named by it, and the expected numbers."""
    first, last = judged(*_span(found.day), by_file=found.by_file, now=now)
    expected = queries.payments_between(found.provider, since=first, until=last)
    named = queries.payments_numbered(found.provider, theirs)
    ours: Ours = {}
    for payment in (*expected, *named):
        state = PaymentState(payment.state)
        outcome = outcome_of_payment(state, payment.received_fen)
        amount_fen = payment.received_fen or payment.amount_fen
        ours[payment.provider_ref or ""] = Subject.PAYMENT, Known(amount_fen, outcome)
        one = theirs.get(payment.provider_ref or "")
        if state in ASKED and one is not None and one.state is Outcome.SUCCEEDED:
            # The news were lost. Asking now records them, with all that follows.
            jobs.enqueue(ASK_JOB, payment_id=payment.id)
    numbers = {payment.provider_ref or "" for payment in expected}
    accepted = queries.refunds_between(found.provider, since=first, until=last)
    for refund in (*accepted, *queries.refunds_numbered(found.provider, theirs)):
        outcome = outcome_of_refund(RefundState(refund.state))
        number = refund.id if refund.provider_ref not in theirs else refund.provider_ref or ""
        ours[number] = Subject.REFUND, Known(refund.amount_fen, outcome)
        if refund in accepted:
            numbers.add(number)
    return ours, numbers


def _row(
    found: PaymentReconciliation, each: Compared[Outcome], subject: Subject, listed: Listed | None
) -> dict[str, object]:
    return {
        "reconciliation_id": found.id,
        "provider": found.provider,
        "day": found.day,
        "subject": subject,
        "number": each.number,
        "kind": each.match,
        "our_fen": each.ours and each.ours.amount_fen,
        "their_fen": each.theirs and each.theirs.amount_fen,
        "our_state": each.ours and each.ours.state,
        "their_state": each.theirs and each.theirs.state,
        "fee_fen": listed and listed.fee_fen,
    }


FACTS = ("number", "kind", "our_fen", "their_fen", "our_state", "their_state")


def _resolve_outdated(
    found: PaymentReconciliation,
    numbers: Iterable[str],
    rows: Iterable[Mapping[str, object]],
    now: datetime,
) -> None:
    """Close the open differences of these numbers that are not so any more."""
    present = {tuple(row[fact] for fact in FACTS) for row in rows}
    for difference in queries.open_differences(found.provider, numbers):
        if tuple(getattr(difference, fact) for fact in FACTS) not in present:
            difference.state = DifferenceState.RESOLVED
            difference.note = f"no longer so by {found.id}"
            difference.resolved_by, difference.resolved_at = SYSTEM.label, now


def _sum(listed: Iterable[Listed], subject: Subject) -> int:
    return sum(
        one.amount_fen
        for one in listed
        if one.subject is subject and one.state is not Outcome.FAILED
    )
