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

VERSION_MOVES: dict[tuple[VersionState, str], VersionState] = {
    (VersionState.DRAFT, "publish"): VersionState.PUBLISHED,
    (VersionState.PUBLISHED, "supersede"): VersionState.SUPERSEDED,
}

ENROLLMENT_MOVES: dict[tuple[EnrollmentState, str], EnrollmentState] = {
    (EnrollmentState.ACTIVE, "complete"): EnrollmentState.COMPLETED,
    (EnrollmentState.ACTIVE, "withdraw"): EnrollmentState.WITHDRAWN,
    (EnrollmentState.WITHDRAWN, "enroll"): EnrollmentState.ACTIVE,
}
