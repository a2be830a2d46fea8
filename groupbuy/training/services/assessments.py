"""Assessments and their versions: drafted, edited, published, superseded."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import (
    AssessmentDraftExists,
    AssessmentNotPublishable,
    LessonTakesNoAssessment,
)
from groupbuy.training.models import Assessment, AssessmentItem, AssessmentVersion, Lesson
from groupbuy.training.queries import assessments as queries
from groupbuy.training.queries.assessments import Candidate
from groupbuy.training.rules.assessments import Review
from groupbuy.training.rules.content import VERSION_MOVES, LessonKind, VersionState

SETTINGS = (
    *("sections", "question_ids", "pass_bps", "max_attempts", "cooldown_minutes"),
    *("time_limit_s", "grading", "review", "shuffle_questions", "shuffle_options"),
)
"""What a version says; a draft takes from the version before what is left out."""

Fault = tuple[str, Text]


def create_assessment(*, lesson_id: str, actor: Actor, now: datetime) -> Assessment:
    """Make a lesson's assessment, without versions.

    Raises:
        NotFound: there is no such lesson.
        LessonTakesNoAssessment: it is of another kind, or has one.
    """
    lesson = session().get(Lesson, lesson_id)
    if lesson is None:
        raise NotFound
    new = insert(Assessment).values(lesson_id=lesson_id, created_at=now, created_by=actor.label)
    placed = new.on_conflict_do_nothing(index_elements=["lesson_id"]).returning(Assessment)
    fits = lesson.kind == LessonKind.ASSESSMENT
    made: Assessment | None = session().scalar(placed) if fits else None
    if made is None:
        raise LessonTakesNoAssessment
    audit.record(
        actor=actor, action="assessment.create", subject=made.id, now=now, lesson=lesson_id
    )
    return made


def draft_version(
    *, assessment_id: str, actor: Actor, now: datetime, **settings: Any
) -> AssessmentVersion:
    """Draft an assessment's next version; what is left out is as in the version before.

    Raises:
        NotFound: there is no such assessment.
        AssessmentDraftExists: there is a draft.
    """
    queries.assessment(assessment_id, locked=True)
    last = queries.latest(assessment_id)
    if last is not None and last.state == VersionState.DRAFT:
        raise AssessmentDraftExists
    before = {} if last is None else {name: getattr(last, name) for name in SETTINGS}
    version = AssessmentVersion(
        assessment_id=assessment_id,
        number=1 if last is None else last.number + 1,
        created_at=now,
        created_by=actor.label,
        **{**before, **settings},
    )
    session().add(version)
    session().flush()
    _note(version, "draft", actor, now)
    return version


def edit_version(
    *,
    assessment_id: str,
    number: int,
    if_match: int,
    actor: Actor,
    now: datetime,
    **settings: Any,
) -> AssessmentVersion:
    """Change a draft.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    version = _draft(assessment_id, number, if_match, "edit")
    for name, value in settings.items():
        setattr(version, name, value)
    session().flush()
    _note(version, "edit", actor, now)
    return version


def discard_version(
    *, assessment_id: str, number: int, if_match: int, actor: Actor, now: datetime
) -> None:
    """Throw a draft away.

    Raises: as edit_version.
    """
    version = _draft(assessment_id, number, if_match, "discard")
    _note(version, "discard", actor, now)
    session().delete(version)
    session().flush()


def publish_version(
    *, assessment_id: str, number: int, if_match: int, actor: Actor, now: datetime
) -> AssessmentVersion:
    """Publish a draft: who begins from now on gets it, with its questions as they are now.

    The version before is superseded; whoever began it stays with it.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
        AssessmentNotPublishable: with every fault found.
    """
    queries.assessment(assessment_id, locked=True)
    version = _draft(assessment_id, number, if_match, "publish")
    found = queries.candidates(
        bank_ids=[section["bank_id"] for section in version.sections],
        question_ids=version.question_ids,
    )
    pools, faults = pools_of(version, found=found)
    if faults:
        errors = [{"pointer": pointer, "detail": detail} for pointer, detail in faults]
        raise AssessmentNotPublishable(errors=errors)
    _supersede(assessment_id)
    version.state = VERSION_MOVES[VersionState.DRAFT, "publish"]
    version.published_at, version.published_by = now, actor.label
    session().flush()
    _keep(version, pools)
    _note(version, "publish", actor, now)
    return version


