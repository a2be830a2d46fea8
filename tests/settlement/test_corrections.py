"""What later events do to a settled line, pure: named cases, and any story against a naive one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.settlement.rules.corrections import (
    CorrectionRow,
    Event,
    EventKind,
    SettledLine,
    corrections,
)

CUTOFF = datetime(2026, 4, 7, 16, tzinfo=UTC)
WINDOW = timedelta(days=30)
MEI, LAN, ZOE = "ldr_mei", "ldr_lan", "ldr_zoe"
LINE = SettledLine("cml_1", "sts_march", MEI, settled_fen=34_000, basis=600_000, volume_fen=600_000)


def at(day: int) -> datetime:
    """Return an instant so many days after the month was settled."""
    return CUTOFF + timedelta(days=day)


def refund(day: int, fen: int) -> Event:
    return Event(at(day), EventKind.REFUND, f"refund {day}", fen, fen)


def transfer(day: int, to: str | None) -> Event:
    return Event(at(day), EventKind.TRANSFER, f"ctr_{day}", leader_id=to)


def forfeit(day: int) -> Event:
    return Event(at(day), EventKind.FORFEIT, "ord_1")


def told(*events: Event, window_from: datetime = CUTOFF, **line: Any) -> list[tuple[str, str, int]]:
    """Return whose, of which kind and how much each row is."""
    rows = corrections(replace(LINE, events=events, **line), window_from=window_from)
    return [(row.leader_id, row.kind.value, row.amount_fen) for row in rows]


class TestRows:
    def test_it_holds_what_remains_and_lets_go_what_was_taken_back(self) -> None:
        assert told(on_hold=True) == [(MEI, "HOLD", -34_000)]
        assert told(refund(1, 150_000), on_hold=True, held={MEI: 34_000}) == [
            (MEI, "CLAWBACK", -8_500),
            (MEI, "RELEASE", 8_500),
        ]
        assert told(held={MEI: 25_500}) == [(MEI, "RELEASE", 25_500)]
        assert told(on_hold=True, held={MEI: 34_000}) == []

    def test_it_holds_for_whoever_has_the_order_now(self) -> None:
        assert told(transfer(1, LAN), on_hold=True, held={MEI: 34_000}) == [
            (MEI, "TRANSFER", -34_000),
            (LAN, "TRANSFER", 34_000),
            (LAN, "HOLD", -34_000),
            (MEI, "RELEASE", 34_000),
        ]
        assert told(transfer(1, None), on_hold=True, held={MEI: 34_000}) == [
            (MEI, "TRANSFER", -34_000),
            (MEI, "RELEASE", 34_000),
        ]

    def test_it_forfeits_what_remains_for_good(self) -> None:
        rows = told(refund(1, 150_000), forfeit(2), refund(3, 150_000), held={MEI: 34_000})
        assert rows == [
            (MEI, "CLAWBACK", -8_500),
            (MEI, "FORFEIT", -25_500),
            (MEI, "RELEASE", 34_000),
        ]
        assert told(forfeit(1), transfer(2, LAN)) == [(MEI, "FORFEIT", -34_000)]
        assert told(transfer(1, None), forfeit(2), transfer(3, LAN), on_hold=True) == [
            (MEI, "TRANSFER", -34_000)
        ]

    def test_it_tells_only_what_the_window_holds(self) -> None:
        events = (refund(1, 150_000), refund(40, 150_000))
        assert told(*events, window_from=at(30)) == [(MEI, "CLAWBACK", -8_500)]

    def test_it_says_what_it_takes_from_the_volume(self) -> None:
        events = (refund(1, 100_000), transfer(2, LAN), refund(3, 500_000))
        rows = list(corrections(replace(LINE, events=events), window_from=CUTOFF))
        assert [(row.leader_id, row.volume_fen) for row in rows] == [
            (MEI, -100_000),
            (MEI, -500_000),
            (LAN, 500_000),
            (LAN, -500_000),
        ]

    def test_it_refuses_more_than_there_was(self) -> None:
        with pytest.raises(ValueError, match="more given back of cml_1"):
            told(refund(1, 600_000), refund(2, 1))


@dataclass(frozen=True)
class Story:
    """A line's life after its settlement: events, and whether it is on hold at each cutoff."""

    settled_fen: int
    basis: int
    events: Sequence[Event]
    on_hold: tuple[bool, bool, bool]
    retiered_fen: tuple[int, int, int] | None

    def line(self, number: int, held: dict[str, int]) -> SettledLine:
        """Return the line as the calculation of a window reads it."""
        until = CUTOFF + WINDOW * (number + 1)
        shares = (self.settled_fen, *self.retiered_fen) if self.retiered_fen else None
        return SettledLine(
            "cml_1",
            "sts_march",
            MEI,
            self.settled_fen,
            self.basis,
            events=[event for event in self.events if event.at < until],
            retiered_before_fen=shares[number] if shares else None,
            retiered_fen=shares[number + 1] if shares else None,
            held=held,
            on_hold=self.on_hold[number],
        )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    basis = draw(st.integers(1, 60))
    minutes = st.integers(0, 3 * 30 * 24 * 60 - 1)
    moments = draw(st.lists(minutes, max_size=6, unique=True))
    left, events = basis, []
    for number, minute in enumerate(sorted(moments)):
        when, key = CUTOFF + timedelta(minutes=minute), f"event {number}"
        kind = draw(st.sampled_from([EventKind.REFUND, EventKind.REFUND, *EventKind]))
        if kind is EventKind.REFUND:
            back = draw(st.integers(0, left))
            left -= back
            events.append(Event(when, kind, key, back, back * 100))
        else:
            to = draw(st.sampled_from([MEI, LAN, ZOE, None]))
            events.append(Event(when, kind, key, leader_id=to if kind == "transfer" else None))
    shares = st.tuples(*[st.integers(0, 200)] * 3)
    return Story(
        draw(st.integers(0, 200)),
        basis,
        draw(st.permutations(events)),
        draw(st.tuples(*[st.booleans()] * 3)),
        draw(st.none() | shares),
    )


