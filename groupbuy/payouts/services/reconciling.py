"""Comparing our attempts with the channels' lists, clearing differences up, archiving months."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.comparison import MARGIN, Compared, Known, Match, compare
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.payouts import queries
from groupbuy.payouts.errors import FileUnreadable, ListNeeded, NotArchivable
from groupbuy.payouts.models import Archive, Difference, Reconciliation
from groupbuy.payouts.models.reconciliation import ONE_OPEN
from groupbuy.payouts.providers import bank_file
from groupbuy.payouts.providers.faults import ListUnavailable
from groupbuy.payouts.providers.interface import ProviderRecord
from groupbuy.payouts.providers.registry import talking_to
from groupbuy.payouts.rules.comparison import end_of
from groupbuy.payouts.rules.files import ListedRow, read_list
from groupbuy.payouts.rules.states import (
    RECONCILIATION_MOVES,
    AttemptState,
    DifferenceState,
    ReconciliationState,
    move,
)
from groupbuy.payouts.services.channels import BY_FILE, set_up
from groupbuy.payouts.services.files import decoded
from groupbuy.settlement import queries as settlement
from groupbuy.settlement.rules.periods import PeriodState

RECONCILE_JOB = "payouts.reconcile"
NO_LIST = "the channel has no list"

Records = dict[str, Known[AttemptState]]


def request_reconciliation(
    *,
    channel: str,
    since: datetime,
    until: datetime,
    records: str | None,
    actor: Actor,
    now: datetime,
) -> Reconciliation:
    """Compare a span with a channel's list: the uploaded one at once, its own by a job.

    Args:
        channel: the channel.
        since, until: the span [since, until) in which our attempts were submitted.
        records: the channel's list as a file, base64; None to ask the channel itself.
        actor: who asks.
        now: when.

    Raises:
        PayoutChannelUnavailable: the channel is not set up.
        ListNeeded: it has no list of its own, and none is uploaded.
        FileUnreadable: with every row of the list at fault.
    """
    to = set_up(name=channel)
    made = Reconciliation(
        channel=channel, since_at=since, until_at=until, requested_by=actor.label, requested_at=now
    )
    session().add(made)
    session().flush()
    if records is not None:
        listed = _listed(channel, decoded(content=records, field="records"))
        finish_reconciliation(reconciliation_id=made.id, theirs=listed, now=now)
    elif to.remote:
        jobs.enqueue(RECONCILE_JOB, reconciliation_id=made.id)
    else:
        found = to.records(since - MARGIN, until + MARGIN)
        if found is None:
            raise ListNeeded
        finish_reconciliation(reconciliation_id=made.id, theirs=_records(found), now=now)
    audit.record(
        actor=actor, action="payouts.reconciled", subject=made.id, now=now, channel=channel
    )
    return made


def fetch_list(*, reconciliation: Reconciliation) -> Records | str:
    """Ask a channel for its list, outside any transaction; a text says why there is none."""
    since, until = reconciliation.since_at - MARGIN, reconciliation.until_at + MARGIN
    try:
        with talking_to(reconciliation.channel) as found:
            records = found.records(since, until)
            return NO_LIST if records is None else _records(records)
    except ListUnavailable as fault:
        return str(fault) or "the list could not be read to its end"


def finish_reconciliation(
    *, reconciliation_id: str, theirs: Records | str, now: datetime
) -> Reconciliation:
    """Compare with a list, or write down why there is none; a second time changes nothing."""
    found = session().get(
        Reconciliation, reconciliation_id, with_for_update=True, populate_existing=True
    )
    if found is None:
        raise NotFound
    state = ReconciliationState(found.state)
    if state is not ReconciliationState.REQUESTED:
        return found
    if isinstance(theirs, str):
        found.state, found.reason = move(RECONCILIATION_MOVES, state, "fail"), theirs
    else:
        compared = _compared(found, theirs)
        differing = [each for each in compared if each.match is not Match.MATCHED]
        _write(found, differing)
        found.state = move(RECONCILIATION_MOVES, state, "finish")
        found.matched, found.differing = len(compared) - len(differing), len(differing)
    found.finished_at = now
    session().flush()
    return found


def resolve_difference(*, difference_id: str, note: str, actor: Actor, now: datetime) -> Difference:
    """Note how a difference was cleared up.

    Raises:
        NotInThisState: somebody has done so already.
    """
    done = session().scalar(
        update(Difference)
        .where(Difference.id == difference_id, Difference.state == DifferenceState.OPEN)
        .values(state=DifferenceState.RESOLVED, note=note, resolved_by=actor.label, resolved_at=now)
        .returning(Difference.id)
    )
    found = queries.difference(difference_id)
    if done is None:
        raise NotInThisState(state=found.state, action="resolve")
    audit.record(
        actor=actor, action="payouts.difference_resolved", subject=found.id, now=now, note=note
    )
    return found


def archive_month(*, month: str, actor: Actor, now: datetime) -> Archive:
    """Close a locked month for good.

    Raises:
        NotInThisState: it is not locked, or archived already.
        NotArchivable: with how many payouts and differences are open.
    """
    period = settlement.locked_period(month)
    state = PeriodState(period.state) if period is not None else PeriodState.OPEN
    if state is not PeriodState.LOCKED:
        raise NotInThisState(state=state.value, action="archive")
    if queries.archive(month) is not None:
        raise NotInThisState(state="archived", action="archive")
    items, differences = queries.open_items(month), queries.open_differences(month)
    if items or differences:
        raise NotArchivable(open_items=items, open_differences=differences)
    made = Archive(month=month, archived_by=actor.label, archived_at=now)
    session().add(made)
    session().flush()
    audit.record(actor=actor, action="payouts.archived", subject=month, now=now)
    return made


def _compared(found: Reconciliation, theirs: Records) -> list[Compared[AttemptState]]:
    span = {"since": found.since_at, "until": found.until_at}
    expected = queries.attempts_between(found.channel, **span)
    named = queries.attempts_numbered(found.channel, theirs.keys())
    ours = {a.number: Known(a.net_fen, AttemptState(a.state)) for a in (*expected, *named)}
    numbers = {a.number for a in expected}
    return list(compare(ours, theirs, end_of=end_of, expected=numbers, **span))


def _write(found: Reconciliation, differing: Iterable[Compared[AttemptState]]) -> None:
    """Keep the differences; one that is open already is not written again."""
    differing = list(differing)
    months = queries.months_of([each.number for each in differing])
    rows = [
        {
            "reconciliation_id": found.id,
            "channel": found.channel,
            "number": each.number,
            "kind": each.match,
            "month": months.get(each.number),
            "our_fen": each.ours and each.ours.amount_fen,
            "their_fen": each.theirs and each.theirs.amount_fen,
            "our_state": each.ours and each.ours.state,
            "their_state": each.theirs and each.theirs.state,
        }
        for each in differing
    ]
    if rows:
        once = insert(Difference).on_conflict_do_nothing(
            index_elements=["channel", "number", "kind"], index_where=ONE_OPEN
        )
        session().execute(once, rows)


def _records(found: Iterable[ProviderRecord]) -> Records:
    return {record.number: Known(record.amount_fen, record.state, record.at) for record in found}


def _listed(channel: str, content: bytes) -> Records:
    rows: list[ListedRow] | list[bank_file.ResultRow]
    rows = bank_file.parse(content) if channel in BY_FILE else list(read_list(content))
    faults = [
        {"pointer": f"/records/{row.row}", "detail": row.fault}
        for row in rows
        if row.fault is not None
    ]
    if faults:
        raise FileUnreadable(errors=faults)
    return {row.number: Known(row.amount_fen, row.state) for row in rows}
