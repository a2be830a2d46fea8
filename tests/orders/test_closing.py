"""Settling the orders of decided group buys: in batches, killed anywhere, against others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel import books, clock
from groupbuy.kernel.db import session
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import EXTENSION
from groupbuy.orders.jobs import settle_campaigns
from groupbuy.orders.queries.closing import CLOSING_INVARIANTS
from groupbuy.orders.services import closing, counting
from tests.client import Api
from tests.crash import killed
from tests.journeys.headquarters import Shop
from tests.orders.closed import LADDER, NEIGHBOURS, Sale, figures, threshold
from tests.orders.test_races import books_hold


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with a hundred eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=100)
    return shop


@pytest.fixture(autouse=True)
def _books(app: Flask, request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if not request.node.get_closest_marker("breaks_books"):
        session().rollback()
        books_hold()


@pytest.mark.committed
class TestKilled:
    """The worker dies while it settles a campaign, at a batch's end or in its middle."""

    MIDDLES = (
        ("groupbuy.orders.services.closing:hold", "after"),
        ("groupbuy.orders.services.closing:give_back", "after"),
        ("groupbuy.inventory.services:give_back_many", "before"),
        ("groupbuy.kernel.jobs:enqueue_many", "after"),
    )

    def crash(self, shop: Shop, victim: str, when: str, nth: int) -> None:
        killed(
            shop.api.app.extensions[EXTENSION],
            shop.api.clock.at,
            victim,
            when,
            nth=nth,
            job="orders.settle_campaigns",
            constants={"groupbuy.orders.services.closing:BATCH": 3},
        )

    def test_it_ends_the_same_when_killed_while_a_failed_group_is_given_back(
        self, shop: Shop
    ) -> None:
        sale = threshold(shop, NEIGHBOURS, minimum=8)
        sale.close()
        # Seven orders are three batches: killed in and after each of them.
        for victim, when in self.MIDDLES:
            self.crash(shop, victim, when, 1)
        for _ in range(3):
            self.crash(shop, "groupbuy.kernel.db:Session.commit", "after", 1)
        self.crash(shop, "groupbuy.campaigns.services:record_settled", "before", 1)
        settle_campaigns()
        run_pending()
        after = figures()
        assert after["orders"] == [("cancelled", "group_failed", 1000, 7)]
        assert after["refunds"] == [("group_failed", "succeeded", 1000, 7)]
        assert after["payments"] == [("succeeded", 1000, 1000, 7)]
        assert dict(after["moves"]) == {"place": 7, "pay": 7, "wait": 7, "cancel": 7}
        assert dict(after["stock"])["cancellation_return"] == 7
        assert after["settled"] == [(1,)]
        settle_campaigns()
        assert figures() == after

    def test_it_ends_the_same_when_killed_while_a_ladder_is_levelled(self, shop: Shop) -> None:
        sale = Sale(shop, NEIGHBOURS, ladder=LADDER)
        sale.close()
        self.crash(shop, "groupbuy.orders.services.closing:hold", "after", 2)
        self.crash(shop, "groupbuy.orders.services.closing:give_back", "after", 1)
        self.crash(shop, "groupbuy.kernel.db:Session.commit", "after", 1)
        settle_campaigns()
        run_pending()
        after = figures()
        assert after["refunds"] == [("price_ladder", "succeeded", 200, 7)]
        assert after["lines"] == [(200, 200, 0, 800, 7)]
        assert after["orders"] == [("paid", None, 200, 7)]
        assert after["settled"] == [(1,)]
        settle_campaigns()
        assert figures() == after

    def test_it_ends_the_same_when_killed_while_a_group_that_made_it_goes_on(
        self, shop: Shop
    ) -> None:
        sale = threshold(shop, NEIGHBOURS, minimum=7)
        sale.close()
        self.crash(shop, "groupbuy.orders.services.closing:move_many", "after", 2)
        self.crash(shop, "groupbuy.kernel.db:Session.commit", "after", 1)
        settle_campaigns()
        assert figures()["orders"] == [("preparing", None, 0, 7)]
        assert dict(figures()["moves"])["prepare"] == 7


