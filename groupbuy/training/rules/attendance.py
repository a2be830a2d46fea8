"""Attendance, pure: what somebody's presence at a live session counts as, and watched replays.

Source: docs/domain.md, "Training". Presence is reckoned in whole seconds of the scheduled time.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from groupbuy.kernel.money import BPS

PRESENT_BPS = 8_000
"""Of the scheduled time: enough to be present."""
LATE_BPS = 5_000
"""Of the scheduled time: enough for who came late."""
REPLAY_BPS = 9_000
"""Of a replay's length: enough to have made a session up."""
MAKEUP = timedelta(hours=48)
"""How long after its end a session may be made up."""
OPENS = timedelta(minutes=15)
"""How long before its beginning one may check in."""


class AttendanceStatus(StrEnum):
    """What a leader's attendance of a session stands at; `expected` as long as it is not over."""

    EXPECTED = "expected"
    PRESENT = "present"
    LATE = "late"
    MAKEUP = "makeup"
    EXCUSED = "excused"
    ABSENT = "absent"


COUNTS = (AttendanceStatus.PRESENT, AttendanceStatus.LATE, AttendanceStatus.MAKEUP)
"""What counts as attended."""
COUNTS_SQL = ", ".join(f"'{status}'" for status in COUNTS)


class DecisionKind(StrEnum):
    """What a trainer decides about somebody's attendance."""

    CORRECT = "correct"
    UNCORRECT = "uncorrect"
    EXCUSE = "excuse"
    UNEXCUSE = "unexcuse"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known: check-in and check-out, the trainer's correction, the excuse, the replay.

    `late` was decided at check-in, or by the correction; `corrected_s`, when there is one, is the
    presence in seconds that holds instead of what check-in and check-out say.
    """

    starts_at: datetime
    ends_at: datetime
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None
    late: bool = False
    corrected_s: int | None = None
    excused: bool = False
    made_up: bool = False


def presence_s(facts: Facts) -> int:
    """Return the seconds of the scheduled time that somebody was there.

    Who checked in and never out stayed to the end.
    """
    if facts.corrected_s is not None:
        return facts.corrected_s
    if facts.checked_in_at is None:
        return 0
    begin = max(facts.checked_in_at, facts.starts_at)
    end = min(facts.checked_out_at or facts.ends_at, facts.ends_at)
    return max(0, (end - begin) // timedelta(seconds=1))


def status(facts: Facts) -> AttendanceStatus:
    """Return what it counts as once the session is over.

    Whoever was there long enough was present, or late; who was not may have made it up, else be
    excused. So an excuse never takes an attendance away.
    """
    scheduled_s = (facts.ends_at - facts.starts_at) // timedelta(seconds=1)
    needed_bps = LATE_BPS if facts.late else PRESENT_BPS
    if presence_s(facts) * BPS >= needed_bps * scheduled_s:
        return AttendanceStatus.LATE if facts.late else AttendanceStatus.PRESENT
    if facts.made_up:
        return AttendanceStatus.MAKEUP
    return AttendanceStatus.EXCUSED if facts.excused else AttendanceStatus.ABSENT


def shown(stored: str | None, *, checked_in: bool, over: bool) -> AttendanceStatus:
    """Return what is shown: nobody is absent before the end, and who has no row is."""
    found = AttendanceStatus(stored) if stored else AttendanceStatus.ABSENT
    if found == AttendanceStatus.ABSENT and not over and not checked_in:
        return AttendanceStatus.EXPECTED
    return found


Span = tuple[int, int]


def union(spans: Iterable[Span], *, length_s: int) -> list[Span]:
    """Return what was watched of a replay: sorted, apart, within its length."""
    joined: list[Span] = []
    for begin, end in sorted((max(0, a), min(b, length_s)) for a, b in spans):
        if begin >= end:
            continue
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return joined


def length(spans: Iterable[Span]) -> int:
    """Return the seconds of spans that are apart."""
    return sum(end - begin for begin, end in spans)


def made_up(spans: Iterable[Span], *, length_s: int) -> bool:
    """Tell whether enough of a replay was watched."""
    return length(spans) * BPS >= REPLAY_BPS * length_s


CODE_STEP_S = 60
"""Seconds for which a check-in code is shown; the one before is still taken."""
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Nothing that is mistaken for something else when it is read from a screen."""
CODE_LENGTH = 6


def check_in_code(secret: bytes, session_id: str, step: int) -> str:
    """Return a session's code during a step: an HMAC of both, in letters and digits."""
    message = f"check-in/{session_id}/{step}".encode()
    number = int.from_bytes(hmac.digest(secret, message, hashlib.sha256))
    letters = []
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


def step_of(at: datetime) -> int:
    """Return the step that an instant is in."""
    return int(at.timestamp()) // CODE_STEP_S


def is_code(given: str, *, secret: bytes, session_id: str, at: datetime) -> bool:
    """Tell whether a code is the one that is shown at this instant, or was just before."""
    typed, step = given.strip().upper().encode(), step_of(at)
    known = [check_in_code(secret, session_id, one).encode() for one in (step, step - 1)]
    return any([hmac.compare_digest(typed, code) for code in known])
