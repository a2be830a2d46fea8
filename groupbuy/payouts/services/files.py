"""Bank files: what a batch asks a bank to pay, and what the bank says it did."""

import base64
import binascii
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.sealing import KeyRing
from groupbuy.kernel.texts import Text
from groupbuy.payouts import queries
from groupbuy.payouts.errors import FileUnreadable, NoBankFile, NothingInFile
from groupbuy.payouts.models import PayoutAttempt, PayoutBatch, PayoutItem
from groupbuy.payouts.providers.bank_file import File, ResultRow, parse, render
from groupbuy.payouts.providers.interface import Outcome, Transfer
from groupbuy.payouts.rules.states import ATTEMPT_MOVES, PAYING, AttemptState
from groupbuy.payouts.services import accounts
from groupbuy.payouts.services.attempts import record, remark
from groupbuy.payouts.services.channels import BY_FILE

_NOT_BASE64 = Text("不是有效的 base64。", "It is not base64.")
_UNKNOWN_NUMBER = Text(
    "第 {row} 行：编号不属于此批次。", "Row {row}: the number is not one of this batch."
)
_OTHER_AMOUNT = Text(
    "第 {row} 行：金额应为 {net_fen} 分。", "Row {row}: the amount should be {net_fen} fen."
)
_CANNOT_FOLLOW = Text(
    "第 {row} 行：状态 {known} 之后不能是 {told}。", "Row {row}: {told} cannot follow {known}."
)


class Effect(StrEnum):
    """What a row of a result file does."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row of a bank's result file and what it does, or why it is refused."""

    row: int
    number: str
    amount_fen: int | None
    state: AttemptState | None
    reason: str
    effect: Effect
    fault: Text | None


@dataclass(frozen=True, slots=True)
class ResultReport:
    """What a result file does; with `dry_run` nothing was done yet."""

    dry_run: bool
    applied: int
    unchanged: int
    refused: int
    rows: list[CheckedRow]


def bank_file(
    *, batch_id: str, filed_at: datetime | None = None, keys: KeyRing, actor: Actor, now: datetime
) -> File:
    """Return the payment file of what is in no file yet; if there is nothing, the last file again.

    What was in a file may be at the bank, so it never comes into another one.

    Args:
        batch_id: the batch.
        filed_at: when a file was first written: that one again, without what the bank has told of.
        keys: what opens the accounts.
        actor: who asks.
        now: when.

    Raises:
        NoBankFile: the batch is not paid by a file.
        NotInThisState: it is not executed.
        NothingInFile: nothing waits for the bank, or not yet.
    """
    batch = _paid_by_file(batch_id, "bank_file")
    rows = _rows_of_file(batch_id, filed_at)
    if not rows:
        raise NothingInFile
    known = queries.accounts_by_id({attempt.account_id for attempt, _ in rows})
    transfers = [
        Transfer(
            number=attempt.number,
            amount_fen=attempt.net_fen,
            payee=accounts.payee(account=known[attempt.account_id], keys=keys),
            remark=remark(month=month),
        )
        for attempt, month in rows
    ]
    for attempt, _ in rows:
        attempt.filed_at = attempt.filed_at or now
    session().flush()
    audit.record(
        actor=actor,
        action="payouts.bank_file_written",
        subject=batch_id,
        now=now,
        transfers=len(rows),
        net_fen=sum(attempt.net_fen for attempt, _ in rows),
    )
    return render(transfers, name=f"payouts-{batch.month or 'all'}-{batch_id[-8:]}.csv")


def _rows_of_file(batch_id: str, filed_at: datetime | None) -> list[tuple[PayoutAttempt, str]]:
    """Lock and return a file's attempts, each with the month that it pays."""
    waiting = (
        select(PayoutAttempt, PayoutItem.month)
        .join(PayoutItem, PayoutItem.id == PayoutAttempt.item_id)
        .where(PayoutItem.batch_id == batch_id, PayoutAttempt.state == AttemptState.SUBMITTED)
        .order_by(PayoutAttempt.number)
        .with_for_update(of=PayoutAttempt)
        .execution_options(populate_existing=True)
    )
    found = [(attempt, month) for attempt, month in session().execute(waiting)]
    wanted = filed_at or _present_file([attempt.filed_at for attempt, _ in found])
    return [row for row in found if row[0].filed_at == wanted]


