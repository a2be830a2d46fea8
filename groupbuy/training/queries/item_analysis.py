"""Item analysis: how hard each question is, and whether it tells who knows from who does not.

Over all attempts that count; each question among those whose paper had it.

- Difficulty (facility index): the mean mark, in basis points, floored; no answer is a mark of 0.
- Discrimination (index D): the mean mark of the upper group less that of the lower group, in basis
  points, towards 0. The groups are the best and the worst floor(27 % of n) attempts by their score,
  equal ones by id. Source: T. L. Kelley, The selection of upper and lower groups for the
  validation of test items, Journal of Educational Psychology 30 (1939) 17-24.
- Fewer than MINIMUM attempts say nothing about discrimination: then it is not told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, TextClause, bindparam, text
from sqlalchemy.sql.selectable import TextualSelect

from groupbuy.kernel.db import session
from groupbuy.kernel.ids import Id
from groupbuy.training.queries import assessments

MINIMUM = 30
"""Attempts below which the groups are too small to compare."""

MOST_CHOICES = 20
"""How many different answers are told of a question, the most frequent first."""

GROUP_PERCENT = 27


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer in the author's keys, and how often it was given."""

    answer: str
    times: int


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """What the attempts say of a question's version."""

    question_id: str
    question_version_id: str
    code: str
    kind: str
    number: int
    prompt_zh: str
    prompt_en: str
    asked: int
    answered: int
    difficulty_bps: int
    discrimination_bps: int | None
    too_few: bool
    choices: Sequence[Choice]


_ASKED = """
    with counted as (
        select a.id, a.score_bps from attempts a
        join assessment_versions v on v.id = a.assessment_version_id
        where a.assessment_id = :assessment_id and a.state in ('submitted', 'expired')
            and (cast(:number as bigint) is null or v.number = :number)
    )
"""

_FIGURES = text(
    _ASKED
    + """,
    placed as (
        select q.question_version_id, q.answer, q.mark_bps,
            row_number() over (of_question order by c.score_bps desc, c.id) as place,
            count(*) over of_question as asked
        from attempt_questions q join counted c on c.id = q.attempt_id
        window of_question as (partition by q.question_version_id)
    ),
    grouped as (
        select *, asked * :percent / 100 as size from placed
    ),
    figures as (
        select question_version_id, asked, count(answer) as answered,
            cast(sum(mark_bps) as bigint) / asked as difficulty_bps,
            case when asked >= :minimum then (
                cast(sum(mark_bps) filter (where place <= size) as bigint)
                - cast(sum(mark_bps) filter (where place > asked - size) as bigint)
            ) / size end as discrimination_bps,
            asked < :minimum as too_few
        from grouped group by question_version_id, asked, size
    )
    select s.id as question_id, f.question_version_id, s.code, s.kind, w.number,
        w.body ->> 'prompt_zh' as prompt_zh, w.body ->> 'prompt_en' as prompt_en,
        f.asked, f.answered, f.difficulty_bps, f.discrimination_bps, f.too_few
    from figures f join question_versions w on w.id = f.question_version_id
    join questions s on s.id = w.question_id
    order by s.code, s.id, w.number
    """
)

_CHOICES = text(
    _ASKED
    + """,
    given as (
        select q.question_version_id, q.answer -> 'value' as value, s.kind
        from attempt_questions q join counted c on c.id = q.attempt_id
        join questions s on s.id = q.question_id
        where q.answer is not null
    ),
    chosen as (
        select question_version_id, value #>> '{}' as answer from given where kind <> 'multiple'
        union all
        select question_version_id, jsonb_array_elements_text(value) from given
        where kind = 'multiple'
    ),
    ranked as (
        select question_version_id, answer, count(*) as times, row_number() over (
            partition by question_version_id order by count(*) desc, answer) as place
        from chosen group by question_version_id, answer
    )
    select question_version_id, answer, times from ranked where place <= :most
    order by question_version_id, place
    """
)


def item_analysis(*, assessment_id: str, version: int | None = None) -> list[ItemFigures]:
    """Return the figures of every question that an assessment has asked, in two statements.

    In order of code; of one version of the assessment or of all. Raises NotFound.
    """
    wanted = {"assessment_id": assessments.assessment(assessment_id).id, "number": version}
    limits = {"percent": GROUP_PERCENT, "minimum": MINIMUM}
    choices: dict[str, list[Choice]] = {}
    for row in session().execute(_typed(_CHOICES), {**wanted, "most": MOST_CHOICES}):
        choices.setdefault(row.question_version_id, []).append(Choice(row.answer, row.times))
    figures = session().execute(_typed(_FIGURES, question_id=Id("qst")), {**wanted, **limits})
    return [
        ItemFigures(**row, choices=choices.get(row["question_version_id"], []))
        for row in figures.mappings()
    ]


def _typed(query: TextClause, **ids: Id) -> TextualSelect:
    """Give a query's ids their types."""
    bound = query.bindparams(
        bindparam("assessment_id", type_=Id("ast")), bindparam("number", type_=BigInteger())
    )
    return bound.columns(question_version_id=Id("qsv"), **ids)
