"""Coaches' limits and plans, with rivals."""

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.db import session
from groupbuy.training.errors import CoachFull, NoteCorrected, PlanOpen
from groupbuy.training.models import CoachingNote, CoachingPlan
from groupbuy.training.services.coaches import edit_coach
from groupbuy.training.services.coaching import assign, open_plan
from groupbuy.training.services.coaching_tasks import add_note
from tests.factories import coaching
from tests.factories.coaching import MARCH, TRAINER
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed


def give(leader_id: str, coach_id: str) -> CoachingPlan:
    return open_plan(
        leader_id=leader_id,
        coach_id=coach_id,
        today=coaching.today(),
        actor=TRAINER,
        now=time.now(),
    )


def deal_out() -> int:
    dealt = assign(
        month=MARCH, segment="tail", today=coaching.today(), actor=TRAINER, now=time.now()
    )
    return dealt.assigned


def open_plans() -> int:
    return session().query(CoachingPlan).filter_by(state="open").count()


def test_it_never_exceeds_a_limit(app: Flask) -> None:
    leaders = [coaching.idle().id for _ in range(3)]
    coaching.divided(MARCH)
    coach = coaching.coach(load_limit=1).staff_id
    first, second = second_waits_for_first(
        app, lambda: give(leaders[0], coach), lambda: give(leaders[1], coach)
    )
    assert isinstance(first, CoachingPlan)
    assert isinstance(second, CoachFull)
    assert open_plans() == 1


def test_it_counts_what_another_assignment_has_given(app: Flask) -> None:
    leaders = [coaching.idle().id for _ in range(5)]
    coaching.divided(MARCH)
    coaching.coach("one", load_limit=2)
    two = coaching.coach("two", load_limit=1).staff_id
    dealt = second_waits_for_first(app, deal_out, deal_out)
    assert (dealt, open_plans()) == ((3, 0), 3)
    assert isinstance(at_once(app, [lambda: give(leaders[4], two)])[0], CoachFull)


def test_it_opens_one_plan_for_a_leader(app: Flask) -> None:
    leader = coaching.idle().id
    coaching.divided(MARCH)
    one, two = (coaching.coach(name).staff_id for name in ("one", "two"))
    outcomes = second_waits_for_first(app, lambda: give(leader, one), lambda: give(leader, two))
    assert [type(outcome) for outcome in outcomes] == [CoachingPlan, PlanOpen]


def test_it_lowers_no_limit_below_what_is_being_given(app: Flask) -> None:
    leader = coaching.idle().id
    coaching.divided(MARCH)
    coach = coaching.coach(load_limit=1).staff_id
    _, lowered = second_waits_for_first(
        app,
        lambda: give(leader, coach),
        lambda: edit_coach(staff_id=coach, if_match=1, load_limit=0, actor=TRAINER, now=time.now()),
    )
    assert isinstance(lowered, CoachFull)


def test_it_corrects_a_note_once(app: Flask) -> None:
    leader = coaching.idle().id
    coaching.divided(MARCH)
    plan = coaching.plan(leader, coaching.coach()).id

    def write(corrects_id: str | None = None) -> CoachingNote:
        return add_note(
            plan_id=plan,
            body="Hm.",
            shared=False,
            corrects_id=corrects_id,
            actor=TRAINER,
            now=time.now(),
        )

    [first] = at_once(app, [write])
    outcomes = at_once(app, [lambda: write(first.id)] * 2)
    assert {type(outcome) for outcome in outcomes} == {CoachingNote, NoteCorrected}
