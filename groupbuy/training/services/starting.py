"""Installing the starter curriculum; what is there already is headquarters' own and stays."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.settings import settings
from groupbuy.training.curriculum.facts import facts_of
from groupbuy.training.curriculum.reading import (
    StarterCourse,
    StarterLesson,
    StarterModule,
    StarterProgram,
    starter_programs,
)
from groupbuy.training.models import Course, Lesson, Module, Program
from groupbuy.training.queries import starting as queries
from groupbuy.training.rules.content import LessonKind
from groupbuy.training.services import assessments, certifications, content, prerequisites, versions
from groupbuy.training.services import questions as question_services

PARTS = ("programs", "courses", "lessons", "questions", "assessments", "certifications")
"""What an installation counts."""


def install_curriculum(*, actor: Actor, now: datetime) -> Mapping[str, int]:
    """Install and publish what is missing of the starter curriculum, by its codes; repeatable.

    Returns how many of each of PARTS were added. What is there is left as it is, also if it was
    edited, moved, retired, or lost a prerequisite.
    """
    _one_at_a_time()
    installing = _Installation(actor, now)
    for program in starter_programs(facts_of(settings())):
        installing.install(program)
    return {part: installing.added[part] for part in PARTS}


def _one_at_a_time() -> None:
    """Let a second installation begin when the first is over: then nothing is missing."""
    session().execute(text("select pg_advisory_xact_lock(hashtext('training.curriculum'))"))


@dataclass(frozen=True, slots=True)
class _Installation:
    actor: Actor
    now: datetime
    added: Counter[str] = field(default_factory=Counter)

    @property
    def _who(self) -> dict[str, Any]:
        return {"actor": self.actor, "now": self.now}

    def install(self, starter: StarterProgram) -> None:
        """Add what is missing of a program."""
        program = queries.program_of(starter.code) or self._add_program(starter)
        courses, lessons = queries.courses_of(program.id), queries.lessons_of(program.id)
        fresh = [one for one in starter.courses if one.code not in courses]
        for position, told in enumerate(starter.courses, start=1):
            course = courses.get(told.code)
            if course is None:
                course = courses[told.code] = self._add_course(program, told, position)
            self._add_lessons(course, told, lessons)
        self._connect(fresh, courses)
        self._examine(starter, lessons[starter.assessment["lesson"]])
        self._certify(starter, program, lessons[starter.assessment["lesson"]])

    def _add_program(self, starter: StarterProgram) -> Program:
        made = content.create_program(
            code=starter.code,
            title_zh=starter.title.zh,
            title_en=starter.title.en,
            summary_zh=starter.summary.zh,
            summary_en=starter.summary.en,
            position=starter.position,
            **self._who,
        )
        self.added["programs"] += 1
        return content.turn_program(program_id=made.id, action="publish", **self._who)

    def _add_course(self, program: Program, told: StarterCourse, position: int) -> Course:
        made = content.create_course(
            program_id=program.id,
            code=told.code,
            title_zh=told.title.zh,
            title_en=told.title.en,
            summary_zh=told.summary.zh,
            summary_en=told.summary.en,
            position=position,
            mandatory=told.mandatory,
            ordered=told.ordered,
            **self._who,
        )
        self.added["courses"] += 1
        return content.turn_course(course_id=made.id, action="publish", **self._who)

    def _add_lessons(self, course: Course, told: StarterCourse, lessons: dict[str, Lesson]) -> None:
        modules = {module.title_zh: module for module in queries.modules_of(course.id)}
        for place, heading in enumerate(told.modules, start=1):
            for position, lesson in enumerate(heading.lessons, start=1):
                if lesson.code in lessons:
                    continue
                module = modules.get(heading.title.zh)
                if module is None:
                    module = modules[heading.title.zh] = self._add_module(course, heading, place)
                lessons[lesson.code] = self._add_lesson(module, lesson, position)

    def _add_module(self, course: Course, told: StarterModule, position: int) -> Module:
        return content.create_module(
            course_id=course.id,
            title_zh=told.title.zh,
            title_en=told.title.en,
            position=position,
            **self._who,
        )

    def _add_lesson(self, module: Module, told: StarterLesson, position: int) -> Lesson:
        lesson = content.create_lesson(
            module_id=module.id,
            code=told.code,
            kind=told.kind,
            position=position,
            mandatory=told.mandatory,
            **self._who,
        )
        draft = versions.draft_version(
            lesson_id=lesson.id,
            title_zh=told.title.zh,
            title_en=told.title.en,
            minutes=told.minutes,
            content=content_of(told),
            **self._who,
        )
        versions.publish_version(
            lesson_id=lesson.id, number=draft.number, if_match=draft.version, **self._who
        )
        self.added["lessons"] += 1
        return lesson

    def _connect(self, fresh: list[StarterCourse], courses: Mapping[str, Course]) -> None:
        """Say what opens the courses that were added now."""
        for told in fresh:
            for needed in told.requires:
                prerequisites.add_prerequisite(
                    course_id=courses[told.code].id,
                    required_course_id=courses[needed].id,
                    **self._who,
                )

    def _examine(self, starter: StarterProgram, exam: Lesson) -> None:
        bank_id = self._fill_bank(starter)
        if queries.has_assessment(exam.id):
            return
        told = starter.assessment
        made = assessments.create_assessment(lesson_id=exam.id, **self._who)
        draft = assessments.draft_version(
            assessment_id=made.id,
            sections=[{"bank_id": bank_id, "draw": told["draw"]}],
            pass_bps=told["pass_bps"],
            cooldown_minutes=told["cooldown_minutes"],
            time_limit_s=told["time_limit_minutes"] * 60,
            review=told["review"],
            **self._who,
        )
        assessments.publish_version(
            assessment_id=made.id, number=draft.number, if_match=draft.version, **self._who
        )
        self.added["assessments"] += 1

    def _fill_bank(self, starter: StarterProgram) -> str:
        bank = queries.bank_of(starter.code) or question_services.create_bank(
            code=starter.code,
            title_zh=starter.title.zh,
            title_en=starter.title.en,
            **self._who,
        )
        known = queries.question_codes(bank.id)
        missing = [
            {"code": one.code, "kind": one.kind, "marks": 1, "body": one.body}
            for one in starter.questions
            if one.code not in known
        ]
        if missing:
            question_services.import_questions(bank_id=bank.id, questions=missing, **self._who)
        self.added["questions"] += len(missing)
        return str(bank.id)

    def _certify(self, starter: StarterProgram, program: Program, exam: Lesson) -> None:
        if queries.has_certification(starter.certification["code"]):
            return
        drafted = certifications.draft_certification(
            **starter.certification,
            program_id=program.id,
            renewal_lesson_id=exam.id,
            **self._who,
        )
        certifications.publish_certification(certification_id=drafted.id, **self._who)
        self.added["certifications"] += 1


def content_of(told: StarterLesson) -> dict[str, Any]:
    """Return what a lesson's version says, as its kind has it."""
    match told.kind:
        case LessonKind.ARTICLE:
            return _texts("body", told)
        case LessonKind.LIVE_SESSION:
            return {**_texts("agenda", told), "minutes": told.minutes}
        case LessonKind.ASSESSMENT:
            return _texts("introduction", told)
        case LessonKind.VIDEO:
            raise ValueError(f"{told.code}: the starter curriculum has no films")


def _texts(name: str, told: StarterLesson) -> dict[str, Any]:
    return {f"{name}_zh": told.body.zh, f"{name}_en": told.body.en}
