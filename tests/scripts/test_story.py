"""The demo: what a person who starts it can see, and do next."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.holds.models import CommissionHold
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.payouts.models import PayoutItem
from groupbuy.settlement.models import Standing, Statement
from scripts.dev.seed import Demo, Person, seed_if_empty
from tests.client import Caller
from tests.doubles.fixtures import picture_folder

__all__ = ["picture_folder"]

SETTLED, WAITING = "2026-01", "2026-02"


@pytest.fixture
def demo(app: Flask, clock: ManualClock, picture_folder: Path) -> Demo:
    clock.advance(days=10)
    return seed_if_empty()


def logged_in(app: Flask, person: Person) -> Caller:
    """Log a person of the demo in with what is printed."""
    name, _, password = person.login.partition(" / ")
    path, body = "/auth/wechat-sessions", {"code": name}
    if password:
        path, body = "/auth/staff-sessions", {"email": name, "password": password}
    answer = Caller(app, None).post(path, body)
    assert answer.status_code == 201, answer.text
    return Caller(app, answer.json["token"])


def assert_shop_is_shown(people: dict[str, Caller]) -> None:
    """See the parts of the shop whose state, not only whose presence, matters."""
    bo, hua = people["Bo"], people["Hua"]
    open_ones = bo.get("/group-buys").json["items"]
    assert [
        (one["progress"]["reached"], one["progress"]["minimum"])
        for one in open_ones
        if one["progress"]
    ] == [(2, 4)]
    states = {(one["kind"], one["state"]) for one in hua.get("/hq/campaigns").json["items"]}
    assert {("flash", "scheduled"), ("threshold", "open"), ("community", "succeeded")} <= states
    refunds = hua.get("/hq/refunds").json["items"]
    assert [one["amount_fen"] for one in refunds if one["reason"] == "price_ladder"] == [800] * 3
    (case,) = hua.get("/hq/after-sales").json["items"]
    assert (case["state"], len(case["picture_ids"])) == ("requested", 1)
    (compared,) = people["Lin"].get("/hq/payment-reconciliations").json["items"]
    assert (compared["state"], compared["differing"], compared["matched"] > 0) == ("done", 0, True)
    (order, *_) = bo.get("/orders?state=ready_for_pickup").json["items"]
    assert bo.get(f"/orders/{order['id']}/pickup-code.png").status_code == 200
    group, sku = open_ones[0], open_ones[0]["items"][0]["sku_id"]
    basket = {"group_buy_id": group["id"], "lines": [{"sku_id": sku, "quantity": 4}]}
    (coupon,) = bo.get("/me/coupons").json["items"]
    quote = bo.post("/quotes", {**basket, "coupon_id": coupon["id"]}).json
    steps = [effect["step"] for effect in quote["lines"][0]["effects"]]
    assert steps == ["unit_price", "reduction", "coupon"]


def assert_school_is_shown(people: dict[str, Caller]) -> None:
    """See that Mei was certified with a class, and learns with the one of these weeks."""
    mei, rui = people["Mei"], people["Rui"]
    programs = mei.get("/leader/training").json["programs"]
    assert {(one["enrollment"], one["percent"] == 100) for one in programs} == {
        ("active", False),
        ("completed", True),
    }
    (certificate,) = mei.get("/leader/certificates").json["items"]
    assert certificate["state"] == "certified"
    scores = [one["score_bps"] for one in mei.get("/leader/attempts").json["items"]]
    assert scores == [10_000, 0]
    present, past = rui.get("/hq/cohorts").json["items"]
    assert (present["state"], len(present["pattern"]), present["members"]) == ("running", 3, 3)
    assert past["state"] == "finished"
    funnel = rui.get("/hq/training-progress/funnel", program_id=past["program_id"]).json
    assert {one["enrolled"] for one in funnel["items"]} == {2}
    plan = people["Tao"].get("/leader/coaching").json["plans"][0]
    assert [task["kind"] for task in plan["tasks"]] == ["call", "lesson", "host"]
    assert len(plan["notes"]) == 1
    assert {one["awarded_at"] is None for one in mei.get("/leader/badges").json["items"]} == {
        True,
        False,
    }
    segments = rui.get("/hq/coaching/segments").json["items"]
    assert [one["segment"] for one in segments] == ["head", "middle", "middle"]
    states = {one["status"] for one in people["Tao"].get("/leader/live-sessions").json["items"]}
    assert {"present", "makeup", "absent"} <= states


def test_it_shows_what_it_points_at_and_lets_the_next_month_be_settled(
    app: Flask, demo: Demo
) -> None:
    people = {person.name: logged_in(app, person) for person in demo.people}
    assert_shop_is_shown(people)
    assert_school_is_shown(people)
    for sight in demo.sights[:-1]:
        answer = people[sight.who].get(sight.where)
        assert answer.status_code == 200, (sight, answer.text)
        assert answer.json.get("items") != [], sight
    closing = demo.sights[-1].where.removeprefix("POST ")
    period = closing.removesuffix("/closing")
    assert period.endswith(WAITING)
    for step in ("closing", "calculation", "submission"):
        answer = people["Lin"].post(f"{period}/{step}")
        assert answer.status_code == 200, answer.text
    reviewed = {"digest": answer.json["digest"]}
    assert people["Lin"].post(f"{period}/approval", reviewed).status_code == 403
    assert people["Qiao"].post(f"{period}/approval", reviewed).status_code == 200
    waiting = session().scalars(select(Statement).where(Statement.month == WAITING)).all()
    assert {bool(one.clawback_fen) for one in waiting} == {True, False}
    assert sorted(one.transfer_fen > 0 for one in waiting if one.transfer_fen) == [False, True]
    assert [one.hold_fen < 0 for one in waiting if one.hold_fen] == [True]


def test_it_has_settled_and_paid_a_month_and_is_told_only_once(demo: Demo) -> None:
    settled = session().scalars(select(Statement)).all()
    assert [one.month for one in settled] == [SETTLED] * 3
    assert all(one.payout_fen > 0 and one.service_fee_fen > 0 for one in settled)
    assert any(one.quota_bonus_fen for one in settled)
    assert any(one.rank_bonus_fen for one in settled)
    assert len([one for one in settled if one.assignment_id]) == 1
    assert set(session().scalars(select(Standing.state))) == {"final"}
    assert list(session().scalars(select(PayoutItem.state))) == ["succeeded"] * 3
    assert list(session().scalars(select(CommissionHold.state))) == ["held"]
    assert seed_if_empty() == demo
