"""Cases of the school: segments, weeks, grades, progress, certificates, videos, lessons."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from groupbuy.training.rules import assessments, certificates, completion, segments, watching, weeks
from groupbuy.training.rules.segments import Segment
from scripts.cases import Operation

PERCENT = 100
"""Basis points."""

ENDS_AT = datetime(2026, 10, 1, tzinfo=UTC)
LONG_AGO = ENDS_AT - timedelta(days=365)

MOVE_ON = {
    "NotApplicable": completion.MoveOn.NOT_APPLICABLE,
    "Completed": completion.MoveOn.COMPLETED,
    "Passed": completion.MoveOn.PASSED,
    "CompletedAndPassed": completion.MoveOn.COMPLETED_AND_PASSED,
    "CompletedOrPassed": completion.MoveOn.COMPLETED_OR_PASSED,
}
"""The names of cmi5."""


def segment_sizes(*, n: int, head_pct: int, upper_pct: int) -> dict[str, Any]:
    """How many of n leaders who all sold something different are in each segment."""
    terms = segments.SegmentTerms(head_bps=head_pct * PERCENT, upper_bps=upper_pct * PERCENT)
    sellers = [
        segments.Seller(f"ldr_{place:03}", LONG_AGO, 1_000 * (place + 1), LONG_AGO)
        for place in range(n)
    ]
    sizes = segments.sizes(segments.segments(sellers, ends_at=ENDS_AT, terms=terms))
    return {segment.value: sizes[segment] for segment in Segment}


def attendance(*, target: int, scheduled: int, excused: int, attended: int) -> dict[str, Any]:
    """A week of live sessions."""
    week = weeks.compliance(target=target, scheduled=scheduled, excused=excused, attended=attended)
    return {
        "required": week.required,
        "compliant": week.compliant,
        "score_bps": week.score_bps,
    }


def grading(*, scores_bps: list[int], pass_bps: int) -> dict[str, Any]:
    """The grade of some attempts by each method, and whether it passes."""
    grades = {
        method.value: assessments.grade_bps(method, scores_bps) for method in assessments.Grading
    }
    return {method: [grade, grade >= pass_bps] for method, grade in grades.items()}


def progress(*, done: int, mandatory: int) -> dict[str, Any]:
    """The percentage of a program."""
    return {"percent": completion.percent(done=done, required=mandatory)}


def recert(*, expiry: str, done: str, validity_days: int, window_days: int) -> dict[str, Any]:
    """The next expiry of a certificate that was renewed on a day."""
    renewed = certificates.renewed_expiry(
        date.fromisoformat(expiry),
        date.fromisoformat(done),
        validity_days=validity_days,
        window_days=window_days,
    )
    return {"new_expiry": renewed and renewed.isoformat()}


def watched(*, duration_s: int, spans: list[list[int]], need_bps: int) -> dict[str, Any]:
    """How much of a video was seen."""
    seen = watching.watched(duration_s, spans, need_bps)
    return {"unique_s": seen.unique_s, "ratio_bps": seen.ratio_bps, "complete": seen.complete}


def moveon(*, completed: bool, passed: bool) -> dict[str, Any]:
    """Whether each sort of lesson is done."""
    return {
        name: completion.satisfied(move_on, completed=completed, passed=passed)
        for name, move_on in MOVE_ON.items()
    }


OPERATIONS: dict[str, Operation] = {
    "segments": segment_sizes,
    "attendance": attendance,
    "grading": grading,
    "progress": progress,
    "recert": recert,
    "watched": watched,
    "moveon": moveon,
}
