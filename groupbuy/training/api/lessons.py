"""Lessons, their versions and prerequisites over HTTP, for headquarters."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.training import errors
from groupbuy.training.models import Lesson, LessonVersion, Prerequisite
from groupbuy.training.queries import content as queries
from groupbuy.training.queries.content import LessonView
from groupbuy.training.schemas.content import (
    LessonBody,
    LessonEditBody,
    LessonPublicationBody,
    LessonQuery,
    LessonSchema,
    LessonVersionBody,
    LessonVersionQuery,
    LessonVersionSchema,
    PrerequisiteBody,
    PrerequisiteQuery,
    PrerequisiteSchema,
)
from groupbuy.training.services import content as services
from groupbuy.training.services import prerequisites, versions

api = Api(
    "training_lessons",
    __name__,
    url_prefix="/api/v1",
    description="The business school: lessons and what they say",
)

READ, EDIT = "training.read", "training.edit"
LESSONS = "/hq/lessons"
LESSON = f"{LESSONS}/<id(lsn):lesson_id>"
VERSIONS = f"{LESSON}/versions"
VERSION = f"{VERSIONS}/<int(max=1000000):number>"
PREREQUISITES = "/hq/prerequisites"
SOME = "0198f3c2a7b47d1e" * 2
ARTICLE = {
    "title_zh": "欢迎",
    "title_en": "Welcome",
    "minutes": 5,
    "content": {"body_zh": "# 欢迎", "body_en": "# Welcome"},
}


@api.get(LESSONS, allow=READ, query=LessonQuery, returns=page_of(LessonSchema))
def list_lessons(actor: Actor, query: dict[str, Any]) -> Page[LessonView]:
    """List lessons by position."""
    return queries.lesson_list(**query)


@api.post(
    LESSONS,
    allow=EDIT,
    body=LessonBody,
    returns=LessonSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.ContentCodeTaken],
    example={"module_id": f"mdl_{SOME}", "code": "welcome", "kind": "article"},
)
def create_lesson(actor: Actor, body: dict[str, Any]) -> LessonView:
    """Add a lesson; leaders see it once a version of it is published."""
    with transaction():
        made = services.create_lesson(**body, actor=actor, now=clock.now())
        return queries.lesson_view(made.id)


@api.get(LESSON, allow=READ, returns=LessonSchema, versioned=True)
def show_lesson(actor: Actor, lesson_id: str) -> LessonView:
    """Show a lesson."""
    return queries.lesson_view(lesson_id)


@api.patch(
    LESSON,
    allow=EDIT,
    body=LessonEditBody,
    returns=LessonSchema,
    versioned=True,
    problems=[errors.ContentCodeTaken, errors.PrerequisiteCircle],
    example={"position": 2},
)
def edit_lesson(actor: Actor, lesson_id: str, if_match: int, body: dict[str, Any]) -> LessonView:
    """Change a lesson, or its place."""
    with transaction():
        services.edit_lesson(
            lesson_id=lesson_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )
        return queries.lesson_view(lesson_id)


@api.delete(LESSON, allow=EDIT, versioned=True, problems=[errors.ContentInUse])
def remove_lesson(actor: Actor, lesson_id: str, if_match: int) -> None:
    """Remove a lesson that was never published, with its draft."""
    with transaction():
        part = queries.row(Lesson, lesson_id)
        services.remove(part=part, if_match=if_match, actor=actor, now=clock.now())


@api.post(
    f"{LESSON}/retirement",
    allow=EDIT,
    returns=LessonSchema,
    versioned=True,
    problems=[NotInThisState],
)
def retire_lesson(actor: Actor, lesson_id: str) -> LessonView:
    """Teach a lesson no longer; who has begun it may finish it."""
    with transaction():
        services.retire_lesson(lesson_id=lesson_id, actor=actor, now=clock.now())
        return queries.lesson_view(lesson_id)


@api.delete(
    f"{LESSON}/retirement",
    allow=EDIT,
    returns=LessonSchema,
    problems=[NotInThisState],
)
def restore_lesson(actor: Actor, lesson_id: str) -> LessonView:
    """Teach a retired lesson again."""
    with transaction():
        services.restore_lesson(lesson_id=lesson_id, actor=actor, now=clock.now())
        return queries.lesson_view(lesson_id)


@api.get(VERSIONS, allow=READ, query=LessonVersionQuery, returns=page_of(LessonVersionSchema))
def list_lesson_versions(
    actor: Actor, lesson_id: str, query: dict[str, Any]
) -> Page[LessonVersion]:
    """List a lesson's versions, the newest first."""
    return queries.version_list(lesson_id=lesson_id, **query)


