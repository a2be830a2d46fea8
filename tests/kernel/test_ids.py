"""Public ids: readable, ordered by creation, stored as uuid."""

import threading
import time

import pytest

from groupbuy.kernel.ids import derived_id, new_id, new_uuid, to_uuid


def test_it_makes_version_7_uuids_of_the_present_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = new_uuid()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_it_ascends_without_a_gap_in_uniqueness_across_threads() -> None:
    made: list[list[int]] = [[] for _ in range(4)]

    def make(numbers: list[int]) -> None:
        numbers.extend(new_uuid().int for _ in range(2_000))

    threads = [threading.Thread(target=make, args=[numbers]) for numbers in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(numbers == sorted(numbers) for numbers in made)
    assert len(set().union(*made)) == 8_000


def test_it_keeps_version_and_variant_while_it_counts_within_a_millisecond() -> None:
    assert {new_uuid().version for _ in range(5_000)} == {7}


def test_it_reads_back_what_it_wrote() -> None:
    public = new_id("ord")
    assert public.startswith("ord_")
    assert to_uuid(public, "ord").hex == public.removeprefix("ord_")


@pytest.mark.parametrize(
    "text",
    ["", "ord", "ord_", "prd_" + "0" * 32, "ord_" + "0" * 31, "ord_" + "G" * 32, "ord_" + "A" * 32],
)
def test_it_refuses_what_is_not_such_an_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"ord_|hexadecimal"):
        to_uuid(text, "ord")


def test_it_derives_the_same_id_from_the_same_parts_only() -> None:
    assert derived_id("sts", "2026-03", "ldr_1") == derived_id("sts", "2026-03", "ldr_1")
    assert derived_id("sts", "2026-03", "ldr_1") != derived_id("stl", "2026-03", "ldr_1")
    assert derived_id("sts", "2026-03", "ldr_1") != derived_id("sts", "2026-03", "ldr_2")
