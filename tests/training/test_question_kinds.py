"""Every kind of question: its body, its paper, its mark; and drawing that can be repeated."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput
from groupbuy.training.kinds.questions.interface import letters, on_paper
from groupbuy.training.kinds.questions.registry import KINDS
from groupbuy.training.rules.drawing import composed, drawn, seed_of, shuffled
from tests.factories.assessments import BODIES, KEYS, PROMPT

NO_ANSWERS: dict[str, list[Any]] = {
    "single": ["e", "", "ab", 1, None, ["a"], {"a": 1}],
    "multiple": ["a", [], ["a", "a"], ["e"], [1], [None], 7],
    "true_false": ["true", 1, 0, [], None],
    "ordering": [["a"], ["a", "a", "b", "c"], "abcd", ["a", "b", "c", "e"]],
    "numeric": ["12", 1.5, True, [1], 10**15 + 1, None],
}
SEEDS = st.text(alphabet="0123456789abcdef", min_size=64, max_size=64)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A body of any kind, as an author may write it."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    keys = draw(
        st.lists(
            st.from_regex(r"[a-z0-9_]{1,20}", fullmatch=True), unique=True, min_size=2, max_size=10
        )
    )
    options = [{"key": key, "zh": f"选项 {key}", "en": f"Option {key}"} for key in keys]
    write: dict[str, Callable[[], dict[str, Any]]] = {
        "single": lambda: {"options": options, "right": draw(st.sampled_from(keys))},
        "multiple": lambda: {
            "options": options,
            "right": draw(st.lists(st.sampled_from(keys), unique=True, min_size=1)),
        },
        "ordering": lambda: {"options": options, "right": draw(st.permutations(keys))},
        "true_false": lambda: {"right": draw(st.booleans())},
        "numeric": lambda: {
            "right": draw(st.integers(-(10**15), 10**15)),
            "tolerance": draw(st.integers(0, 10**15)),
            "decimals": draw(st.integers(0, 6)),
        },
    }
    return kind, KINDS[kind].body().load({**PROMPT, **write[kind]()})


@given(bodies(), SEEDS)
def test_it_gives_full_marks_for_the_key_in_whatever_order(
    body: tuple[str, dict[str, Any]], seed: str
) -> None:
    name, written = body
    kind = KINDS[name]
    order = shuffled(kind.options(written), seed=seed, purpose="options")
    assert sorted(order) == sorted(kind.options(written))
    shown = kind.written(order, written["right"])
    assert kind.mark(written, kind.read(written, order, shown)) == 10_000
    assert kind.mark(written, None) == 0


@given(bodies(), SEEDS)
def test_it_shows_nothing_of_the_authors_keys(body: tuple[str, dict[str, Any]], seed: str) -> None:
    name, written = body
    kind = KINDS[name]
    order = shuffled(kind.options(written), seed=seed, purpose="options")
    paper = on_paper(written, order)
    assert "".join(option.key for option in paper) == letters(len(order))
    assert [option.text.en for option in paper] == [f"Option {key}" for key in order]


@pytest.mark.parametrize(
    ("kind", "answer", "mark"),
    [
        ("single", "option2", 10_000),
        ("single", "option1", 0),
        ("multiple", ["option3", "option1"], 10_000),
        ("multiple", ["option1"], 0),
        ("multiple", ["option1", "option2", "option3"], 0),
        ("true_false", True, 10_000),
        ("true_false", False, 0),
        ("ordering", KEYS, 10_000),
        ("ordering", KEYS[::-1], 0),
        ("numeric", 987_654_326, 10_000),
        ("numeric", 987_654_316, 10_000),
        ("numeric", 987_654_327, 0),
    ],
)
def test_it_marks_all_or_nothing(kind: str, answer: Any, mark: int) -> None:
    assert KINDS[kind].mark(BODIES[kind], answer) == mark


@pytest.mark.parametrize(
    ("kind", "given"),
    [(kind, bad) for kind, given in NO_ANSWERS.items() for bad in given],
)
def test_it_refuses_what_is_no_answer(kind: str, given: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        KINDS[kind].read(BODIES[kind], KEYS, given)
    assert [fault["pointer"] for fault in refused.value.members["errors"]] == ["/answer"]


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("single", {"right": "option9"}, "right"),
        ("single", {"options": BODIES["single"]["options"][:1]}, "options"),
        ("single", {"options": [BODIES["single"]["options"][1]] * 2}, "options"),
        ("multiple", {"right": []}, "right"),
        ("multiple", {"right": ["option1", "option1"]}, "right"),
        ("multiple", {"right": ["option9"]}, "right"),
        ("ordering", {"right": KEYS[:3]}, "right"),
        ("true_false", {"right": "yes"}, "right"),
        ("numeric", {"right": 1.5}, "right"),
        ("numeric", {"tolerance": -1}, "tolerance"),
        ("single", {"prompt_en": ""}, "prompt_en"),
        ("true_false", {"hint": "yes"}, "hint"),
    ],
)
def test_it_refuses_bodies_that_make_no_question(
    kind: str, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        KINDS[kind].body().load({**BODIES[kind], **change})
    assert list(refused.value.messages) == [field]


@given(st.lists(st.integers(), max_size=60), SEEDS, st.integers(0, 60))
def test_it_shuffles_to_a_permutation_and_draws_a_part(
    items: list[int], seed: str, count: int
) -> None:
    assert sorted(shuffled(items, seed=seed, purpose="p")) == sorted(items)
    assert shuffled(items, seed=seed, purpose="p") == shuffled(items, seed=seed, purpose="p")
    places = drawn(range(len(items)), count, seed=seed, purpose="p")
    assert len(places) == min(count, len(items))
    assert places == sorted(set(places))


def test_it_draws_the_same_paper_for_ever() -> None:
    """The algorithm is part of the books: other orders here mean that papers no longer repeat."""
    seed = seed_of(version_id="asv_1", leader_id="ldr_1", number=1)
    assert seed == "1c3704ebf8a8abbcf36c9ebe8773f6d92b774457174794c103484e264f33cba3"
    assert shuffled("abcdefgh", seed=seed, purpose="questions") == list("fhabdgce")


def test_it_usually_gives_another_leader_and_another_attempt_another_paper() -> None:
    pools = [[], list(range(30))]
    version = new_id("asv")

    def paper(leader: str, number: int) -> tuple[int, ...]:
        seed = seed_of(version_id=version, leader_id=leader, number=number)
        return tuple(composed(pools, [10], seed=seed, shuffle=True))

    people = [new_id("ldr") for _ in range(50)]
    papers = {paper(leader, number) for leader in people for number in (1, 2)}
    assert len(papers) == 100


def test_it_draws_every_question_about_equally_often() -> None:
    times = dict.fromkeys(range(12), 0)
    for number in range(3_000):
        seed = seed_of(version_id="asv_1", leader_id="ldr_1", number=number)
        for one in drawn(range(12), 4, seed=seed, purpose="section/1"):
            times[one] += 1
    assert all(900 < count < 1_100 for count in times.values()), times