def pools_of(
    version: AssessmentVersion, *, found: Mapping[str, Sequence[Candidate]]
) -> tuple[list[list[Candidate]], list[Fault]]:
    """Return what each section may ask, section 0 being asked of everybody, and what is wrong.

    A bank is drawn from without its questions that everybody is asked.
    """
    fixed, faults = _fixed(version.question_ids, found)
    pools, banks = [fixed], [section["bank_id"] for section in version.sections]
    asked = set(version.question_ids)
    for place, section in enumerate(version.sections):
        bank = found.get(section["bank_id"], ())
        pool = [one for one in bank if not one.retired and one.question_id not in asked]
        pools.append(pool)
        if section["bank_id"] in banks[:place]:
            faults.append((f"/sections/{place}/bank_id", TWICE))
        else:
            faults += _faults_of_drawing(pool, section["draw"], f"/sections/{place}")
    if not any((version.question_ids, version.sections)):
        faults.append(("/sections", EMPTY))
    if version.review == Review.AFTER_LAST_ATTEMPT and not version.max_attempts:
        faults.append(("/review", ENDLESS))
    return pools, faults


def _fixed(
    question_ids: Sequence[str], found: Mapping[str, Sequence[Candidate]]
) -> tuple[list[Candidate], list[Fault]]:
    """Return the questions that everybody is asked, in their order."""
    by_id = {one.question_id: one for bank in found.values() for one in bank if not one.retired}
    faults = [
        (f"/question_ids/{place}", NOT_THERE if question_id not in by_id else TWICE)
        for place, question_id in enumerate(question_ids)
        if question_id not in by_id or question_id in question_ids[:place]
    ]
    return [by_id[one] for one in question_ids if one in by_id], faults


def _faults_of_drawing(pool: Sequence[Candidate], draw: int, at: str) -> list[Fault]:
    if len(pool) < draw:
        return [(f"{at}/draw", TOO_FEW.format(count=len(pool)))]
    if len({one.marks for one in pool}) > 1:
        return [(f"{at}/bank_id", UNEQUAL)]
    return []


def _draft(assessment_id: str, number: int, if_match: int, action: str) -> AssessmentVersion:
    version = queries.version(assessment_id, number, locked=True)
    if version.state != VersionState.DRAFT:
        raise NotInThisState(state=version.state, action=action)
    if version.version != if_match:
        raise StaleVersion
    return version


def _supersede(assessment_id: str) -> None:
    """Take the published version out of the way of the next: at most one is, at any time."""
    session().execute(
        update(AssessmentVersion)
        .where(
            AssessmentVersion.assessment_id == assessment_id,
            AssessmentVersion.state == VersionState.PUBLISHED,
        )
        .values(state=VERSION_MOVES[VersionState.PUBLISHED, "supersede"])
    )


def _keep(version: AssessmentVersion, pools: Iterable[Sequence[Candidate]]) -> None:
    """Keep what the version may ask, as it is now."""
    session().add_all(
        AssessmentItem(
            assessment_version_id=version.id,
            question_id=one.question_id,
            question_version_id=one.question_version_id,
            section=section,
            position=position,
        )
        for section, pool in enumerate(pools)
        for position, one in enumerate(pool)
    )
    session().flush()


def _note(version: AssessmentVersion, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"assessment_version.{action}",
        subject=version.id,
        now=now,
        assessment=version.assessment_id,
        number=version.number,
        **{name: getattr(version, name) for name in SETTINGS},
    )


NOT_THERE = Text("没有这道题，或已停用。", "There is no such question, or it is retired.")
TWICE = Text("出现了两次。", "It occurs twice.")
TOO_FEW = Text("题库中可抽取的题目只有 {count} 道。", "The bank has only {count} to draw from.")
UNEQUAL = Text(
    "抽题要求题库内各题分值相同。", "To draw from a bank, its questions must have equal marks."
)
EMPTY = Text("至少需要一道题。", "It must ask at least one question.")
ENDLESS = Text(
    "不限次数时没有最后一次，请限制次数或更换查看规则。",
    "Without a limit there is no last attempt: set one, or another review.",
)
