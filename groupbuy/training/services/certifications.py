"""What leaders can be certified in: drafting, publishing, retiring."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.leaders import services as leaders
from groupbuy.training.errors import CertificationCodeTaken
from groupbuy.training.models.certificates import Certification
from groupbuy.training.models.content import Lesson, Program
from groupbuy.training.queries.certificates import locked_certification
from groupbuy.training.rules.certificates import CERTIFICATION_MOVES, CertificationState
from groupbuy.training.rules.content import LessonKind


def draft_certification(*, actor: Actor, now: datetime, **fields: Any) -> Certification:
    """Draft a certification: `code`, titles, `program_id`, `validity_days`, the renewal's terms.

    Raises:
        CertificationCodeTaken: another has the code.
        InvalidInput: there is no such program or assessment, or the window is too long.
    """
    _check(fields)
    drafting = insert(Certification).values(**fields)
    drafting = drafting.on_conflict_do_nothing(index_elements=["code"])
    drafted = session().scalars(drafting.returning(Certification)).one_or_none()
    if drafted is None:
        raise CertificationCodeTaken
    _note("draft", drafted, actor, now)
    return drafted


def edit_certification(
    *, certification_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Certification:
    """Change what is certified from now on; what was issued keeps its terms.

    Raises:
        StaleVersion: it changed since it was read.
        InvalidInput: as for a draft.
    """
    certification = _held(certification_id, if_match)
    for field, value in changes.items():
        setattr(certification, field, value)
    with session().no_autoflush:
        _check({name: getattr(certification, name) for name in CHECKED})
    session().flush()
    if certification.state != CertificationState.DRAFT:
        _offer(certification)
    _note("edit", certification, actor, now)
    return certification


def publish_certification(*, certification_id: str, actor: Actor, now: datetime) -> Certification:
    """Certify from now on whoever completes the program.

    Raises:
        NotInThisState: it is published.
    """
    certification = _turn(certification_id, "publish", actor, now)
    _offer(certification)
    return certification


def retire_certification(*, certification_id: str, actor: Actor, now: datetime) -> Certification:
    """Issue no more certificates; those that were issued hold, and can be renewed.

    Raises:
        NotInThisState: it is not published.
    """
    return _turn(certification_id, "retire", actor, now)


def discard_certification(
    *, certification_id: str, if_match: int, actor: Actor, now: datetime
) -> None:
    """Throw a draft away.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it was published.
    """
    certification = _held(certification_id, if_match)
    if certification.state != CertificationState.DRAFT:
        raise NotInThisState(state=certification.state, action="discard")
    _note("discard", certification, actor, now)
    session().delete(certification)
    session().flush()


CHECKED = ("program_id", "renewal_lesson_id", "validity_days", "renewal_window_days")


def _check(fields: dict[str, Any]) -> None:
    if session().get(Program, fields["program_id"]) is None:
        raise InvalidInput.at("/program_id", Text("没有这个学习计划。", "No such program."))
    lesson_id = fields["renewal_lesson_id"]
    lesson = session().get(Lesson, lesson_id) if lesson_id else None
    if lesson_id and (lesson is None or lesson.kind != LessonKind.ASSESSMENT):
        raise InvalidInput.at(
            "/renewal_lesson_id", Text("不是考核课时。", "Not a lesson of kind assessment.")
        )
    if 0 < fields["validity_days"] <= fields["renewal_window_days"]:
        raise InvalidInput.at(
            "/renewal_window_days",
            Text("续期窗口须短于有效期。", "Must be shorter than the validity."),
        )


def _held(certification_id: str, if_match: int) -> Certification:
    certification = locked_certification(certification_id)
    if certification.version != if_match:
        raise StaleVersion
    return certification


def _turn(certification_id: str, action: str, actor: Actor, now: datetime) -> Certification:
    certification = locked_certification(certification_id)
    after = CERTIFICATION_MOVES.get((CertificationState(certification.state), action))
    if after is None:
        raise NotInThisState(state=certification.state, action=action)
    certification.state = after
    session().flush()
    _note(action, certification, actor, now)
    return certification


def _offer(certification: Certification) -> None:
    leaders.offer_qualification(
        code=certification.code,
        title_zh=certification.title_zh,
        title_en=certification.title_en,
    )


def _note(action: str, certification: Certification, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"certification.{action}",
        subject=certification.id,
        now=now,
        code=certification.code,
        version=certification.version,
    )
