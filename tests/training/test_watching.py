"""Watched time: the pure rule, and PostgreSQL's union held against it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupbuy.kernel import clock as time
from groupbuy.kernel.db import session, transaction
from groupbuy.training.models import LessonRecord
from groupbuy.training.rules.watching import Watched, watched
from groupbuy.training.services.progress import record_progress
from tests.factories import training
from tests.factories.learning import video


def test_it_counts_each_second_once() -> None:
    spans = [[0, 300], [200, 500], [100, 250]]
    assert watched(600, spans) == Watched(500, 8_333, complete=False)


@pytest.mark.parametrize(
    ("spans", "unique_s", "complete"),
    [
        ([], 0, False),
        ([[0, 539]], 539, False),
        ([[0, 540]], 540, True),
        ([[60, 600]], 540, True),
        ([[0, 86_400]], 600, True),
        ([[600, 900]], 0, False),
        ([[500, 900], [100, 200], [150, 160]], 200, False),
    ],
)
def test_it_needs_nine_tenths_and_nothing_beyond_the_end(
    spans: list[list[int]], unique_s: int, complete: bool
) -> None:
    assert watched(600, spans) == Watched(unique_s, unique_s * 10_000 // 600, complete)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=12))
def test_it_equals_the_set_of_seconds(parts: list[tuple[int, int]]) -> None:
    spans = [(start, start + length) for start, length in parts]
    seconds = {second for start, end in spans for second in range(start, min(end, 30))}
    assert watched(30, spans).unique_s == len(seconds)


def test_it_is_what_the_database_computes_in_any_order_and_repeated(app: object) -> None:
    program = training.program()
    module = training.module(training.course(program))
    leader_id = training.enrolled(program=program).leader_id
    chance = random.Random(17)
    for _ in range(25):
        duration_s = chance.randint(1, 120)
        lesson = video(module, duration_s)
        spans = [sorted(chance.sample(range(150), 2)) for _ in range(chance.randint(0, 12))]
        told = spans + chance.choices(spans, k=len(spans) // 2) if spans else []
        chance.shuffle(told)
        parts = [told[i : i + 3] for i in range(0, len(told), 3)] or [[]]
        for part in parts:
            with transaction():
                record_progress(
                    leader_id=leader_id, lesson_id=lesson.id, watched=part, now=time.now()
                )
        record = session().get_one(LessonRecord, (leader_id, lesson.id), populate_existing=True)
        rule = watched(duration_s, spans)
        assert record.watched_s == rule.unique_s
        assert (record.completed_at is not None) == rule.complete
        union = [(span.lower, span.upper) for span in record.watched]
        assert watched(duration_s, union).unique_s == rule.unique_s
