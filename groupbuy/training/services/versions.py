"""What lessons say: drafted, published; whoever has begun a version finishes that version."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import func, select

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.errors import pointers
from groupbuy.kernel.problems import InvalidInput, NotFound, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import LessonDraftOpen
from groupbuy.training.kinds.registry import KINDS
from groupbuy.training.models import Lesson, LessonVersion
from groupbuy.training.queries import content as queries
from groupbuy.training.rules.content import VERSION_MOVES, LessonKind, VersionState

WORDING = ("title_zh", "title_en", "move_on", "minutes", "content")
NEEDED = ("title_zh", "title_en", "content")


def draft_version(*, lesson_id: str, actor: Actor, now: datetime, **fields: Any) -> LessonVersion:
    """Draft a lesson's next version: what is left out is as in the published one.

    Args:
        fields: of WORDING; for a first version at least NEEDED.

    Raises:
        NotFound: there is no such lesson.
        LessonDraftOpen: it has a draft.
        InvalidInput: a first version without title or content, or it does not fit the kind.
    """
    lesson = _locked(lesson_id)
    versions = _versions(lesson_id)
    draft = versions.get(VersionState.DRAFT)
    if draft is not None:
        raise LessonDraftOpen(number=draft.number)
    base = versions.get(VersionState.PUBLISHED)
    if base is not None:
        fields = {name: getattr(base, name) for name in WORDING} | fields
    missing = [name for name in NEEDED if name not in fields]
    if missing:
        faults = [{"pointer": f"/{name}", "detail": _FIRST} for name in missing]
        raise InvalidInput(errors=faults)
    fields.setdefault("move_on", KINDS[LessonKind(lesson.kind)].move_ons[0])
    made = LessonVersion(
        lesson_id=lesson_id,
        number=_last_number(lesson_id) + 1,
        created_at=now,
        created_by=actor.label,
        **_checked(lesson.kind, fields),
    )
    session().add(made)
    session().flush()
    _record(made, "draft", actor, now)
    return made


def edit_version(
    *, lesson_id: str, number: int, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> LessonVersion:
    """Change a draft.

    Raises:
        NotFound: there is no such version.
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
        InvalidInput: it does not fit the lesson's kind.
    """
    draft = _draft(lesson_id, number, if_match, "edit")
    kind = queries.row(Lesson, lesson_id).kind
    for field, value in _checked(kind, changes).items():
        setattr(draft, field, value)
    session().flush()
    _record(draft, "edit", actor, now)
    return draft


def discard_version(
    *, lesson_id: str, number: int, if_match: int, actor: Actor, now: datetime
) -> None:
    """Throw a draft away.

    Raises: as edit_version.
    """
    draft = _draft(lesson_id, number, if_match, "discard")
    _record(draft, "discard", actor, now)
    session().delete(draft)
    session().flush()


def publish_version(
    *, lesson_id: str, number: int, if_match: int, actor: Actor, now: datetime
) -> LessonVersion:
    """Publish a draft as it was when its version was `if_match`: who begins from now learns it.

    The one before is superseded; who has begun that one goes on with it.

    Raises: as edit_version.
    """
    _locked(lesson_id)
    draft = _draft(lesson_id, number, if_match, "publish")
    former = _versions(lesson_id).get(VersionState.PUBLISHED)
    if former is not None:
        former.state = VERSION_MOVES[VersionState.PUBLISHED, "supersede"]
        session().flush()
    draft.state = VERSION_MOVES[VersionState.DRAFT, "publish"]
    draft.published_at, draft.published_by = now, actor.label
    session().flush()
    _record(draft, "publish", actor, now)
    return draft


def _locked(lesson_id: str) -> Lesson:
    query = select(Lesson).where(Lesson.id == lesson_id).with_for_update(key_share=True)
    found = session().scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def _versions(lesson_id: str) -> dict[str, LessonVersion]:
    """Return a lesson's draft and its published version by state."""
    query = select(LessonVersion).where(
        LessonVersion.lesson_id == lesson_id, LessonVersion.state != VersionState.SUPERSEDED
    )
    found = session().scalars(query.execution_options(populate_existing=True))
    return {version.state: version for version in found}


def _last_number(lesson_id: str) -> int:
    query = select(func.max(LessonVersion.number)).where(LessonVersion.lesson_id == lesson_id)
    return session().scalar(query) or 0


def _draft(lesson_id: str, number: int, if_match: int, action: str) -> LessonVersion:
    found = queries.version(lesson_id, number)
    if found.state != VersionState.DRAFT:
        raise NotInThisState(state=found.state, action=action)
    if found.version != if_match:
        raise StaleVersion
    return found


def _checked(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what a lesson of a kind cannot say or ask for; return it with its defaults."""
    checked = dict(fields)
    rules = KINDS[LessonKind(kind)]
    if "move_on" in checked and checked["move_on"] not in rules.move_ons:
        raise InvalidInput.at("/move_on", _NOT_ASKED.format(of=", ".join(rules.move_ons)))
    if "content" in checked:
        try:
            checked["content"] = rules.content().load(dict(checked["content"]))
        except ValidationError as error:
            messages = {"json": {"content": error.messages}}
            raise InvalidInput(errors=pointers({"messages": messages})) from error
    return checked


def _record(version: LessonVersion, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"lesson_version.{action}",
        subject=version.id,
        now=now,
        lesson_id=version.lesson_id,
        number=version.number,
        title=version.title_en,
    )


_FIRST = Text("首个版本必须填写。", "A first version must say it.")
_NOT_ASKED = Text("这种课只能选择：{of}。", "A lesson of this kind may ask for: {of}.")