def naive(story: Story, number: int) -> tuple[str | None, int]:
    """Return who has the line at the end of a window, and what it deserves then."""
    until = CUTOFF + WINDOW * (number + 1)
    holder: str | None = MEI
    remaining, improper = story.basis, False
    for event in sorted(story.events, key=lambda event: event.at):
        if event.at >= until:
            break
        if event.kind == "refund":
            remaining -= event.given_back
        elif event.kind == "forfeit":
            improper = True
        else:
            holder = event.leader_id
    if improper:
        return None, 0
    if story.retiered_fen is not None:
        return holder, story.retiered_fen[number]
    exact = Fraction(story.settled_fen * remaining, story.basis)
    return holder, int(exact + Fraction(1, 2))


def live(story: Story) -> list[list[CorrectionRow]]:
    """Return the rows of each window, what is held carried from one to the next."""
    held: Counter[str] = Counter()
    windows = []
    for number in range(3):
        line = story.line(number, {who: fen for who, fen in held.items() if fen})
        rows = list(corrections(line, window_from=CUTOFF + WINDOW * number))
        for row in rows:
            if row.kind in ("HOLD", "RELEASE"):
                held[row.leader_id] -= row.amount_fen
        windows.append(rows)
    return windows


@given(stories())
def test_it_leaves_everybody_with_what_is_due(story: Story) -> None:
    earned, held = Counter({MEI: story.settled_fen}), Counter[str]()
    for number, rows in enumerate(live(story)):
        for row in rows:
            if row.kind in ("HOLD", "RELEASE"):
                held[row.leader_id] -= row.amount_fen
            else:
                earned[row.leader_id] += row.amount_fen
        holder, target_fen = naive(story, number)
        due = {holder: target_fen} if holder else {}
        assert {who: fen for who, fen in earned.items() if fen} == {
            who: fen for who, fen in due.items() if fen
        }
        assert all(fen >= 0 for fen in held.values())
        kept = due if story.on_hold[number] else {}
        assert {who: fen for who, fen in held.items() if fen} == {
            who: fen for who, fen in kept.items() if fen
        }


@given(stories())
def test_it_loses_no_fen(story: Story) -> None:
    sums: Counter[str] = Counter()
    for rows in live(story):
        for row in rows:
            sums[row.kind] += row.amount_fen
    holder, target_fen = naive(story, 2)
    clawed_fen = sums["CLAWBACK"] + sums["RETIER"]
    to_the_house_fen = -sums["TRANSFER"]
    left_fen = target_fen if holder else 0
    assert story.settled_fen == left_fen - clawed_fen - sums["FORFEIT"] + to_the_house_fen
    if story.retiered_fen is None:
        assert -clawed_fen <= story.settled_fen


@given(stories(), st.randoms())
def test_it_gives_the_same_rows_in_whatever_order_the_events_are_read(
    story: Story, dice: Any
) -> None:
    shuffled = list(story.events)
    dice.shuffle(shuffled)
    assert live(replace(story, events=shuffled)) == live(story)


@given(stories())
def test_it_puts_every_refund_into_one_window_and_changes_no_earlier_one(story: Story) -> None:
    windows = live(story)
    for number in range(3):
        until = CUTOFF + WINDOW * (number + 1)
        known = replace(story, events=[event for event in story.events if event.at < until])
        assert live(known)[: number + 1] == windows[: number + 1]
    keys = [row.event_key for rows in windows for row in rows if row.kind == "CLAWBACK"]
    assert len(keys) == len(set(keys))
