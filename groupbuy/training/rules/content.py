"""What programs are made of, and the moves of what is taught."""

from enum import StrEnum


class ContentState(StrEnum):
    """Whether a program or course is shown to leaders."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class VersionState(StrEnum):
    """Where a version of a lesson or an assessment stands; once published it never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class LessonKind(StrEnum):
    """What a lesson is."""

    VIDEO = "video"
    ARTICLE = "article"
    LIVE_SESSION = "live_session"
    ASSESSMENT = "assessment"


class EnrollmentState(StrEnum):
    """Whether a leader learns a program."""

    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


CONTENT_MOVES: dict[tuple[ContentState, str], ContentState] = {
    (ContentState.DRAFT, "publish"): ContentState.PUBLISHED,
    (ContentState.PUBLISHED, "retire"): ContentState.RETIRED,
    (ContentState.RETIRED, "publish"): ContentState.PUBLISHED,
}

COURSE_MOVES = CONTENT_MOVES
"""A course is shown, and taken away, as its program is."""

VERSION_MOVES: dict[tuple[VersionState, str], VersionState] = {
    (VersionState.DRAFT, "publish"): VersionState.PUBLISHED,
    (VersionState.PUBLISHED, "supersede"): VersionState.SUPERSEDED,
}

ENROLLMENT_MOVES: dict[tuple[EnrollmentState, str], EnrollmentState] = {
    (EnrollmentState.ACTIVE, "complete"): EnrollmentState.COMPLETED,
    (EnrollmentState.ACTIVE, "withdraw"): EnrollmentState.WITHDRAWN,
    (EnrollmentState.WITHDRAWN, "enroll"): EnrollmentState.ACTIVE,
}


class LessonState(StrEnum):
    """Where a leader stands with a lesson, in one word; completing and passing stay two facts."""

    LOCKED = "locked"
    OPEN = "open"
    BEGUN = "begun"
    COMPLETED = "completed"
    PASSED = "passed"
    SATISFIED = "satisfied"
    WAIVED = "waived"


def lesson_state(
    *, locked: bool, begun: bool, completed: bool, passed: bool, satisfied: bool, waived: bool
) -> LessonState:
    """Return the word that says most: what is waived or satisfied needs no other."""
    told = (
        (waived, LessonState.WAIVED),
        (satisfied, LessonState.SATISFIED),
        (passed, LessonState.PASSED),
        (completed, LessonState.COMPLETED),
        (begun, LessonState.BEGUN),
        (locked, LessonState.LOCKED),
    )
    return next((state for holds, state in told if holds), LessonState.OPEN)