@api.post(
    VERSIONS,
    allow=EDIT,
    body=LessonVersionBody,
    returns=LessonVersionSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.LessonDraftOpen],
    example=ARTICLE,
)
def draft_lesson_version(actor: Actor, lesson_id: str, body: dict[str, Any]) -> LessonVersion:
    """Draft a lesson's next version from the published one; the first one says everything."""
    with transaction():
        return versions.draft_version(lesson_id=lesson_id, actor=actor, now=clock.now(), **body)


@api.get(VERSION, allow=READ, returns=LessonVersionSchema, versioned=True)
def show_lesson_version(actor: Actor, lesson_id: str, number: int) -> LessonVersion:
    """Show a version."""
    return queries.version(lesson_id, number)


@api.patch(
    VERSION,
    allow=EDIT,
    body=LessonVersionBody,
    returns=LessonVersionSchema,
    versioned=True,
    problems=[NotInThisState],
    example={"title_en": "Welcome to the school"},
)
def edit_lesson_version(
    actor: Actor, lesson_id: str, number: int, if_match: int, body: dict[str, Any]
) -> LessonVersion:
    """Change a draft."""
    place: dict[str, Any] = {"lesson_id": lesson_id, "number": number, "if_match": if_match}
    with transaction():
        return versions.edit_version(**place, actor=actor, now=clock.now(), **body)


@api.delete(VERSION, allow=EDIT, versioned=True, problems=[NotInThisState])
def discard_lesson_version(actor: Actor, lesson_id: str, number: int, if_match: int) -> None:
    """Throw a draft away."""
    place: dict[str, Any] = {"lesson_id": lesson_id, "number": number, "if_match": if_match}
    with transaction():
        versions.discard_version(**place, actor=actor, now=clock.now())


@api.post(
    f"{VERSION}/publication",
    allow=EDIT,
    body=LessonPublicationBody,
    returns=LessonVersionSchema,
    versioned=True,
    problems=[NotInThisState, StaleVersion],
    example={"version": 1},
)
def publish_lesson_version(
    actor: Actor, lesson_id: str, number: int, body: dict[str, Any]
) -> LessonVersion:
    """Publish a draft as it was read; who has begun the version before finishes that one."""
    place: dict[str, Any] = {"lesson_id": lesson_id, "number": number, "if_match": body["version"]}
    with transaction():
        return versions.publish_version(**place, actor=actor, now=clock.now())


@api.get(
    PREREQUISITES,
    allow=READ,
    query=PrerequisiteQuery,
    returns=page_of(PrerequisiteSchema),
)
def list_prerequisites(actor: Actor, query: dict[str, Any]) -> Page[Prerequisite]:
    """List what is to be done before what."""
    return queries.prerequisite_list(**query)


@api.post(
    PREREQUISITES,
    allow=EDIT,
    body=PrerequisiteBody,
    returns=PrerequisiteSchema,
    status=201,
    idempotent=True,
    problems=[errors.PrerequisiteKnown, errors.PrerequisiteCircle],
    example={"course_id": f"crs_{SOME}", "required_lesson_id": f"lsn_{SOME}"},
)
def add_prerequisite(actor: Actor, body: dict[str, Any]) -> Prerequisite:
    """Have a course or lesson open only when another one of its program is done."""
    with transaction():
        return prerequisites.add_prerequisite(**body, actor=actor, now=clock.now())


@api.delete(f"{PREREQUISITES}/<id(prq):prerequisite_id>", allow=EDIT)
def remove_prerequisite(actor: Actor, prerequisite_id: str) -> None:
    """Let a course or lesson open without it."""
    with transaction():
        prerequisites.remove_prerequisite(
            prerequisite_id=prerequisite_id, actor=actor, now=clock.now()
        )
