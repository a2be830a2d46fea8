"""Payouts when two people, or two workers, act at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.ledger.models import LedgerTransaction
from groupbuy.payouts import services
from groupbuy.payouts.errors import BatchChanged, NotDueAnyMore, NothingToPay
from groupbuy.payouts.jobs import submit_item
from groupbuy.payouts.models import PayoutAccount, PayoutBatch, TaxEntry
from groupbuy.payouts.providers.interface import Outcome
from groupbuy.payouts.rules.states import AttemptState
from groupbuy.settlement import services as settlement
from tests.factories import payouts as make
from tests.factories.commissions import APPROVER, FINANCE
from tests.factories.settlement import SHANGHAI
from tests.payouts.conftest import Puppet
from tests.rivals import PATIENCE, Work, at_once, second_waits_for_first

pytestmark = pytest.mark.committed

WECHAT = "wechat_transfer"


def apart(app: Flask, works: Sequence[Work]) -> None:
    """Run jobs at once, each as a worker does: in a context, and transactions, of its own."""
    barrier = Barrier(len(works))

    def run(work: Work) -> None:
        with app.app_context():
            barrier.wait(PATIENCE)
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result(PATIENCE)


def approval(batch: PayoutBatch, actor: Actor = APPROVER) -> Work:
    return lambda: (
        services.approve_batch(
            batch_id=batch.id, digest=batch.digest, actor=actor, now=clock.now()
        ).state
    )


def execution(batch: PayoutBatch) -> Work:
    return lambda: services.execute_batch(batch_id=batch.id, actor=FINANCE, now=clock.now()).state


def record(number: str, state: str) -> Work:
    outcomes = {number: Outcome(AttemptState(state))}
    return lambda: services.record(outcomes=outcomes, calendar=SHANGHAI, now=clock.now())


def begun(item_id: str) -> Work:
    return lambda: services.begin_attempt(
        item_id=item_id, calendar=SHANGHAI, keys=settings().payout_key_ring, now=clock.now()
    )


def drafting() -> Any:
    return services.create_batch(
        channel="demo", month=None, leaders=None, actor=FINANCE, now=clock.now()
    )


def refusals(results: Sequence[Any], problem: type[Exception]) -> int:
    return sum(isinstance(result, problem) for result in results)


class TestBatches:
    def test_it_is_drafted_once_of_what_is_due(self, app: Flask) -> None:
        make.payable(3)
        results = at_once(app, [drafting] * 4)
        assert refusals(results, NothingToPay) == 3
        assert len(make.items()) == 3

    def test_it_is_approved_once(self, app: Flask) -> None:
        make.payable()
        other = Actor(kind="staff", id="zhao", role="approver")
        batch = make.drafted()
        results = at_once(app, [approval(batch), approval(batch, other)])
        assert "approved" in results
        assert refusals(results, NotInThisState) == 1

    def test_it_is_never_approved_with_other_items(self, app: Flask) -> None:
        make.payable(2)
        batch = make.drafted()
        first = make.items()[0].id

        def removal() -> None:
            services.remove_item(item_id=first, actor=FINANCE, now=clock.now())

        _, refusal = second_waits_for_first(app, removal, approval(batch))
        assert isinstance(refusal, BatchChanged)

    def test_it_is_executed_once_by_twenty_and_each_item_submitted_once(
        self, app: Flask, puppet: Puppet
    ) -> None:
        make.payable(3)
        batch = make.approved(WECHAT)
        results = at_once(app, [execution(batch)] * 20)
        assert refusals(results, NotInThisState) == 19
        items = [item.id for item in make.items()]
        apart(app, [partial(submit_item, item_id) for item_id in items * 4])
        run_pending()
        assert len(puppet.transfers) == 3
        assert {attempt.item_id for attempt in make.attempts()} == set(items)
        assert [item.state for item in make.items()] == ["succeeded"] * 3
        assert session().get_one(PayoutBatch, batch.id).state == "done"
        assert make.broken() == []

    def test_it_is_done_when_its_last_two_items_end_at_once(
        self, app: Flask, puppet: Puppet
    ) -> None:
        make.payable(2)
        puppet.says("submitted")
        batch = make.paid(WECHAT)
        first, second = (attempt.number for attempt in make.attempts())
        second_waits_for_first(app, record(first, "succeeded"), record(second, "succeeded"))
        session().expire_all()
        assert session().get_one(PayoutBatch, batch.id).state == "done"

    def test_it_is_cancelled_or_executed_never_both(self, app: Flask) -> None:
        make.payable()
        batch = make.approved()

        def cancellation() -> str:
            return services.cancel_batch(batch_id=batch.id, actor=FINANCE, now=clock.now()).state

        results = at_once(app, [cancellation, execution(batch)])
        assert refusals(results, NotInThisState) == 1
        run_pending()
        assert make.broken() == []


class TestAttempts:
    def test_it_counts_one_end_of_contradicting_news(self, app: Flask, puppet: Puppet) -> None:
        make.payable()
        puppet.says("submitted")
        make.paid(WECHAT)
        number = make.attempts()[0].number
        moved = at_once(
            app, [record(number, state) for state in ("succeeded", "failed", "succeeded")]
        )
        assert sum(moved) == 1
        assert make.broken() == []

    def test_it_is_retried_once(self, app: Flask, puppet: Puppet) -> None:
        make.payable()
        puppet.says("failed")
        make.paid(WECHAT)
        puppet.says("succeeded")
        item = make.items()[0].id

        def retry() -> Any:
            return services.retry_item(item_id=item, actor=FINANCE, now=clock.now()).state

        assert refusals(at_once(app, [retry] * 6), NotInThisState) == 5
        run_pending()
        assert [attempt.state for attempt in make.attempts()] == ["failed", "succeeded"]
        assert make.broken() == []

    def test_it_is_retried_or_paid_by_another_batch_never_both(
        self, app: Flask, puppet: Puppet
    ) -> None:
        make.payable()
        puppet.says("failed")
        make.paid(WECHAT)
        item = make.items()[0].id

        def retry() -> Any:
            return services.retry_item(item_id=item, actor=FINANCE, now=clock.now()).state

        _, refusal = second_waits_for_first(app, drafting, retry)
        assert isinstance(refusal, NotDueAnyMore)
        assert make.broken() == []

    def test_it_is_dropped_or_begun_never_both(self, app: Flask) -> None:
        make.payable()
        make.executing()
        item = make.items()[0].id

        def drop() -> Any:
            return services.cancel_item(
                item_id=item,
                calendar=SHANGHAI,
                keys=settings().payout_key_ring,
                actor=FINANCE,
                now=clock.now(),
            ).state

        _, nothing = second_waits_for_first(app, drop, begun(item))
        assert nothing is None
        assert (make.attempts(), make.items()[0].state) == ([], "cancelled")
        assert make.broken() == []


class TestDisputes:
    @pytest.mark.parametrize("held_first", [True, False])
    def test_it_is_held_or_paid_never_both(self, app: Flask, held_first: bool) -> None:
        [mei] = make.payable()
        make.executing()
        [item] = make.items()

        def dispute() -> int:
            return settlement.dispute_amount(
                statement_id=item.statement_id,
                leader_id=mei,
                part="component",
                position=0,
                reason="It was more",
                actor=Actor(kind="shopper", id="mei", role="leader", leader_id=mei),
                now=clock.now(),
            ).held_fen

        works = (dispute, begun(item.id)) if held_first else (begun(item.id), dispute)
        first, second = second_waits_for_first(app, *works)
        if held_first:
            assert (first, second, make.items()[0].reason) == (100_000, None, "NOT_DUE")
        else:
            assert (first.transfer.amount_fen, second) == (100_000, 0)
        assert make.broken() == []


class TestTax:
    def test_it_never_uses_the_same_withholding_twice(self, app: Flask) -> None:
        [mei] = make.leaders(1)
        make.settled({mei: 300_000}, month="2026-01")
        make.settled({mei: 200_000}, month="2026-02")
        make.account(mei)
        make.regime("per_occurrence")
        make.executing(month=None)
        first, second = (item.id for item in make.items())
        second_waits_for_first(app, begun(first), begun(second))
        taxes = [entry.tax_fen for entry in session().query(TaxEntry)]
        assert sorted(taxes) == [36_000, 44_000]
        assert make.broken() == []


class TestAccounts:
    def test_it_is_set_once_by_many_who_say_the_same(self, app: Flask) -> None:
        [mei] = make.leaders(1)
        at_once(app, [partial(make.account, mei)] * 6)
        assert session().query(PayoutAccount).count() == 1

    def test_it_lets_one_change_wait(self, app: Flask) -> None:
        [mei] = make.leaders(1)
        make.account(mei)
        at_once(app, [partial(make.account, mei, name=f"N{n}") for n in range(4)])
        standing = session().query(PayoutAccount).filter(PayoutAccount.withdrawn_at.is_(None))
        assert standing.count() == 2
        assert session().query(LedgerTransaction).count() == 0