def _present_file(files: Collection[datetime | None]) -> datetime | None:
    """Return which file is asked for: None, the one to be written, as long as anything waits."""
    written = [filed_at for filed_at in files if filed_at is not None]
    return max(written, default=None) if len(written) == len(files) else None


def import_results(
    *, batch_id: str, content: str, dry_run: bool, calendar: Calendar, actor: Actor, now: datetime
) -> ResultReport:
    """Apply a bank's result file, base64, after every row of it was checked.

    A row at fault changes nothing and stops no other.

    Raises:
        NoBankFile: the batch is not paid by a file.
        NotInThisState: it is not executed.
        FileUnreadable: it is not base64.
    """
    _paid_by_file(batch_id, "results")
    rows = parse(decoded(content=content))
    attempts = _attempts_of(batch_id, rows)
    checked = [_checked(row, attempts.get(row.number)) for row in rows]
    outcomes = {
        row.number: Outcome(row.state, reason=row.reason)
        for row in checked
        if row.effect is Effect.APPLIED and row.state is not None
    }
    report = ResultReport(
        dry_run=dry_run,
        applied=len(outcomes),
        unchanged=sum(row.effect is Effect.UNCHANGED for row in checked),
        refused=sum(row.effect is Effect.REFUSED for row in checked),
        rows=checked,
    )
    if not dry_run:
        record(outcomes=outcomes, calendar=calendar, now=now)
        audit.record(
            actor=actor,
            action="payouts.results_imported",
            subject=batch_id,
            now=now,
            applied=report.applied,
            refused=report.refused,
        )
    return report


def decoded(*, content: str, field: str = "content") -> bytes:
    """Return the bytes of an uploaded file, base64 in JSON, which stands in a field.

    Raises:
        FileUnreadable: it is not base64.
    """
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise FileUnreadable.at(f"/{field}", _NOT_BASE64) from None


def _paid_by_file(batch_id: str, action: str) -> PayoutBatch:
    batch = queries.batch(batch_id)
    if batch.channel not in BY_FILE:
        raise NoBankFile
    if batch.state not in PAYING:
        raise NotInThisState(state=batch.state, action=action)
    return batch


def _attempts_of(batch_id: str, rows: Iterable[ResultRow]) -> dict[str, PayoutAttempt]:
    query = (
        select(PayoutAttempt)
        .join(PayoutItem, PayoutItem.id == PayoutAttempt.item_id)
        .where(
            PayoutItem.batch_id == batch_id,
            queries.among(PayoutAttempt.number, (row.number for row in rows)),
        )
        .order_by(PayoutAttempt.number)
        .with_for_update(of=PayoutAttempt)
        .execution_options(populate_existing=True)
    )
    return {attempt.number: attempt for attempt in session().scalars(query)}


def _checked(row: ResultRow, attempt: PayoutAttempt | None) -> CheckedRow:
    effect, fault = Effect.REFUSED, row.fault
    if fault is None and row.state is not None:
        effect, fault = _effect(row, row.state, attempt)
    return CheckedRow(row.row, row.number, row.amount_fen, row.state, row.reason, effect, fault)


def _effect(
    row: ResultRow, told: AttemptState, attempt: PayoutAttempt | None
) -> tuple[Effect, Text | None]:
    if attempt is None:
        return Effect.REFUSED, _UNKNOWN_NUMBER.format(row=row.row)
    if row.amount_fen not in (None, attempt.net_fen):
        return Effect.REFUSED, _OTHER_AMOUNT.format(row=row.row, net_fen=attempt.net_fen)
    known = AttemptState(attempt.state)
    if told == known:
        return Effect.UNCHANGED, None
    if (known, told.value) in ATTEMPT_MOVES:
        return Effect.APPLIED, None
    fault = _CANNOT_FOLLOW.format(row=row.row, known=known.value, told=told.value)
    return Effect.REFUSED, fault
