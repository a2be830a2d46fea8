"""Installing the starter curriculum: all of it, once, and nothing over what headquarters wrote."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session, transaction
from groupbuy.training.models import (
    AssessmentVersion,
    Certification,
    Course,
    Lesson,
    LessonVersion,
    Module,
    Prerequisite,
    Program,
    Question,
)
from groupbuy.training.queries import starting as queries
from groupbuy.training.queries.teaching import lesson_taught
from groupbuy.training.rules.content import ContentState, LessonKind, VersionState
from groupbuy.training.services import content, versions
from groupbuy.training.services import questions as question_services
from groupbuy.training.services.starting import install_curriculum
from tests.cli.test_commands import run
from tests.client import Api
from tests.rivals import second_waits_for_first

WHOLE = {
    "programs": 3,
    "courses": 9,
    "lessons": 41,
    "questions": 77,
    "assessments": 3,
    "certifications": 3,
}
NOTHING = dict.fromkeys(WHOLE, 0)


def install() -> dict[str, int]:
    return dict(install_curriculum(actor=SYSTEM, now=clock.now()))


def entries() -> int:
    return session().scalar(select(func.count()).select_from(AuditEntry)) or 0


@pytest.fixture
def community(app: Flask) -> Program:
    assert install() == WHOLE
    found = queries.program_of("community")
    assert found is not None
    return found


def test_it_teaches_everything_that_it_installs(community: Program) -> None:
    for lesson_id in session().scalars(select(Lesson.id)):
        lesson_taught(lesson_id)
    for model in (AssessmentVersion, LessonVersion):
        states = session().scalars(select(model.state).distinct()).all()
        assert states == [VersionState.PUBLISHED]
    assert session().scalars(select(Certification.state).distinct()).all() == ["published"]


def test_it_changes_nothing_the_second_time(community: Program) -> None:
    written = entries()
    assert install() == NOTHING
    assert entries() == written


def test_it_says_what_opens_the_second_course(community: Program) -> None:
    courses = queries.courses_of(community.id)
    query = select(Prerequisite.course_id, Prerequisite.required_course_id)
    assert session().execute(query.where(Prerequisite.program_id == community.id)).all() == [
        (courses["living-group"].id, courses["first-thirty"].id)
    ]
    assert courses["living-group"].ordered
    assert not courses["together"].ordered


def test_it_leaves_what_headquarters_wrote(community: Program) -> None:
    who: dict[str, Any] = {"actor": SYSTEM, "now": clock.now()}
    content.edit_program(
        program_id=community.id, if_match=community.version, title_zh="我们的建群课", **who
    )
    role = queries.lessons_of(community.id)["role"]
    draft = versions.draft_version(lesson_id=role.id, title_zh="我们的第一课", **who)
    versions.publish_version(lesson_id=role.id, number=draft.number, if_match=draft.version, **who)
    bank = queries.bank_of("community")
    assert bank is not None
    query = select(Question).where(Question.bank_id == bank.id, Question.code == "role-fee")
    question = session().scalars(query).one()
    question_services.edit_question(
        question_id=question.id, if_match=question.version, retired=True, **who
    )
    assert install() == NOTHING
    assert community.title_zh == "我们的建群课"
    assert lesson_taught(role.id)[1].title_zh == "我们的第一课"
    assert question.retired_at is not None


def test_it_brings_back_neither_what_was_retired_nor_what_was_taken_away(
    community: Program,
) -> None:
    who: dict[str, Any] = {"actor": SYSTEM, "now": clock.now()}
    lesson = queries.lessons_of(community.id)["growth"]
    content.retire_lesson(lesson_id=lesson.id, **who)
    session().execute(delete(Prerequisite))
    course = queries.courses_of(community.id)["together"]
    content.turn_course(course_id=course.id, action="retire", **who)
    assert install() == NOTHING
    assert lesson.retired_at is not None
    assert course.state == ContentState.RETIRED
    assert session().scalar(select(func.count()).select_from(Prerequisite)) == 0


def test_it_finds_a_lesson_wherever_it_was_moved(community: Program) -> None:
    lesson = queries.lessons_of(community.id)["growth"]
    course = queries.courses_of(community.id)["first-thirty"]
    there = queries.modules_of(course.id)[0]
    content.edit_lesson(
        lesson_id=lesson.id,
        if_match=lesson.version,
        module_id=there.id,
        position=9,
        actor=SYSTEM,
        now=clock.now(),
    )
    assert install() == NOTHING
    assert lesson.module_id == there.id


def test_it_adds_what_is_missing_where_it_belongs(app: Flask) -> None:
    made = content.create_program(
        code="community",
        title_zh="已有",
        title_en="There already",
        actor=SYSTEM,
        now=clock.now(),
    )
    own = Course(program_id=made.id, code="first-thirty", title_zh="已有", title_en="There")
    session().add(own)
    session().flush()
    module = Module(course_id=own.id, title_zh="请人进来", title_en="Inviting", position=5)
    session().add(module)
    session().flush()
    session().add(Lesson(module_id=module.id, code="invite", kind=LessonKind.ARTICLE))
    session().flush()
    assert install() == {**WHOLE, "programs": 2, "courses": 8, "lessons": 40}
    assert made.state == ContentState.DRAFT
    assert own.state == ContentState.DRAFT
    lessons = queries.lessons_of(made.id)
    assert lessons["welcome"].module_id == module.id
    headings = [one.title_zh for one in queries.modules_of(own.id)]
    assert headings == ["动手之前", "请人进来"]


def test_it_adds_questions_that_are_missing_and_leaves_the_assessment(
    community: Program,
) -> None:
    bank = queries.bank_of("community")
    assert bank is not None
    before = session().scalars(select(AssessmentVersion.id)).all()
    renamed = session().scalars(select(Question).where(Question.code == "role-fee")).one()
    renamed.code = "our-own"
    session().flush()
    assert install() == {**NOTHING, "questions": 1}
    assert {"our-own", "role-fee"} <= queries.question_codes(bank.id)
    assert session().scalars(select(AssessmentVersion.id)).all() == before


@pytest.mark.committed
def test_it_adds_nothing_twice_when_two_install_at_once(app: Flask) -> None:
    with transaction():
        assert install() == WHOLE
        session().execute(
            update(Question).where(Question.code == "role-fee").values(code="our-own")
        )
    first, second = second_waits_for_first(app, install, install)
    assert first == {**NOTHING, "questions": 1}
    assert second == NOTHING


class TestCommand:
    """flask school install"""

    def test_it_installs_for_a_trainer(self, app: Flask, api: Api) -> None:
        api.staff("trainer", "rui")
        done = run(app, "school", "install", "--by", "rui@groupbuy.example")
        assert (done.exit_code, done.output) == (
            0,
            "3 programs, 9 courses, 41 lessons, 77 questions, 3 assessments, "
            "3 certifications added\n",
        )
        again = run(app, "school", "install", "--by", "rui@groupbuy.example")
        assert again.output.startswith("0 programs, 0 courses, 0 lessons")

    def test_it_refuses_whoever_does_not_teach(self, app: Flask, api: Api) -> None:
        api.staff("finance", "lin")
        refused = run(app, "school", "install", "--by", "lin@groupbuy.example")
        assert refused.exit_code == 1
        assert "who may not training.edit" in refused.output
