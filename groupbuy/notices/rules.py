"""Notices, pure: which kinds there are, how often and when a person may be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from groupbuy.kernel.texts import Text

WINDOW = timedelta(hours=24)
IN_ALL = 3
"""How many notices of care a person is given within any 24 hours."""

QUIET_FROM, QUIET_UNTIL = time(21), time(8)
"""Local time in which nobody is told anything that can wait."""

KEPT = timedelta(days=400)
"""How long a notice is kept."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a kind of notice.

    `most` is how many of it within any 24 hours; None for what a person has to be told however
    often it happens: it is not limited, does not count, and cannot be turned off.
    """

    title: Text
    most: int | None
    quiet: bool = True

    @property
    def care(self) -> bool:
        """Tell whether it is a service that may be left out, not something that happened."""
        return self.most is not None


class NoticeKind(StrEnum):
    """What a notice is about."""

    LIVE_SESSION = "live_session"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    INACTIVITY = "inactivity"
    PROGRAM_COMPLETED = "program_completed"


KINDS: dict[NoticeKind, Terms] = {
    NoticeKind.LIVE_SESSION: Terms(Text("直播课提醒", "Reminders of live sessions"), most=2),
    NoticeKind.CERTIFICATE_EXPIRING: Terms(
        Text("证书到期提醒", "Reminders of certificates that expire"), most=1
    ),
    NoticeKind.INACTIVITY: Terms(Text("学习提醒", "Reminders to go on learning"), most=1),
    NoticeKind.PROGRAM_COMPLETED: Terms(Text("学习成果", "What you have completed"), most=None),
}
"""The one place where limits are set. A live session is told of a day and an hour before."""

CARE = tuple(kind for kind, terms in KINDS.items() if terms.care)
"""The kinds that a person may turn off."""


class NoticeState(StrEnum):
    """Where a notice stands with the room that sends it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


NOTICE_MOVES: dict[tuple[NoticeState, str], NoticeState] = {
    (NoticeState.WAITING, "deliver"): NoticeState.DELIVERED,
    (NoticeState.WAITING, "fail"): NoticeState.FAILED,
    (NoticeState.WAITING, "drop"): NoticeState.DROPPED,
}


class Why(StrEnum):
    """Why a notice comes later than it was meant to, or never."""

    TOO_OFTEN = "too_often"
    QUIET_HOURS = "quiet_hours"
    OPTED_OUT = "opted_out"
    TOO_LATE = "too_late"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Told:
    """A notice of care that a person gets: its kind and its moment."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """When a notice is told, and why not when it was meant to; or why never (`at` is None)."""

    at: datetime | None
    why: Why | None = None


def plan(
    kind: NoticeKind,
    *,
    wanted_at: datetime,
    useful_until: datetime | None,
    told: Sequence[Told],
    zone: tzinfo,
) -> Plan:
    """Return when a person is told: at the first moment that the limits and the night leave free.

    One that would come when it is of no use any more is never told. `told` are the person's
    notices of care of the last 24 hours and of the time to come.
    """
    terms = KINDS[kind]
    why: Why | None = None
    at = after_quiet(wanted_at, zone) if terms.quiet else wanted_at
    if at != wanted_at:
        why = Why.QUIET_HOURS
    while terms.most is not None:
        crowd = _crowd(kind, terms.most, at, told)
        if not crowd:
            break
        why = Why.TOO_OFTEN
        at = min(other + WINDOW for other in crowd if other + WINDOW > at)
        at = after_quiet(at, zone) if terms.quiet else at
    if useful_until is not None and at > useful_until:
        return Plan(None, why or Why.TOO_LATE)
    return Plan(at, why)


def after_quiet(at: datetime, zone: tzinfo) -> datetime:
    """Return an instant, or the end of the quiet hours in which it lies."""
    local = at.astimezone(zone)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return at
    day = local.date() + timedelta(days=local.time() >= QUIET_FROM)
    return datetime.combine(day, QUIET_UNTIL, tzinfo=zone).astimezone(UTC)


def _crowd(kind: str, most: int, at: datetime, told: Sequence[Told]) -> list[datetime]:
    """Return the moments that leave no room for another notice at an instant, none if there is."""
    near = [other for other in told if abs(other.at - at) < WINDOW]
    same = [other.at for other in near if other.kind == kind]
    every = [other.at for other in near]
    for others, limit in ((same, most), (every, IN_ALL)):
        if _fullest(at, others) >= limit:
            return others
    return []


def _fullest(at: datetime, others: Sequence[datetime]) -> int:
    """Return the most of the others in any 24 hours [from, from + 24 h) that hold an instant."""
    begins = [at, *(other for other in others if other <= at)]
    return max(sum(begin <= other < begin + WINDOW for other in others) for begin in begins)