class TestStatements:
    """What settling costs in round trips."""

    def counted(self, shop: Shop, neighbours: int, count: Any, **campaign: Any) -> int:
        names = [f"n{number}" for number in range(neighbours)]
        sale = Sale(shop, names, leader=f"mei{neighbours}", **campaign)
        sale.close()
        session().expunge_all()
        with count() as statements:
            assert closing.settle_batch(campaign_id=sale.campaign, now=clock.now()) == neighbours
        return len(statements)

    @pytest.mark.parametrize(
        ("campaign", "per_order"),
        [
            ({"ladder": [LADDER[0], {"from_units": 2, "price_fen": 800}]}, 0),
            ({"kind": "threshold", "terms": {"measure": "units", "minimum": 1}}, 0),
            # A cancelled order is told to others: fulfilment looks for its parcel.
            ({"kind": "threshold", "terms": {"measure": "units", "minimum": 9}}, 1),
        ],
    )
    def test_it_settles_a_batch_in_a_number_of_statements_that_its_size_does_not_change(
        self,
        api: Api,
        count_statements: Callable[[], Any],
        campaign: dict[str, Any],
        per_order: int,
    ) -> None:
        costs = []
        for number in (2, 5):
            shop = Shop(api)
            shop.stock(f"Eggs of {number}", price_fen=1500, units=50)
            shop.skus["Eggs"] = shop.skus.popitem()[1]
            costs.append(self.counted(shop, number, count_statements, **campaign))
        assert costs[1] - costs[0] == 3 * per_order
        assert costs[0] - 2 * per_order <= 23

    def test_it_costs_an_order_that_waits_four_statements_more_to_pay(
        self, api: Api, count_statements: Callable[[], Any]
    ) -> None:
        costs = []
        waiting = {"kind": "threshold", "terms": {"measure": "units", "minimum": 9}}
        plans: list[tuple[str, dict[str, Any]]] = [("mei", {}), ("lan", waiting)]
        for leader, campaign in plans:
            shop = Shop(api)
            shop.stock(f"Eggs of {leader}", price_fen=1500, units=50)
            shop.skus["Eggs"] = shop.skus.popitem()[1]
            sale = Sale(shop, [], leader=leader, **campaign)
            order = shop.order("bo", sale.group_buy, {"Eggs": 1})
            with count_statements() as statements:
                shop.pay("bo", order["id"])
            costs.append(len(statements))
        # It is held, counted in one statement, and the count is kept.
        assert costs[1] - costs[0] == 4


class TestFacts:
    """What counts towards a minimum."""

    def test_it_counts_distinct_shoppers_and_the_units_they_keep(self, shop: Shop) -> None:
        sale = threshold(shop, ["bo", "zed"], minimum=5)
        again = shop.order("bo", sale.group_buy, {"Eggs": 3})
        shop.pay("bo", again["id"])
        shop.order("tao", sale.group_buy, {"Eggs": 1})  # never paid
        shop.refund(again["id"], again["lines"][0]["id"], quantity=1)
        [facts] = counting.facts_of(group_buy_ids=[sale.group_buy]).values()
        assert (facts.participants, facts.units) == (2, 4)
        assert list(facts.units_by_item.values()) == [4]

    def test_it_leaves_out_what_was_paid_at_the_end_or_later(self, shop: Shop) -> None:
        sale = threshold(shop, [], minimum=5)
        for name in ("bo", "zed"):
            shop.api.clock.advance(minutes=1)
            shop.pay(name, shop.order(name, sale.group_buy, {"Eggs": 1})["id"])
        facts = counting.facts_of(group_buy_ids=[sale.group_buy], paid_before=clock.now())
        assert facts[sale.group_buy].participants == 1


@pytest.mark.breaks_books
class TestInvariants:
    """Each promise finds what breaks it."""

    def broken(self) -> set[str]:
        return {found.invariant.name for found in books.check(CLOSING_INVARIANTS) if found.faults}

    @pytest.mark.parametrize(
        ("harm", "name"),
        [
            ("update orders set state = 'group_pending'", "orders.wait_for_an_outcome"),
            ("update order_lines set final_price_fen = 900", "orders.levelled_as_the_ladder_ended"),
            (
                "update order_lines set final_price_fen = null",
                "orders.levelled_as_the_ladder_ended",
            ),
            (
                "update order_lines set refund_requested_fen = 300",
                "orders.levelled_pays_the_final_price",
            ),
            ("update group_buys set state = 'failed'", "orders.called_off_with_their_group"),
        ],
    )
    def test_it_finds_orders_that_are_not_settled_as_decided(
        self, shop: Shop, harm: str, name: str
    ) -> None:
        sale = Sale(shop, NEIGHBOURS[:4], ladder=LADDER)
        sale.close()
        shop.tick()
        assert self.broken() == set()
        session().execute(text(harm))
        assert name in self.broken()
