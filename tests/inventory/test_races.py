"""Buyers who meet at the last unit: own connections, interleaving forced."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.catalogue.models import Sku
from groupbuy.inventory import services
from groupbuy.inventory.errors import NotEnoughStock, OutOfStock
from groupbuy.inventory.models import StockPool
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.ids import new_id
from tests.factories import catalogue as make
from tests.factories import inventory as stock
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed


def buyer(*pools: str, quantity: int = 1) -> Callable[[], str]:
    """Return what reserves for a new order, pools in the order given, and returns its id."""

    def work() -> str:
        order_id = new_id("ord")
        demands = dict.fromkeys(pools, quantity)
        services.reserve(order_id=order_id, demands=demands, now=clock.now())
        return order_id

    return work


def figures(pool_id: str) -> tuple[int, int]:
    pool = session().get_one(StockPool, pool_id, populate_existing=True)
    return pool.on_hand, pool.reserved


def in_stock(sku: Sku) -> bool:
    return session().get_one(Sku, sku.id, populate_existing=True).in_stock


class TestLastUnit:
    def test_it_goes_to_exactly_one_of_two_buyers(self, app: Flask) -> None:
        sku = make.sku()
        pool_id = stock.receive(sku, 1)
        first, second = second_waits_for_first(app, buyer(pool_id), buyer(pool_id))
        assert isinstance(first, str)
        assert isinstance(second, OutOfStock)
        assert second.members == {"sku_ids": [sku.id]}
        assert figures(pool_id) == (1, 1)
        assert not in_stock(sku)

    def test_it_sells_exactly_five_of_five_to_eight(self, app: Flask) -> None:
        sku = make.sku()
        pool_id = stock.receive(sku, 5)
        outcomes = at_once(app, [buyer(pool_id)] * 8)
        assert sum(isinstance(outcome, str) for outcome in outcomes) == 5
        assert sum(isinstance(outcome, OutOfStock) for outcome in outcomes) == 3
        assert figures(pool_id) == (5, 5)
        assert not in_stock(sku)

    @pytest.mark.usefixtures("app")
    def test_it_costs_no_write_to_find_nothing_left(self) -> None:
        pools = stock.receive(make.sku(), 1), stock.receive(make.sku(), 2)
        with transaction():
            with pytest.raises(OutOfStock):
                buyer(*pools, quantity=2)()
            number = text("select pg_current_xact_id_if_assigned()")
            assert session().scalar(number) is None

    def test_it_names_what_was_emptied_while_a_buyer_waited(self, app: Flask) -> None:
        skus = [make.sku(), make.sku()]
        plenty, last = (stock.receive(sku, units) for sku, units in zip(skus, (9, 1), strict=True))
        first, second = second_waits_for_first(app, buyer(last), buyer(plenty, last))
        assert isinstance(first, str)
        assert isinstance(second, OutOfStock)
        assert second.members == {"sku_ids": [skus[1].id]}
        assert [figures(pool_id) for pool_id in (plenty, last)] == [(9, 0), (1, 1)]

    def test_it_is_not_written_off_while_a_buyer_takes_it(self, app: Flask) -> None:
        sku = make.sku()
        pool_id = stock.receive(sku, 1)

        def write_off() -> Any:
            return services.correct(
                sku_id=sku.id, delta=-1, reason="Count", actor=SYSTEM, now=clock.now()
            )

        bought, refused = second_waits_for_first(app, buyer(pool_id), write_off)
        assert isinstance(bought, str)
        assert isinstance(refused, NotEnoughStock)
        assert figures(pool_id) == (1, 1)


class TestManyPools:
    def test_it_never_deadlocks_on_demands_in_opposite_orders(self, app: Flask) -> None:
        pools = [stock.receive(make.sku(), 100) for _ in range(3)]
        buyers = [buyer(*order) for order in permutations(pools)]
        for _ in range(5):
            outcomes = at_once(app, buyers)
            assert all(isinstance(outcome, str) for outcome in outcomes)
        assert [figures(pool_id) for pool_id in pools] == [(100, 30)] * 3

    def test_it_waits_for_the_pool_with_the_lower_id_whatever_the_order_asked(
        self, app: Flask
    ) -> None:
        low, high = (stock.receive(make.sku(), 2) for _ in range(2))
        outcomes = second_waits_for_first(app, buyer(high, low), buyer(low, high))
        assert all(isinstance(outcome, str) for outcome in outcomes)
        assert [figures(pool_id) for pool_id in (low, high)] == [(2, 2), (2, 2)]

    def test_it_allots_and_returns_while_buyers_buy(self, app: Flask) -> None:
        sku, owner = make.sku(), new_id("cit")
        house = stock.receive(sku, 50)
        pool = stock.allot(sku, owner, 10)

        def give_back() -> Any:
            return services.return_allotment(owner=owner, actor=SYSTEM, now=clock.now())

        def allot() -> Any:
            services.allot(sku_id=sku.id, owner=owner, quantity=5, actor=SYSTEM, now=clock.now())

        for _ in range(3):
            at_once(app, [give_back, buyer(house, pool), allot, buyer(pool, house)])
        with transaction():
            give_back()
        (in_house, held_there), (allotted, held_here) = figures(house), figures(pool)
        assert in_house + allotted == 50
        assert held_there == held_here == allotted


class TestOneOrder:
    @pytest.fixture
    def order(self, app: Flask) -> tuple[str, str]:
        """A pool of two with one unit held, and the order that holds it."""
        pool_id = stock.receive(make.sku(), 2)
        with transaction():
            return pool_id, buyer(pool_id)()

    def test_it_is_sold_once_by_two_at_once(self, app: Flask, order: tuple[str, str]) -> None:
        pool_id, order_id = order

        def sell() -> bool:
            return services.sell(order_id=order_id, now=clock.now())

        assert second_waits_for_first(app, sell, sell) == (True, False)
        assert figures(pool_id) == (1, 0)

    def test_it_is_sold_or_released_by_whoever_comes_first(
        self, app: Flask, order: tuple[str, str]
    ) -> None:
        pool_id, order_id = order

        def sell() -> bool:
            return services.sell(order_id=order_id, now=clock.now())

        def release() -> bool:
            return services.release(order_id=order_id, now=clock.now())

        assert second_waits_for_first(app, release, sell) == (True, False)
        assert figures(pool_id) == (2, 0)

    def test_it_is_received_by_two_first_deliveries_at_once(self, app: Flask) -> None:
        sku = make.sku()

        def deliver() -> Any:
            return services.receive(
                sku_id=sku.id, quantity=3, reason="Delivery", actor=SYSTEM, now=clock.now()
            ).pool_id

        pool_id, same = second_waits_for_first(app, deliver, deliver)
        assert pool_id == same
        assert figures(pool_id) == (6, 0)
