"""Assessments: banks with questions of every kind, published, and leaders who are examined."""

import itertools
from dataclasses import dataclass
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.training.models import (
    Assessment,
    AssessmentVersion,
    Attempt,
    Lesson,
    Program,
    Question,
    QuestionBank,
)
from groupbuy.training.queries.attempts import asked
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import LessonKind
from groupbuy.training.services import assessments, attempts, questions
from tests.client import Api, Caller
from tests.factories import leaders, training

_numbers = itertools.count(1)

SECRET = "why-it-is-so"
"""A word of every explanation: whoever reads it has seen what is right."""

RIGHT_NUMBER = 987_654_321
"""The right answer to the numeric question: no other number looks like it."""

PROMPT = {
    "prompt_zh": "哪一个？",
    "prompt_en": "Which?",
    "explanation_zh": SECRET,
    "explanation_en": SECRET,
}
OPTIONS = [
    {"key": f"option{number}", "zh": f"选项{number}", "en": f"Option {number}"}
    for number in range(1, 5)
]
KEYS = [option["key"] for option in OPTIONS]
BODIES: dict[str, dict[str, Any]] = {
    "single": {**PROMPT, "options": OPTIONS, "right": "option2"},
    "multiple": {**PROMPT, "options": OPTIONS, "right": ["option1", "option3"]},
    "true_false": {**PROMPT, "right": True},
    "ordering": {**PROMPT, "options": OPTIONS, "right": KEYS},
    "numeric": {**PROMPT, "right": RIGHT_NUMBER, "tolerance": 5, "decimals": 2, "unit_en": "yuan"},
}


def bank(**fields: Any) -> QuestionBank:
    """Make an empty question bank."""
    told = {"code": f"bank{next(_numbers)}", "title_zh": "带货", "title_en": "Selling", **fields}
    with transaction():
        return questions.create_bank(**told, actor=SYSTEM, now=clock.now())


def question(bank: QuestionBank, kind: str = "single", *, marks: int = 1, **body: Any) -> Question:
    """Add a question to a bank."""
    with transaction():
        view = questions.add_question(
            bank_id=bank.id,
            code=f"question{next(_numbers)}",
            kind=kind,
            marks=marks,
            body={**BODIES[kind], **body},
            actor=SYSTEM,
            now=clock.now(),
        )
    return view.question


@dataclass(frozen=True)
class Exam:
    """A lesson with a published assessment."""

    program: Program
    lesson: Lesson
    assessment: Assessment
    version: AssessmentVersion


def lesson(**fields: Any) -> tuple[Program, Lesson]:
    """Make a program with one lesson of kind assessment."""
    program = training.program()
    module = training.module(training.course(program))
    content = {"move_on": MoveOn.COMPLETED_AND_PASSED, "content": {}, **fields}
    return program, training.lesson(module, LessonKind.ASSESSMENT, **content)


def exam(*kinds: str, **settings: Any) -> Exam:
    """Publish an assessment that asks one question of each kind (all kinds if left out)."""
    program, made = lesson()
    if not settings.keys() & {"sections", "question_ids"}:
        source = bank()
        asked = [question(source, kind).id for kind in kinds or BODIES]
        settings = {"question_ids": asked, **settings}
    with transaction():
        assessment = assessments.create_assessment(lesson_id=made.id, actor=SYSTEM, now=clock.now())
    return Exam(program, made, assessment, published(assessment, **settings))


def published(assessment: Assessment, **settings: Any) -> AssessmentVersion:
    """Publish the next version of an assessment."""
    now = clock.now()
    with transaction():
        draft = assessments.draft_version(
            assessment_id=assessment.id, actor=SYSTEM, now=now, **settings
        )
        return assessments.publish_version(
            assessment_id=assessment.id,
            number=draft.number,
            if_match=draft.version,
            actor=SYSTEM,
            now=now,
        )


def pupil(exam: Exam) -> Leader:
    """Enrol a new leader in the program of an exam."""
    leader = leaders.leader()
    training.enrolled(leader, program=exam.program)
    return leader


def mei(api: Api, exam: Exam, name: str = "mei") -> Caller:
    """Let Mei (or another) become a leader, and enrol her in the program of an exam."""
    caller = api.shopper(name)
    training.enrolled(leaders.leader(by=caller.id), program=exam.program)
    return caller


def begun(exam: Exam, leader: Leader) -> Attempt:
    """Begin an attempt."""
    with transaction():
        return attempts.start(
            leader_id=leader.id, assessment_id=exam.assessment.id, now=clock.now()
        )


def answered(attempt: Attempt, *, right: int | None = None) -> None:
    """Answer the first questions of a paper right (all if left out), the others not at all."""
    with transaction():
        for one in asked(attempt.id)[:right]:
            attempts.answer(
                leader_id=attempt.leader_id,
                attempt_id=attempt.id,
                question_id=one.row.question_id,
                given=one.kind.written(one.row.options, one.body["right"]),
                now=clock.now(),
            )


def submitted(exam: Exam, leader: Leader, *, right: int | None = None) -> Attempt:
    """Begin an attempt, answer the first questions right, and submit it."""
    attempt = begun(exam, leader)
    answered(attempt, right=right)
    with transaction():
        return attempts.submit(leader_id=leader.id, attempt_id=attempt.id, now=clock.now())


def fresh(attempt: Attempt) -> Attempt:
    """Return an attempt as it is now."""
    return session().get_one(Attempt, attempt.id, populate_existing=True)
