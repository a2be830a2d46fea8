"""The starter curriculum: complete in both languages, consistent in itself and with the shop."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

import groupbuy.training.curriculum
from groupbuy.kernel.fields import Schema
from groupbuy.kernel.settings import Settings
from groupbuy.kernel.texts import Text
from groupbuy.training.curriculum.facts import facts_of
from groupbuy.training.curriculum.reading import (
    StarterLesson,
    StarterProgram,
    StarterQuestion,
    starter_programs,
)
from groupbuy.training.kinds.questions.registry import KINDS as QUESTION_KINDS
from groupbuy.training.rules.content import LessonKind

FOLDER = Path(groupbuy.training.curriculum.__file__).parent
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")
LENGTHS = {
    LessonKind.ARTICLE: (250, 500),
    LessonKind.LIVE_SESSION: (250, 500),
    LessonKind.ASSESSMENT: (80, 200),
}
"""How many Chinese characters a text has, by the kind of its lesson."""

WORDS_PER_CHARACTER = (0.6, 1.1)
"""An English text as complete as the Chinese one has so many words per character."""

QUOTED = re.compile(r"\$\{(\w+)\}")
BARE_RULE = re.compile(
    r"取货后\s*\d+\s*小时|\d+\s*hours after pickup|\d+\s*位取货码|code of \d+ digits"
    r"|\d+\s*分钟内(?:不付款|可以撤销)|undone within \d+"
)
"""One of our own rules with its number written out: it would go stale when the setting changes."""


@pytest.fixture(scope="module")
def programs(settings: Settings) -> list[StarterProgram]:
    return starter_programs(facts_of(settings))


def lessons(programs: list[StarterProgram]) -> Iterator[tuple[str, StarterLesson]]:
    for program in programs:
        for lesson in program.lessons:
            yield f"{program.code}/{lesson.code}", lesson


def questions(programs: list[StarterProgram]) -> Iterator[tuple[str, StarterQuestion]]:
    for program in programs:
        for question in program.questions:
            yield f"{program.code}/{question.code}", question


def titles(programs: list[StarterProgram]) -> Iterator[tuple[str, Text]]:
    for program in programs:
        yield program.code, program.title
        yield f"{program.code} summary", program.summary
        certification = program.certification
        yield (
            f"{program.code} certification",
            Text(certification["title_zh"], certification["title_en"]),
        )
        for course in program.courses:
            yield f"{program.code}/{course.code}", course.title
            yield f"{program.code}/{course.code} summary", course.summary
            for module in course.modules:
                yield f"{program.code}/{course.code}/{module.title.en}", module.title
                for lesson in module.lessons:
                    yield f"{program.code}/{lesson.code}", lesson.title


def test_it_teaches_three_tracks_of_two_or_three_courses(programs: list[StarterProgram]) -> None:
    assert [program.code for program in programs] == ["community", "selling", "service"]
    for program in programs:
        assert 2 <= len(program.courses) <= 3
        for course in program.courses:
            assert 2 <= len(course.modules) <= 3
            assert all(module.lessons for module in course.modules)


def test_it_has_every_text_in_both_languages(programs: list[StarterProgram]) -> None:
    faults = [
        place
        for place, text in [*titles(programs), *((at, one.body) for at, one in lessons(programs))]
        if not HAN.search(text.zh) or HAN.search(text.en) or not LATIN_WORD.search(text.en)
    ]
    assert faults == []


def test_it_writes_lessons_of_a_readable_length(programs: list[StarterProgram]) -> None:
    faults = []
    for place, lesson in lessons(programs):
        least, most = LENGTHS[lesson.kind]
        characters = len(HAN.findall(lesson.body.zh))
        if not least <= characters <= most:
            faults.append(f"{place}: {characters} characters")
    assert faults == []


def test_it_is_as_complete_in_english_as_in_chinese(programs: list[StarterProgram]) -> None:
    least, most = WORDS_PER_CHARACTER
    faults = []
    for place, lesson in lessons(programs):
        words, characters = (
            len(LATIN_WORD.findall(lesson.body.en)),
            len(HAN.findall(lesson.body.zh)),
        )
        if not least <= words / characters <= most:
            faults.append(f"{place}: {words} words, {characters} characters")
        if outline(lesson.body.zh) != outline(lesson.body.en):
            faults.append(f"{place}: {outline(lesson.body.zh)} {outline(lesson.body.en)}")
    assert faults == []


def outline(body: str) -> Counter[str]:
    """Count what a text is made of: headings, points, steps, quotes, rows, things to tick."""
    marks = (re.match(r"#+ |- \[ \]|- |\d+\. |> |\|", line) for line in body.splitlines())
    return Counter(re.sub(r"\d+", "1", mark[0]) for mark in marks if mark)


def test_it_gives_every_article_examples_a_checklist_and_mistakes(
    programs: list[StarterProgram],
) -> None:
    faults = [
        place
        for place, lesson in lessons(programs)
        if lesson.kind is LessonKind.ARTICLE
        and not (
            {"> ", "- [ ]"} <= outline(lesson.body.zh).keys()
            and "## 常见的错误" in lesson.body.zh
            and re.search(r"^## (A c|C)ommon mistakes?$", lesson.body.en, re.MULTILINE)
        )
    ]
    assert faults == []


def test_it_uses_no_code_and_no_text_twice(programs: list[StarterProgram]) -> None:
    codes = Counter(place for place, _ in [*lessons(programs), *questions(programs)])
    certifications = Counter(program.certification["code"] for program in programs)
    texts = Counter(
        text
        for _, lesson in lessons(programs)
        for text in (lesson.title.zh, lesson.title.en, lesson.body.zh, lesson.body.en)
    )
    prompts = Counter(
        question.body[f"prompt_{language}"]
        for _, question in questions(programs)
        for language in ("zh", "en")
    )
    for counted in (codes, certifications, texts, prompts):
        assert [one for one, times in counted.items() if times > 1] == []


def test_it_writes_codes_that_fit(programs: list[StarterProgram]) -> None:
    codes = [
        *(program.code for program in programs),
        *(program.certification["code"] for program in programs),
        *(course.code for program in programs for course in program.courses),
        *(place.split("/")[1] for place, _ in [*lessons(programs), *questions(programs)]),
    ]
    assert [code for code in codes if not CODE.fullmatch(code)] == []


def test_it_refers_only_to_what_is_there(programs: list[StarterProgram]) -> None:
    for program in programs:
        kinds = {lesson.code: lesson.kind for lesson in program.lessons}
        courses = {course.code for course in program.courses}
        assert kinds[program.assessment["lesson"]] is LessonKind.ASSESSMENT
        assert {question.lesson for question in program.questions} <= kinds.keys()
        assert all(set(course.requires) <= courses - {course.code} for course in program.courses)
        TopologicalSorter({one.code: one.requires for one in program.courses}).prepare()


def test_it_reads_every_file(programs: list[StarterProgram]) -> None:
    read = {
        f"{program.code}/{course.code}/{lesson.code}.{language}.md"
        for program in programs
        for course in program.courses
        for module in course.modules
        for lesson in module.lessons
        for language in ("zh", "en")
    }
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md")}
    assert there == read


def test_it_asks_enough_questions_of_every_kind(programs: list[StarterProgram]) -> None:
    for program in programs:
        assert len(program.questions) >= 18
        assert {question.kind for question in program.questions} == set(QUESTION_KINDS)
        assert program.assessment["draw"] == 10
        assert program.assessment["pass_bps"] == 8_000


def test_it_tells_in_the_introduction_how_it_is_graded(programs: list[StarterProgram]) -> None:
    for program in programs:
        draw = program.assessment["draw"]
        needed = draw * program.assessment["pass_bps"] // 10_000
        exam = next(one for one in program.lessons if one.code == program.assessment["lesson"])
        assert f"随机抽 {draw} 题" in exam.body.zh
        assert f"答对 {needed} 题通过" in exam.body.zh
        assert f"draws {draw} questions" in exam.body.en
        assert f"{needed} right answers pass" in exam.body.en


def test_it_asks_about_mandatory_lessons_only(programs: list[StarterProgram]) -> None:
    for program in programs:
        optional = {lesson.code for lesson in program.lessons if not lesson.mandatory}
        assert {question.lesson for question in program.questions}.isdisjoint(optional)


def test_it_asks_about_every_article(programs: list[StarterProgram]) -> None:
    for program in programs:
        articles = {one.code for one in program.lessons if one.kind is LessonKind.ARTICLE}
        assert articles <= {question.lesson for question in program.questions}


def test_it_writes_questions_that_their_kinds_accept(programs: list[StarterProgram]) -> None:
    faults: dict[str, Any] = {}
    for place, question in questions(programs):
        schema: Schema = QUESTION_KINDS[question.kind].body()
        if found := schema.validate(dict(question.body)):
            faults[place] = found
    assert faults == {}


def test_it_explains_every_answer_in_both_languages(programs: list[StarterProgram]) -> None:
    faults = []
    for place, question in questions(programs):
        texts = [
            Text(question.body[f"{name}_zh"], question.body[f"{name}_en"])
            for name in ("prompt", "explanation")
        ] + [Text(option["zh"], option["en"]) for option in question.body.get("options", ())]
        if any(not HAN.search(text.zh) or HAN.search(text.en) for text in texts[:2]):
            faults.append(place)
        if any(HAN.search(text.en) or not text.zh or not text.en for text in texts[2:]):
            faults.append(place)
        if any(len(set(told)) < len(told) for told in zip(*map(both, texts[2:]), strict=True)):
            faults.append(place)
    assert faults == []


def both(text: Text) -> tuple[str, str]:
    return text.zh, text.en


def test_it_says_yes_about_as_often_as_no(programs: list[StarterProgram]) -> None:
    said = Counter(
        question.body["right"]
        for _, question in questions(programs)
        if question.kind == "true_false"
    )
    assert min(said[True], said[False]) * 3 >= said.total()


def test_it_quotes_no_number_of_the_shop_but_as_it_is_set(settings: Settings) -> None:
    changed = replace(
        settings,
        after_sale_hours=36,
        after_sale_automatic_fen=4_250,
        after_sale_decision_hours=71,
        after_sale_return_days=11,
        flash_expiry_minutes=13,
        hold_days=16,
        leader_correction_fen=3_300,
        min_payout_fen=20_000,
        order_expiry_minutes=37,
        pickup_undo_minutes=19,
        statement_confirm_days=6,
        unclaimed_after_days=4,
        unclaimed_grace_hours=29,
    )
    texts = {place: lesson.body for place, lesson in lessons(starter_programs(facts_of(changed)))}
    for place, zh, en in (
        ("service/deadlines", "取货后 36 小时内", "36 hours after pickup"),
        ("service/deadlines", "不超过 42.50 元", "up to ¥42.50"),
        ("service/deadlines", "一般 71 小时内", "within 71 hours"),
        ("service/deadlines", "同意后 11 天内", "within 11 days"),
        ("service/receiving", "不超过 33 元", "up to ¥33"),
        ("service/handover", "19 分钟内可以撤销", "within 19 minutes"),
        ("service/unclaimed", "到货 4 天后", "after 4 days"),
        ("service/unclaimed", "再过 29 小时", "29 hours later"),
        ("selling/campaign", "下单后 37 分钟内", "within 37 minutes"),
        ("selling/kinds", "下单后 13 分钟内", "within 13 minutes"),
        ("selling/pay", "到次月 17 日", "on day 17"),
        ("selling/pay", "6 天内确认", "6 days to confirm"),
        ("selling/pay", "满 200 元", "From ¥200 on"),
    ):
        assert zh in texts[place].zh, place
        assert en in texts[place].en, place


def test_it_writes_none_of_the_shop_s_numbers_out(settings: Settings) -> None:
    quoted: set[str] = set()
    faults = []
    for path in sorted([*FOLDER.rglob("*.md"), *FOLDER.rglob("*.toml")]):
        text = path.read_text(encoding="utf-8")
        quoted |= set(QUOTED.findall(text))
        faults += [f"{path.name}: {found}" for found in BARE_RULE.findall(text)]
    assert faults == []
    assert quoted == set(facts_of(settings))
