"""Points, badges, leaderboards, weekly targets: their words and their windows of time, pure."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from groupbuy.kernel.texts import Text


class Cause(StrEnum):
    """What points are for; staff give and take by hand, and take back what was given."""

    LESSON = "lesson"
    PROGRAM = "program"
    SESSION = "session"
    WEEK = "week"
    MANUAL = "manual"
    REVERSAL = "reversal"


RULES: dict[Cause, int] = {
    Cause.LESSON: 10,
    Cause.PROGRAM: 100,
    Cause.SESSION: 20,
    Cause.WEEK: 30,
}
"""What is rewarded by rule, and with how many points unless headquarters says otherwise."""

CAUSES: dict[Cause, Text] = {
    Cause.LESSON: Text("完成一节课", "A lesson done"),
    Cause.PROGRAM: Text("完成一个学习计划", "A program completed"),
    Cause.SESSION: Text("参加一次直播课", "A live session attended"),
    Cause.WEEK: Text("一周出勤达标", "A week of attendance as agreed"),
    Cause.MANUAL: Text("总部调整", "Given by headquarters"),
    Cause.REVERSAL: Text("冲销", "Taken back"),
}
"""What a leader reads about an entry."""


class BadgeKind(StrEnum):
    """What a badge counts."""

    LESSONS = "lessons"
    PROGRAMS = "programs"
    POINTS = "points"
    STREAK_WEEKS = "streak_weeks"
    CERTIFICATES = "certificates"


MISSING: dict[BadgeKind, Text] = {
    BadgeKind.LESSONS: Text("还差 {missing} 节课", "{missing} more lessons to go"),
    BadgeKind.PROGRAMS: Text("还差 {missing} 个学习计划", "{missing} more programs to go"),
    BadgeKind.POINTS: Text("还差 {missing} 分", "{missing} more points to go"),
    BadgeKind.STREAK_WEEKS: Text("还差连续 {missing} 周", "{missing} more weeks in a row to go"),
    BadgeKind.CERTIFICATES: Text("还差 {missing} 张证书", "{missing} more certificates to go"),
}
"""What a leader reads about a badge that is still to be won."""


class AwardState(StrEnum):
    """Whether a leader has a badge that was once awarded."""

    AWARDED = "awarded"
    REVOKED = "revoked"


AWARD_MOVES: dict[tuple[AwardState, str], AwardState] = {
    (AwardState.AWARDED, "revoke"): AwardState.REVOKED,
    (AwardState.REVOKED, "reinstate"): AwardState.AWARDED,
}


class Span(StrEnum):
    """Which points a leaderboard counts: of a week, of a month, or all."""

    WEEK = "week"
    MONTH = "month"
    ALL = "all"


class Days(NamedTuple):
    """Local days from one up to, but not including, another."""

    first: date
    after: date


def days_of(span: Span, day: date) -> Days | None:
    """Return the week (from Monday on) or the month that a local day lies in; None for all."""
    if span is Span.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Days(monday, monday + timedelta(days=7))
    if span is Span.MONTH:
        first = day.replace(day=1)
        return Days(first, (first + timedelta(days=31)).replace(day=1))
    return None
