"""The sweep, what later knowledge brings, and what is held as of an instant."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.app.registry import invariants
from groupbuy.cli import commands
from groupbuy.holds import queries, services
from groupbuy.holds.errors import HoldOpen
from groupbuy.holds.jobs import scan
from groupbuy.holds.models import CommissionHold, HoldWatermark
from groupbuy.holds.rules import Stream
from groupbuy.holds.services import scanning
from groupbuy.kernel import books
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import LONGEST, session, transaction
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.payments import services as payments
from tests.attribution.test_policies import in_force
from tests.conftest import START
from tests.factories.holds import (
    bought,
    decided,
    fresh_order,
    held,
    holds,
    placed,
    set_rule,
    swept,
)
from tests.journeys.headquarters import Shop, made
from tests.rivals import Work, at_once, second_waits_for_first

Places = dict[str, str]
ZONE = "Asia/Shanghai"
ACCOUNT, PAYER = "self_purchase_account", "self_purchase_payer"
HUA = Actor(kind="staff", id="hua", role="operator")
QIAO = Actor(kind="staff", id="qiao", role="approver")


def books_hold() -> None:
    session().expire_all()
    broken = [finding for finding in books.check(queries.INVARIANTS) if finding.faults]
    assert not broken, broken


class TestSweep:
    """The job that looks at what happened since the last time."""

    def test_it_holds_once_however_often_it_looks(self, shop: Shop, mei: Places) -> None:
        in_force(shop.api, self_purchase="pay")
        bought(shop, "mei", mei)
        swept(shop)
        (hold,) = holds(shop)
        swept(shop)
        services.scan_order(order_id=hold["order_id"], zone=ZONE, now=shop.api.clock.now())
        decided(shop, hold, "release")
        services.scan_order(order_id=hold["order_id"], zone=ZONE, now=shop.api.clock.now())
        assert [one["state"] for one in holds(shop)] == ["released"]
        books_hold()

    def test_it_stays_a_little_behind(self, shop: Shop, mei: Places) -> None:
        in_force(shop.api, self_purchase="pay")
        bought(shop, "mei", mei)
        scan()
        assert holds(shop) == []
        shop.api.clock.advance(seconds=LONGEST.total_seconds())
        scan()
        assert holds(shop) == []
        shop.api.clock.advance(minutes=1)
        scan()
        assert len(holds(shop)) == 1

    def test_it_goes_on_behind_the_last_one_batch_by_batch(
        self, shop: Shop, mei: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_force(shop.api, self_purchase="pay")
        monkeypatch.setattr(scanning, "BATCH", 2)
        orders = {bought(shop, "mei", mei) for _ in range(5)}
        now = shop.api.clock.advance(minutes=10)
        looked_at = []
        for _ in range(4):
            with transaction():
                looked_at.append(services.scan_next(stream=Stream.PAID, zone=ZONE, now=now))
        assert looked_at == [2, 2, 1, 0]
        assert held(shop, ACCOUNT) == orders
        mark = session().get_one(HoldWatermark, Stream.PAID)
        assert (mark.reached_at, mark.reached_id) == (START, max(orders))

    def test_it_costs_the_same_number_of_statements_for_any_batch(
        self, shop: Shop, mei: Places, count_statements: Callable[[], Any]
    ) -> None:
        in_force(shop.api, self_purchase="pay")
        set_rule(shop, "many_orders_one_payer", parameters={"shopper_orders": 2})
        counts = []
        for size in (2, 6):
            for _ in range(size):
                bought(shop, "mei", mei, payer="meis")
            now = shop.api.clock.advance(minutes=10)
            with count_statements() as statements, transaction():
                assert services.scan_next(stream=Stream.PAID, zone=ZONE, now=now) == size
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 12
        assert len(holds(shop)) == 16


class TestLaterKnowledge:
    """What is looked at again."""

    def test_it_looks_again_when_the_payer_is_learned(self, shop: Shop, mei: Places) -> None:
        bought(shop, "mei", mei, payer="meis")
        order = bought(shop, "zed", mei)
        swept(shop)
        assert holds(shop) == []
        payment_id = fresh_order(order).payment_id
        assert payment_id is not None
        with transaction():
            payments.record_payer(payment_id=payment_id, payer_ref="card:meis", now=START)
        assert held(shop, PAYER) == {order}

    def test_it_looks_again_when_the_order_gets_another_leader(
        self, shop: Shop, mei: Places
    ) -> None:
        in_force(shop.api, self_purchase="pay")
        # All leaders of this shop gave the same number when they applied.
        set_rule(shop, "self_purchase_phone", enabled=False)
        tao = shop.recruit("tao")
        order = bought(shop, "tao", mei)
        swept(shop)
        assert holds(shop) == []
        body = {"leader_id": tao["leader"], "reason": "Tao's."}
        made(shop.hua.post(f"/hq/orders/{order}/attribution", body))
        (hold,) = holds(shop)
        assert (hold["order_id"], hold["leader_id"], hold["rule"]) == (
            order,
            tao["leader"],
            ACCOUNT,
        )


class TestAsOf:
    """What settlement asks: held and rejected as of an instant."""

    def at(self, instant: datetime) -> dict[str, tuple[bool, bool, datetime | None]]:
        found = queries.holds_at(instant)
        return {row[0]: tuple(row[1:]) for row in session().execute(select(found))}

    def test_it_tells_what_was_held_and_rejected_before_an_instant(
        self, shop: Shop, mei: Places
    ) -> None:
        order = bought(shop, "bo", mei)
        shop.api.clock.advance(hours=1)
        first = placed(shop, order)
        hour = timedelta(hours=1)
        placed_at = START + hour
        assert self.at(placed_at) == {}
        tick = timedelta(microseconds=1)
        assert self.at(placed_at + tick) == {order: (True, False, None)}
        shop.api.clock.advance(hours=1)
        decided(shop, first, "release")
        shop.api.clock.advance(hours=1)
        second = placed(shop, order)
        shop.api.clock.advance(hours=1)
        decided(shop, second, "rejection")
        rejected_at = START + 4 * hour
        assert self.at(START + 2 * hour) == {order: (True, False, None)}
        assert self.at(START + 2 * hour + tick) == {order: (False, False, None)}
        assert self.at(START + 3 * hour + tick) == {order: (True, False, None)}
        assert self.at(rejected_at) == {order: (True, False, None)}
        assert self.at(rejected_at + tick) == {order: (False, True, rejected_at)}

    def test_it_can_be_both_by_two_rules(self, shop: Shop, mei: Places) -> None:
        in_force(shop.api, self_purchase="pay")
        order = bought(shop, "mei", mei)
        swept(shop)
        (hold,) = holds(shop)
        placed(shop, order)
        decided(shop, hold, "rejection")
        now = shop.api.clock.now()
        assert self.at(now + timedelta(hours=1)) == {order: (True, True, now)}
        books_hold()
        assert "holds.one_open_per_rule" in [i.name for i in invariants()]


class TestCommand:
    """flask holds scan"""

    def run(self, app: Flask, *arguments: str) -> Any:
        return app.test_cli_runner().invoke(commands.holds, list(arguments))

    def test_it_looks_again_at_everything_since_an_instant(
        self, app: Flask, shop: Shop, mei: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scanning, "BATCH", 2)
        early = bought(shop, "mei", mei)
        shop.api.clock.advance(days=1)
        since = shop.api.clock.now().isoformat()
        orders = {bought(shop, "mei", mei) for _ in range(3)}
        swept(shop)
        set_rule(shop, ACCOUNT, score=30)
        result = self.run(app, "scan", "--since", since)
        assert (result.exit_code, result.output.splitlines()[-1]) == (0, "3 holds placed")
        session().expire_all()
        assert held(shop, ACCOUNT) == orders
        assert early not in orders
        again = self.run(app, "scan", "--since", "2026-01-01T00:00:00+08:00")
        assert again.output.splitlines()[-1] == "1 holds placed"

    def test_it_needs_an_instant_with_an_offset(self, app: Flask) -> None:
        assert self.run(app, "scan", "--since", "2026-03-01T00:00:00").exit_code == 1


@pytest.mark.committed
class TestAtOnce:
    """Two at the same moment."""

    def decision(self, hold_id: str, how: str) -> Work:
        verb = {"release": services.release, "reject": services.reject}[how]
        return lambda: verb(hold_id=hold_id, reason="Mine.", actor=QIAO, now=START).state

    def test_it_releases_or_rejects_and_never_both(
        self, app: Flask, shop: Shop, mei: Places
    ) -> None:
        hold_id = placed(shop, bought(shop, "bo", mei))["id"]
        state, refusal = second_waits_for_first(
            app, self.decision(hold_id, "release"), self.decision(hold_id, "reject")
        )
        assert state == "released"
        assert isinstance(refusal, NotInThisState)
        hold = session().get_one(CommissionHold, hold_id, populate_existing=True)
        assert (hold.state, hold.reason) == ("released", "Mine.")
        books_hold()

    def test_it_places_one_hold_by_hand(self, app: Flask, shop: Shop, mei: Places) -> None:
        order = bought(shop, "bo", mei)

        def place() -> str:
            return services.place_by_hand(order_id=order, reason="Odd.", actor=HUA, now=START).state

        results = at_once(app, [place] * 4)
        assert sum(isinstance(result, HoldOpen) for result in results) == 3
        assert len(holds(shop)) == 1

    def test_it_sweeps_the_same_orders_once(self, app: Flask, shop: Shop, mei: Places) -> None:
        with transaction():
            in_force(shop.api, self_purchase="pay")
        orders = {bought(shop, "mei", mei) for _ in range(3)}
        later = START + timedelta(minutes=10)

        def sweep() -> int:
            return services.scan_next(stream=Stream.PAID, zone=ZONE, now=later)

        assert sorted(at_once(app, [sweep] * 3)) == [0, 0, 3]
        assert held(shop, ACCOUNT) == orders
        books_hold()

    def test_it_changes_an_untouched_rule_once(self, app: Flask, shop: Shop) -> None:
        def edit() -> int:
            return services.edit_rule(
                rule=ACCOUNT, if_match=0, score=70, actor=HUA, now=START
            ).version

        results = at_once(app, [edit] * 4)
        assert sum(isinstance(result, StaleVersion) for result in results) == 3
