"""Telling people within the limits, and what the room that sends notices will do with them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from groupbuy.app.registry import invariants
from groupbuy.kernel import clock as time
from groupbuy.kernel.books import check
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from groupbuy.notices import jobs, services
from groupbuy.notices.models import Notice
from groupbuy.notices.rules import IN_ALL, KEPT, NoticeKind, NoticeState, Why
from groupbuy.notices.services import Draft
from tests.factories import leaders
from tests.factories.notices import ZONE, told, words
from tests.rivals import at_once, second_waits_for_first

SEVERAL = (
    NoticeKind.LIVE_SESSION,
    NoticeKind.LIVE_SESSION,
    NoticeKind.CERTIFICATE_EXPIRING,
    NoticeKind.INACTIVITY,
)


def faults() -> list[str]:
    ours = [rule for rule in invariants() if rule.name.startswith("notices.")]
    assert len(ours) == 2
    with transaction():
        return [found.invariant.name for found in check(ours) if found.faults]


class TestNotify:
    def test_it_tells_of_an_occasion_once(self, app: Flask) -> None:
        bo = leaders.shopper_id("bo")
        first = told(bo, key="same")
        again = told(bo, key="same")
        other = told(leaders.shopper_id("mei"), key="same")
        assert first.id == again.id != other.id
        assert (first.due_at, first.state, first.reason) == (time.now(), NoticeState.WAITING, "")

    def test_it_postpones_what_is_too_much(self, app: Flask) -> None:
        bo = leaders.shopper_id("bo")
        notices = [told(bo, kind) for kind in SEVERAL]
        assert [notice.due_at - time.now() for notice in notices] == [
            timedelta(0),
            timedelta(0),
            timedelta(0),
            timedelta(hours=24),
        ]
        assert notices[-1].reason == Why.TOO_OFTEN
        assert faults() == []

    def test_it_drops_what_has_no_use_later_and_keeps_the_reason(self, app: Flask) -> None:
        bo = leaders.shopper_id("bo")
        soon = time.now() + timedelta(hours=3)
        notices = [told(bo, kind, useful_until=soon) for kind in SEVERAL]
        last = notices[-1]
        assert (last.state, last.reason) == (NoticeState.DROPPED, Why.TOO_OFTEN)
        assert last.settled_at == time.now()

    def test_it_does_not_count_what_was_dropped(self, app: Flask) -> None:
        bo = leaders.shopper_id("bo")
        past = time.now() - timedelta(hours=1)
        assert told(bo, useful_until=past).state == NoticeState.DROPPED
        assert told(bo).due_at == time.now()

    def test_it_never_limits_what_has_to_be_told(self, app: Flask) -> None:
        bo = leaders.shopper_id("bo")
        done = [told(bo, NoticeKind.PROGRAM_COMPLETED) for _ in range(IN_ALL + 2)]
        assert {notice.due_at for notice in done} == {time.now()}
        assert told(bo).due_at == time.now(), "nor does it count"

    def test_it_waits_for_the_moment_that_was_asked_for(self, app: Flask) -> None:
        wanted = time.now() + timedelta(hours=5)
        assert told(leaders.shopper_id("bo"), not_before=wanted).due_at == wanted

    def test_it_takes_a_constant_number_of_statements(
        self, app: Flask, count_statements: Any
    ) -> None:
        def statements(people: list[str]) -> int:
            drafts = [_draft(shopper_id) for shopper_id in people]
            with count_statements() as sent:
                assert services.notify_many(drafts=drafts, zone=ZONE, now=time.now()) == len(people)
            return len(sent)

        one = statements([leaders.shopper_id("bo")])
        assert statements([leaders.shopper_id(f"person{n}") for n in range(30)]) == one <= 6

    def test_it_has_nothing_to_say_to_nobody(self, app: Flask) -> None:
        assert services.notify_many(drafts=[], zone=ZONE, now=time.now()) == 0

    @pytest.mark.committed
    def test_it_keeps_the_limits_when_jobs_tell_at_the_same_moment(self, app: Flask) -> None:
        bo, now = leaders.shopper_id("bo"), time.now()
        works = [_telling(bo, kind, now) for kind in SEVERAL * 2]
        at_once(app, works)
        with transaction():
            assert session().scalar(select(func.count()).select_from(Notice)) == len(works)
            on_time = select(func.count()).select_from(Notice).where(Notice.due_at == now)
            assert session().scalar(on_time) == IN_ALL
        assert faults() == []

    @pytest.mark.committed
    def test_it_lets_the_second_see_what_the_first_told(self, app: Flask) -> None:
        bo, now = leaders.shopper_id("bo"), time.now()
        telling = _telling(bo, NoticeKind.INACTIVITY, now)
        first, second = second_waits_for_first(app, telling, telling)
        assert first.id == second.id
        third = _telling(bo, NoticeKind.INACTIVITY, now, key="another")
        fourth = _telling(bo, NoticeKind.INACTIVITY, now, key="a third")
        one, other = second_waits_for_first(app, third, fourth)
        assert other.due_at == one.due_at + timedelta(hours=24) == now + timedelta(hours=48)


def _draft(shopper_id: str, kind: NoticeKind = NoticeKind.INACTIVITY) -> Draft:
    said = words(kind, {})
    return Draft(shopper_id, kind, said["key"], said["title"], said["body"])


def _telling(shopper_id: str, kind: NoticeKind, now: datetime, **fields: Any) -> Any:
    said = words(kind, fields)
    return lambda: services.notify(shopper_id=shopper_id, now=now, **said)


class TestWithdrawal:
    def test_it_takes_back_what_was_not_told_yet(self, app: Flask) -> None:
        bo = leaders.shopper_id("bo")
        later = told(bo, key="later", not_before=time.now() + timedelta(hours=1))
        with transaction():
            told_already = told(bo, NoticeKind.LIVE_SESSION, key="told")
            ids = [later.id, told_already.id]
            assert services.withdraw(notice_ids=ids, now=time.now()) == 1
            session().refresh(later)
        assert (later.state, later.reason) == (NoticeState.DROPPED, Why.WITHDRAWN)
        assert told_already.state == NoticeState.WAITING
        assert services.withdraw(notice_ids=[], now=time.now()) == 0


class TestSending:
    """What a messaging room is given, and reports."""

    def test_it_gives_a_notice_to_one_sender(self, app: Flask, clock: ManualClock) -> None:
        bo = leaders.shopper_id("bo")
        notice = told(bo)
        told(bo, NoticeKind.LIVE_SESSION, not_before=clock.now() + timedelta(hours=1))
        with transaction():
            (taken,) = services.claim(limit=10, now=clock.now())
            assert (taken.id, taken.attempts) == (notice.id, 1)
            assert services.claim(limit=10, now=clock.now()) == []
            sent = services.delivered(notice_id=notice.id, attempt=1, now=clock.now())
        assert (sent.state, sent.settled_at) == (NoticeState.DELIVERED, clock.now())

    def test_it_gives_a_notice_again_when_a_sender_died(
        self, app: Flask, clock: ManualClock
    ) -> None:
        notice = told(leaders.shopper_id("bo"))
        with transaction():
            services.claim(limit=10, now=clock.now())
            clock.advance(minutes=10)
            (again,) = services.claim(limit=10, now=clock.now())
        assert again.attempts == 2
        with transaction(), pytest.raises(NotInThisState):
            services.delivered(notice_id=notice.id, attempt=1, now=clock.now())

    def test_it_tries_again_later_or_gives_up(self, app: Flask, clock: ManualClock) -> None:
        notice = told(leaders.shopper_id("bo"))
        with transaction():
            services.claim(limit=10, now=clock.now())
            later = clock.now() + timedelta(hours=1)
            report: dict[str, Any] = {"notice_id": notice.id, "reason": "no answer"}
            services.failed(**report, attempt=1, again_at=later, now=clock.now())
            assert services.claim(limit=10, now=clock.now()) == []
            clock.advance(hours=1)
            (again,) = services.claim(limit=10, now=clock.now())
            given_up = services.failed(
                notice_id=again.id, attempt=2, reason="blocked", again_at=None, now=clock.now()
            )
        assert (given_up.state, given_up.reason) == (NoticeState.FAILED, "blocked")
        with transaction(), pytest.raises(NotInThisState):
            services.failed(**report, attempt=2, again_at=None, now=clock.now())

    def test_it_keeps_back_what_is_of_no_use_any_more(self, app: Flask, clock: ManualClock) -> None:
        told(leaders.shopper_id("bo"), useful_until=clock.now() + timedelta(hours=1))
        clock.advance(hours=1)
        with transaction():
            assert services.claim(limit=10, now=clock.now()) == []

    @pytest.mark.committed
    def test_it_gives_no_notice_to_two_senders(self, app: Flask) -> None:
        for number in range(10):
            told(leaders.shopper_id(f"person{number}"))
        now = time.now()

        def take() -> list[str]:
            return [notice.id for notice in services.claim(limit=6, now=now)]

        one, other = at_once(app, [take, take])
        assert not set(one) & set(other)
        assert len(one) + len(other) == 10 or len(one) == len(other) == 6


class TestForgetting:
    def test_it_forgets_what_was_told_long_ago(self, app: Flask, clock: ManualClock) -> None:
        bo = leaders.shopper_id("bo")
        told(bo)
        clock.advance(days=KEPT.days)
        kept = told(bo)
        clock.advance(seconds=1)
        jobs.forget()
        with transaction():
            assert session().scalars(select(Notice.id)).all() == [kept.id]


class TestDatabase:
    """What PostgreSQL itself refuses."""

    @pytest.mark.parametrize(
        "change",
        [
            "state = 'dropped', settled_at = created_at",
            "state = 'delivered'",
            "useful_until = due_at - interval '1 second'",
            "kind = 'gossip'",
        ],
    )
    def test_it_refuses(self, app: Flask, change: str) -> None:
        told(leaders.shopper_id("bo"))
        with pytest.raises(IntegrityError), transaction():
            session().execute(text(f"update notices set {change}"))
