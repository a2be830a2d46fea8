"""What happens to a line after its month was settled: refunds, another leader, holds.

A line is told anew from its settlement on, event by event; what falls into the present window
becomes rows. So the same events give the same rows, in whatever order they were read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from groupbuy.kernel.money import half_up
from groupbuy.settlement.rules.statements import CorrectionKind, fraction, reattribute


class EventKind(StrEnum):
    """What can happen to a settled line."""

    REFUND = "refund"
    TRANSFER = "transfer"
    FORFEIT = "forfeit"


class Event(NamedTuple):
    """Something recorded about a line: a refund gives back, a transfer names the next leader.

    `given_back` is in fen of the line's base, or in its units for a flat rule; `refunded_fen`
    always in fen.
    """

    at: datetime
    kind: EventKind
    key: str
    given_back: int = 0
    refunded_fen: int = 0
    leader_id: str | None = None


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A line as a month settled it, and all that was recorded of it between then and the cutoff.

    `basis` is what was left of its base in fen (its units for a flat rule), `volume_fen` what it
    added to the month's volume. `retiered_before_fen` and `retiered_fen` are its share of the month
    computed anew, at the last cutoff and at this one; None where refunds take back line by line.
    `held` is what is held back for each leader.
    """

    commission_line_id: str
    statement_id: str
    leader_id: str
    settled_fen: int
    basis: int
    volume_fen: int = 0
    events: Sequence[Event] = ()
    retiered_before_fen: int | None = None
    retiered_fen: int | None = None
    held: Mapping[str, int] = field(default_factory=dict)
    on_hold: bool = False


class CorrectionRow(NamedTuple):
    """One row of a statement's corrections (see models.Correction), and whose it is.

    `volume_fen` is what it changes in the settled month's volume of that leader.
    """

    leader_id: str
    volume_fen: int
    kind: CorrectionKind
    commission_line_id: str
    corrects_id: str
    event_key: str | None
    event_at: datetime | None
    refunded_fen: int
    settled_fen: int
    basis: int
    remaining_before: int
    remaining_after: int
    target_before_fen: int
    target_after_fen: int
    exact: str
    amount_fen: int


@dataclass(slots=True)
class _Standing:
    """Where a line stands while it is told: whose, how much is left, what that deserves.

    What was found improper stays so, whomever the order is given to afterwards.
    """

    leader_id: str | None
    remaining: int
    target_fen: int
    volume_fen: int
    improper: bool = False


def corrections(line: SettledLine, *, window_from: datetime) -> Iterator[CorrectionRow]:
    """Yield what the events from `window_from` on do to a settled line, and to what is held of it.

    Raises:
        ValueError: more was given back than there was.
    """
    now = _Standing(line.leader_id, line.basis, line.settled_fen, line.volume_fen)
    if line.retiered_before_fen is not None:
        now.target_fen = line.retiered_before_fen
    told = sorted(line.events)
    for event in told:
        rows = _happened(line, now, event)
        if event.at >= window_from:
            yield from rows
    if line.retiered_fen is not None:
        back = [e for e in told if e.kind is EventKind.REFUND and e.at >= window_from]
        yield from _retiered(line, now, line.retiered_fen, back)
    yield from _held(line, now)


def _happened(line: SettledLine, now: _Standing, event: Event) -> list[CorrectionRow]:
    if event.kind is EventKind.REFUND:
        return _refunded(line, now, event)
    kind = CorrectionKind(event.kind.upper())
    now.improper = now.improper or kind is CorrectionKind.FORFEIT
    old, new = now.leader_id, None if now.improper else event.leader_id
    now.leader_id = new
    if old == new:
        return []
    taken_fen, given_fen = reattribute(now.target_fen)
    changes = ((old, taken_fen, -now.volume_fen), (new, given_fen, now.volume_fen))
    return [
        _row(line, now, kind, event, leader_id=leader_id, amount_fen=fen, volume_fen=volume_fen)
        for leader_id, fen, volume_fen in changes
        if leader_id is not None
    ]


def _refunded(line: SettledLine, now: _Standing, event: Event) -> list[CorrectionRow]:
    before, remaining = now.target_fen, now.remaining
    now.remaining -= event.given_back
    if now.remaining < 0:
        raise ValueError(f"more given back of {line.commission_line_id} than there was")
    lost_fen = min(event.refunded_fen, now.volume_fen)
    now.volume_fen -= lost_fen
    if line.retiered_before_fen is not None:
        return []
    exact = _deserved(line, now.remaining)
    now.target_fen = half_up(exact)
    if now.leader_id is None:
        return []
    row = _row(
        line,
        now,
        CorrectionKind.CLAWBACK,
        event,
        leader_id=now.leader_id,
        amount_fen=now.target_fen - before,
        volume_fen=-lost_fen,
    )
    return [
        row._replace(remaining_before=remaining, target_before_fen=before, exact=fraction(exact))
    ]


def _deserved(line: SettledLine, remaining: int) -> Fraction:
    """Return the exact commission that what is left of a line deserves."""
    return Fraction(line.settled_fen * remaining, line.basis) if line.basis else Fraction(0)


def _retiered(
    line: SettledLine, now: _Standing, target_fen: int, back: Sequence[Event]
) -> Iterator[CorrectionRow]:
    before, now.target_fen = now.target_fen, target_fen
    if now.leader_id is None or (before == target_fen and not back):
        return
    refunded_fen = sum(event.refunded_fen for event in back)
    row = _row(
        line,
        now,
        CorrectionKind.RETIER,
        None,
        leader_id=now.leader_id,
        amount_fen=target_fen - before,
        volume_fen=-refunded_fen if line.volume_fen else 0,
    )
    yield row._replace(
        refunded_fen=refunded_fen,
        remaining_before=now.remaining + sum(event.given_back for event in back),
        target_before_fen=before,
    )


def _held(line: SettledLine, now: _Standing) -> Iterator[CorrectionRow]:
    """Yield what brings the held amounts to what they ought to be."""
    due = {now.leader_id: now.target_fen} if line.on_hold and now.leader_id else {}
    for leader_id in sorted(line.held.keys() | due.keys()):
        change = line.held.get(leader_id, 0) - due.get(leader_id, 0)
        if change:
            kind = CorrectionKind.RELEASE if change > 0 else CorrectionKind.HOLD
            yield _row(line, now, kind, None, leader_id=leader_id, amount_fen=change)


def _row(
    line: SettledLine,
    now: _Standing,
    kind: CorrectionKind,
    event: Event | None,
    *,
    leader_id: str,
    amount_fen: int,
    volume_fen: int = 0,
) -> CorrectionRow:
    return CorrectionRow(
        leader_id=leader_id,
        volume_fen=volume_fen,
        kind=kind,
        commission_line_id=line.commission_line_id,
        corrects_id=line.statement_id,
        event_key=event.key if event else None,
        event_at=event.at if event else None,
        refunded_fen=event.refunded_fen if event else 0,
        settled_fen=line.settled_fen,
        basis=line.basis,
        remaining_before=now.remaining,
        remaining_after=now.remaining,
        target_before_fen=now.target_fen,
        target_after_fen=now.target_fen,
        exact=fraction(now.target_fen),
        amount_fen=amount_fen,
    )
