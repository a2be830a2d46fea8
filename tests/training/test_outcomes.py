"""What plans were followed by: sales and segments before and after."""

from typing import Any

import pytest

from groupbuy.kernel.clock import ManualClock
from groupbuy.training.queries.outcomes import comparison
from tests.client import Api
from tests.factories import coaching, commissions
from tests.factories.coaching import APRIL, MARCH, MAY
from tests.factories.settlement import local
from tests.journeys.headquarters import made

OUTCOMES = "/hq/coaching/outcomes"


def test_it_hides_groups_that_are_too_small() -> None:
    hidden = comparison(4, [4, 10, 20, 10, 20, 24], months=3, least=5)
    assert (hidden.shown, hidden.before_fen, hidden.after_median_fen) == (False, None, None)
    assert (hidden.size, hidden.compared, hidden.months_left_out) == (4, 4, 0)
    shown = comparison(6, [5, 10, 20, 11, 21, 20], months=3, least=5)
    assert (shown.shown, shown.before_fen, shown.after_median_fen) == (True, 10, 21)
    assert shown.months_left_out == 16
    assert comparison(0, [0, None, None, None, None, 0], months=3, least=0).shown is False


@pytest.fixture
def plan(api: Api, clock: ManualClock) -> dict[str, str]:
    """A leader who sold 1,000 in March and was coached in April, and 4,000 in May."""
    commissions.published()
    stall, best = coaching.seller(), coaching.seller()
    stall.sell(100_000, at=local("2026-03-20 10:00"))
    best.sell(900_000, at=local("2026-03-20 10:00"))
    coaching.divided(MARCH)
    clock.at = local("2026-04-20 10:00")
    coach = coaching.coach("tao")
    opened = coaching.plan(stall.leader_id, coach)
    stall.sell(200_000, at=local("2026-04-21 10:00"))
    stall.sell(400_000, at=local("2026-05-21 10:00"))
    coaching.divided(APRIL, MAY)
    return {"plan": opened.id, "coach": coach.staff_id, "leader": stall.leader_id}


def test_it_shows_the_months_around_a_plan(api: Api, plan: dict[str, str]) -> None:
    shown = made(api.staff("trainer").get(f"/hq/coaching/plans/{plan['plan']}"), 200)
    assert shown["months"] == [
        {"month": MARCH, "after": False, "net_fen": 100_000, "segment": "middle"},
        {"month": MAY, "after": True, "net_fen": 400_000, "segment": "head"},
    ]


def test_it_sums_up_for_each_coach_and_segment(
    api: Api, plan: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = api.staff("trainer")
    answer = made(trainer.get(OUTCOMES), 200)
    assert "do not prove" in answer["caution"]
    [group] = answer["items"]
    sales: dict[str, Any] = group.pop("sales")
    assert group == {
        "coach_id": plan["coach"],
        "coach_name": "Tao",
        "segment": "middle",
        "higher": 1,
        "same": 0,
        "lower": 0,
    }
    assert sales == {
        "size": 1,
        "compared": 1,
        "before_fen": None,
        "after_fen": None,
        "before_median_fen": None,
        "after_median_fen": None,
        "months": 2,
        "months_left_out": 4,
    }
    few(api, monkeypatch)
    [group] = made(trainer.get(OUTCOMES, coach=plan["coach"], months=1), 200)["items"]
    assert (group["sales"]["before_fen"], group["sales"]["after_fen"]) == (100_000, 400_000)
    assert group["sales"]["months_left_out"] == 0
    assert made(trainer.get(OUTCOMES, coach=trainer.id), 200)["items"] == []


def few(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let groups of one be shown."""
    from dataclasses import replace

    from groupbuy.kernel.settings import EXTENSION

    wanted = replace(api.app.extensions[EXTENSION], training_effect_min_group=1)
    monkeypatch.setitem(api.app.extensions, EXTENSION, wanted)


def test_it_counts_no_cancelled_plan(api: Api, plan: dict[str, str]) -> None:
    trainer = api.staff("trainer")
    path = f"/hq/coaching/plans/{plan['plan']}/cancellation"
    made(trainer.post(path, {"reason": "A mistake."}), 200)
    assert made(trainer.get(OUTCOMES), 200)["items"] == []


def test_it_lets_only_those_who_may(api: Api) -> None:
    assert api.anonymous.get(OUTCOMES).status_code == 401
    assert api.shopper("zed").get(OUTCOMES).status_code == 403
    assert api.staff("auditor").get(OUTCOMES).json["items"] == []
