"""Reading the starter curriculum from its files."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from groupbuy.kernel.texts import Text
from groupbuy.training.rules.content import LessonKind

PROGRAM, QUESTIONS = "program.toml", "questions.toml"


@dataclass(frozen=True, slots=True)
class StarterLesson:
    """A lesson; `body` is an article's text, a live session's agenda, an introduction."""

    code: str
    kind: LessonKind
    title: Text
    body: Text
    minutes: int
    mandatory: bool


@dataclass(frozen=True, slots=True)
class StarterModule:
    """A heading with its lessons."""

    title: Text
    lessons: Sequence[StarterLesson]


@dataclass(frozen=True, slots=True)
class StarterCourse:
    """A course; `requires` names the courses of the program that open it."""

    code: str
    title: Text
    summary: Text
    ordered: bool
    mandatory: bool
    requires: Sequence[str]
    modules: Sequence[StarterModule]


@dataclass(frozen=True, slots=True)
class StarterQuestion:
    """A question; `body` is what its kind stores."""

    code: str
    kind: str
    lesson: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StarterProgram:
    """A program; `assessment` and `certification` are the tables of its file."""

    code: str
    title: Text
    summary: Text
    position: int
    courses: Sequence[StarterCourse]
    questions: Sequence[StarterQuestion]
    assessment: Mapping[str, Any]
    certification: Mapping[str, Any]

    @property
    def lessons(self) -> Iterator[StarterLesson]:
        """Return the lessons in their order."""
        for course in self.courses:
            for module in course.modules:
                yield from module.lessons


def starter_programs(facts: Mapping[str, str]) -> list[StarterProgram]:
    """Return the programs in their order, with our own numbers in their texts.

    Raises:
        KeyError: a text quotes a number that `facts` does not have.
    """
    folders = [one for one in files(__package__).iterdir() if (one / PROGRAM).is_file()]
    return sorted((_program(one, facts) for one in folders), key=lambda program: program.position)


def _program(folder: Traversable, facts: Mapping[str, str]) -> StarterProgram:
    told = tomllib.loads(_read(folder / PROGRAM, facts))
    courses = [_course(folder, course, facts) for course in told["courses"]]
    titles = {
        lesson.code: lesson.title
        for course in courses
        for module in course.modules
        for lesson in module.lessons
    }
    asked = tomllib.loads(_read(folder / QUESTIONS, facts))["questions"]
    return StarterProgram(
        code=folder.name,
        title=_text(told, "title"),
        summary=_text(told, "summary"),
        position=told["position"],
        courses=courses,
        questions=[_question(one, titles[one["lesson"]]) for one in asked],
        assessment=told["assessment"],
        certification=told["certification"],
    )


def _course(
    folder: Traversable, told: Mapping[str, Any], facts: Mapping[str, str]
) -> StarterCourse:
    return StarterCourse(
        code=told["code"],
        title=_text(told, "title"),
        summary=_text(told, "summary"),
        ordered=told.get("ordered", False),
        mandatory=told.get("mandatory", True),
        requires=told.get("requires", ()),
        modules=[
            StarterModule(
                title=_text(module, "title"),
                lessons=[_lesson(folder / told["code"], one, facts) for one in module["lessons"]],
            )
            for module in told["modules"]
        ],
    )


def _lesson(
    folder: Traversable, told: Mapping[str, Any], facts: Mapping[str, str]
) -> StarterLesson:
    texts = (_read(folder / f"{told['code']}.{language}.md", facts) for language in ("zh", "en"))
    return StarterLesson(
        code=told["code"],
        kind=LessonKind(told["kind"]),
        title=_text(told, "title"),
        body=Text(*(text.strip() for text in texts)),
        minutes=told["minutes"],
        mandatory=told.get("mandatory", True),
    )


def _question(told: Mapping[str, Any], lesson: Text) -> StarterQuestion:
    """Return a question whose explanation ends with the lesson that tells the answer."""
    body = {key: value for key, value in told.items() if key not in ("code", "kind", "lesson")}
    if "options" in body:
        body["options"] = [{"key": key, "zh": zh, "en": en} for key, zh, en in body["options"]]
    body["explanation_zh"] += f"（见课程《{lesson.zh}》）"
    body["explanation_en"] += f" (Lesson: {lesson.en})"
    return StarterQuestion(told["code"], told["kind"], told["lesson"], body)


def _read(file: Traversable, facts: Mapping[str, str]) -> str:
    return Template(file.read_text(encoding="utf-8")).substitute(facts)


def _text(told: Mapping[str, Any], name: str) -> Text:
    return Text(told[f"{name}_zh"], told[f"{name}_en"])
