"""States at an instant, times in order, share codes, outcomes."""

from datetime import timedelta
from typing import Any

import pytest

from groupbuy.campaigns.kinds import community
from groupbuy.campaigns.rules import (
    CAMPAIGN_MOVES,
    GROUP_BUY_MOVES,
    SHARE_CODE_LETTERS,
    CampaignState,
    GroupBuyFacts,
    GroupBuyState,
    campaign_succeeded,
    check_times,
    new_share_code,
    state_at,
)
from groupbuy.kernel.problems import InvalidInput
from tests.conftest import START

LATER = START + timedelta(hours=2)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        ("scheduled", START - TICK, "scheduled"),
        ("scheduled", START, "open"),
        ("scheduled", LATER - TICK, "open"),
        ("scheduled", LATER, "closed"),
        ("open", START, "open"),
        ("open", LATER, "closed"),
        ("draft", START, "draft"),
        ("closed", START, "closed"),
        ("succeeded", START, "succeeded"),
        ("cancelled", LATER, "cancelled"),
    ],
)
def test_it_is_open_from_the_first_to_before_the_last_instant(
    state: str, now: Any, expected: str
) -> None:
    assert state_at(state, START, LATER, now) == expected


@pytest.mark.parametrize(
    ("opens", "closes", "begins", "ends", "pointer"),
    [
        (LATER, START, None, None, "/closes_at"),
        (START, START, None, None, "/closes_at"),
        (START, LATER, LATER, None, "/pickup_until"),
        (START, LATER, None, LATER, "/pickup_until"),
        (START, LATER, LATER, LATER, "/pickup_until"),
    ],
)
def test_it_refuses_times_in_the_wrong_order(
    opens: Any, closes: Any, begins: Any, ends: Any, pointer: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_times(opens, closes, begins, ends)
    assert refusal.value.members["errors"][0]["pointer"] == pointer


def test_it_accepts_a_campaign_with_or_without_a_pickup_window() -> None:
    check_times(START, LATER, None, None)
    check_times(START, LATER, START, LATER)


def test_it_makes_share_codes_that_fit_a_mini_program_code_and_cannot_be_misread() -> None:
    codes = {new_share_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert {len(code) for code in codes} == {10}
    assert set("".join(codes)) <= set(SHARE_CODE_LETTERS)
    assert not set(SHARE_CODE_LETTERS) & set("0o1il%")


def test_it_lets_a_community_group_buy_always_succeed() -> None:
    assert community.KIND.outcome({}, GroupBuyFacts(group_buy_id="gbu_1"))


@pytest.mark.parametrize(
    ("group_buys", "expected"),
    [([], True), ([True, False], True), ([False, False], False)],
)
def test_it_fails_a_campaign_only_when_every_group_buy_failed(
    group_buys: list[bool], expected: bool
) -> None:
    assert campaign_succeeded(group_buys) is expected


def test_it_never_leaves_an_ended_or_cancelled_state() -> None:
    ends = {"failed", "cancelled", "fulfilled"}
    assert not ends & {before.value for before, _ in CAMPAIGN_MOVES}
    assert not ends & {before.value for before, _ in GROUP_BUY_MOVES}


def test_it_uses_the_same_words_for_campaigns_and_group_buys() -> None:
    assert {s.value for s in CampaignState} - {s.value for s in GroupBuyState} == {"draft"}
