"""Stock: every verb, what it refuses, and that the same verb again changes nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from groupbuy.catalogue.models import Sku
from groupbuy.inventory import queries, services
from groupbuy.inventory.errors import NotEnoughStock, OutOfStock
from groupbuy.inventory.models import HOUSE, StockMovement, StockPool, StockReservation
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.books import check
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput
from tests.factories import catalogue as make
from tests.factories import inventory as stock

pytestmark = pytest.mark.usefixtures("app")

HUA = Actor(kind="staff", id=new_id("stf"), role="operator")


@pytest.fixture
def now(clock: ManualClock) -> datetime:
    return clock.now()


def figures(pool_id: str) -> tuple[int, int]:
    """Return (on hand, reserved) as the database has them."""
    pool = session().get_one(StockPool, pool_id, populate_existing=True)
    return pool.on_hand, pool.reserved


def movements(pool_id: str) -> list[tuple[str, int, str, str]]:
    rows = session().scalars(
        select(StockMovement).where(StockMovement.pool_id == pool_id).order_by(StockMovement.id)
    )
    return [(m.kind, m.delta, m.actor, m.reference) for m in rows]


def states(order_id: str) -> set[str]:
    found = select(StockReservation.state).where(StockReservation.order_id == order_id)
    return set(session().scalars(found))


def in_stock(sku: Sku) -> bool:
    return session().get_one(Sku, sku.id, populate_existing=True).in_stock


def reserved_order(demands: Mapping[str, int], now: datetime) -> str:
    """Reserve for a new order and return its id."""
    order_id = new_id("ord")
    services.reserve(order_id=order_id, demands=demands, now=now)
    return order_id


class TestReceive:
    def test_it_creates_the_house_pool_and_adds_to_it(self, now: datetime) -> None:
        sku = make.sku()
        for quantity in (5, 7):
            movement = services.receive(
                sku_id=sku.id, quantity=quantity, reason="Delivery", actor=HUA, now=now
            )
        pool_id = queries.house_stock([sku.id])[sku.id].pool_id
        assert movement.pool_id == pool_id
        assert figures(pool_id) == (12, 0)
        assert movements(pool_id) == [("receipt", 5, HUA.id, ""), ("receipt", 7, HUA.id, "")]
        assert in_stock(sku)

    def test_it_refuses_nothing_and_less_and_unknown_skus(self, now: datetime) -> None:
        for sku_id, quantity in ((make.sku().id, 0), (make.sku().id, -1), (new_id("sku"), 1)):
            with pytest.raises(InvalidInput):
                services.receive(sku_id=sku_id, quantity=quantity, reason="?", actor=HUA, now=now)


class TestCorrect:
    def correct(self, sku: Sku, delta: int, now: datetime) -> StockMovement:
        return services.correct(sku_id=sku.id, delta=delta, reason="Count", actor=HUA, now=now)

    def test_it_goes_both_ways_and_tells_the_catalogue_at_zero(self, now: datetime) -> None:
        sku = stock.stocked_sku(3)
        pool_id = self.correct(sku, -3, now).pool_id
        assert figures(pool_id) == (0, 0)
        assert not in_stock(sku)
        self.correct(sku, 2, now)
        assert figures(pool_id) == (2, 0)
        assert in_stock(sku)
        assert [delta for _, delta, _, _ in movements(pool_id)] == [3, -3, 2]

    def test_it_cannot_write_off_what_orders_hold(self, now: datetime) -> None:
        sku = make.sku()
        pool_id = stock.receive(sku, 5)
        reserved_order({pool_id: 4}, now)
        with pytest.raises(NotEnoughStock) as refusal:
            self.correct(sku, -2, now)
        assert refusal.value.members == {"sku_id": sku.id}
        assert figures(pool_id) == (5, 4)

    def test_it_refuses_a_sku_that_was_never_received_and_a_delta_of_zero(
        self, now: datetime
    ) -> None:
        with pytest.raises(NotEnoughStock):
            self.correct(make.sku(), -1, now)
        with pytest.raises(InvalidInput):
            self.correct(make.sku(), 0, now)


class TestAllotment:
    OWNER = new_id("cit")

    def allot(self, sku: Sku, quantity: int, now: datetime) -> StockPool:
        return services.allot(
            sku_id=sku.id, owner=self.OWNER, quantity=quantity, actor=HUA, now=now
        )

    def test_it_moves_stock_from_the_house_and_back(self, now: datetime) -> None:
        sku = make.sku()
        house = stock.receive(sku, 10)
        pool = self.allot(sku, 10, now)
        assert (pool.owner, pool.available) == (self.OWNER, 10)
        assert figures(house) == (0, 0)
        assert not in_stock(sku)
        order_id = reserved_order({pool.id: 3}, now)
        assert services.return_allotment(owner=self.OWNER, actor=HUA, now=now) == 7
        assert figures(pool.id) == (3, 3)
        assert figures(house) == (7, 0)
        assert in_stock(sku)
        assert movements(pool.id)[-1] == ("allotment_out", -7, HUA.id, self.OWNER)
        assert movements(house)[-1] == ("allotment_in", 7, HUA.id, self.OWNER)
        services.release(order_id=order_id, now=now)
        assert services.return_allotment(owner=self.OWNER, actor=HUA, now=now) == 3
        assert figures(house) == (10, 0)
        assert figures(pool.id) == (0, 0)

    def test_it_returns_nothing_twice_and_nothing_of_others(self, now: datetime) -> None:
        sku = make.sku()
        house = stock.receive(sku, 10)
        others = stock.allot(sku, new_id("cit"), 2)
        self.allot(sku, 3, now)
        returned = [
            services.return_allotment(owner=self.OWNER, actor=HUA, now=now) for _ in range(2)
        ]
        assert returned == [3, 0]
        assert figures(house) == (8, 0)
        assert figures(others) == (2, 0)

    def test_it_adds_to_an_allotment(self, now: datetime) -> None:
        sku = stock.stocked_sku(10)
        assert self.allot(sku, 2, now).id == self.allot(sku, 3, now).id
        assert self.allot(sku, 1, now).on_hand == 6

    def test_it_refuses_more_than_the_house_has_available(self, now: datetime) -> None:
        sku = make.sku()
        house = stock.receive(sku, 10)
        reserved_order({house: 4}, now)
        with pytest.raises(NotEnoughStock):
            self.allot(sku, 7, now)
        assert figures(house) == (10, 4)


class TestReserve:
    def test_it_puts_aside_what_there_is_and_tells_the_catalogue_at_zero(
        self, now: datetime
    ) -> None:
        sku = make.sku()
        pool_id = stock.receive(sku, 5)
        order_id = reserved_order({pool_id: 4}, now)
        assert figures(pool_id) == (5, 4)
        assert in_stock(sku)
        reserved_order({pool_id: 1}, now)
        assert not in_stock(sku)
        assert states(order_id) == {"held"}
        assert [kind for kind, *_ in movements(pool_id)] == ["receipt"]

    def test_it_names_every_sku_that_there_is_too_little_of(self, now: datetime) -> None:
        skus = [make.sku() for _ in range(4)]
        pools = [stock.receive(sku, 2) for sku in skus]
        demands = dict(zip(pools, (2, 3, 2, 9), strict=True))
        with pytest.raises(OutOfStock) as refusal, transaction():
            reserved_order(demands, now)
        assert refusal.value.members == {"sku_ids": [skus[1].id, skus[3].id]}

    def test_it_leaves_nothing_behind_when_the_entrances_transaction_ends(
        self, now: datetime
    ) -> None:
        pools = [stock.receive(make.sku(), units) for units in (2, 1)]
        with pytest.raises(OutOfStock), transaction():
            reserved_order(dict.fromkeys(pools, 2), now)
        assert [figures(pool_id) for pool_id in pools] == [(2, 0), (1, 0)]

    def test_it_changes_all_pools_in_one_statement(
        self, now: datetime, count_statements: Callable[[], Any]
    ) -> None:
        pools = [stock.receive(make.sku(), 5) for _ in range(3)]
        with count_statements() as statements:
            order_id = reserved_order(dict.fromkeys(reversed(pools), 2), now)
        assert len(statements) == 1
        inserted = session().scalars(
            select(StockReservation.pool_id)
            .where(StockReservation.order_id == order_id)
            .order_by(StockReservation.id)
        )
        assert list(inserted) == sorted(pools)

    def test_it_does_not_touch_the_catalogue_for_a_campaigns_pool(self, now: datetime) -> None:
        sku = stock.stocked_sku(5)
        reserved_order({stock.allot(sku, new_id("cit"), 2): 2}, now)
        assert in_stock(sku)


class TestSettling:
    """sell, release, take_back: each once, however often it is asked."""

    def test_it_sells_what_was_held(self, now: datetime) -> None:
        pool_id = stock.receive(make.sku(), 5)
        order_id = reserved_order({pool_id: 2}, now)
        sold = [services.sell(order_id=order_id, now=now) for _ in range(2)]
        assert sold == [True, False]
        assert figures(pool_id) == (3, 0)
        assert movements(pool_id)[1:] == [("sale", -2, "system", order_id)]
        assert states(order_id) == {"sold"}

    def test_it_releases_what_was_held_and_tells_the_catalogue(self, now: datetime) -> None:
        sku = make.sku()
        pool_id = stock.receive(sku, 2)
        order_id = reserved_order({pool_id: 2}, now)
        released = [services.release(order_id=order_id, now=now) for _ in range(2)]
        assert released == [True, False]
        assert figures(pool_id) == (2, 0)
        assert in_stock(sku)
        assert len(movements(pool_id)) == 1

    def test_it_takes_back_what_was_sold(self, now: datetime) -> None:
        sku = make.sku()
        pool_id = stock.receive(sku, 2)
        order_id = reserved_order({pool_id: 2}, now)
        services.sell(order_id=order_id, now=now)
        assert not in_stock(sku)
        taken = [services.take_back(order_id=order_id, now=now) for _ in range(2)]
        assert taken == [True, False]
        assert figures(pool_id) == (2, 0)
        assert in_stock(sku)
        assert movements(pool_id)[-1] == ("cancellation_return", 2, "system", order_id)
        assert states(order_id) == {"returned"}

    def test_it_never_sells_what_was_released_nor_releases_what_was_sold(
        self, now: datetime
    ) -> None:
        pool_id = stock.receive(make.sku(), 4)
        released, sold = (reserved_order({pool_id: 2}, now) for _ in range(2))
        services.release(order_id=released, now=now)
        services.sell(order_id=sold, now=now)
        assert not services.sell(order_id=released, now=now)
        assert not services.release(order_id=sold, now=now)
        assert not services.take_back(order_id=released, now=now)
        assert figures(pool_id) == (2, 0)


class TestReserveAgain:
    def test_it_holds_a_released_orders_goods_once_more(self, now: datetime) -> None:
        pools = [stock.receive(make.sku(), 2) for _ in range(2)]
        order_id = reserved_order(dict.fromkeys(pools, 2), now)
        services.release(order_id=order_id, now=now)
        again = [services.reserve_again(order_id=order_id, now=now) for _ in range(2)]
        assert again == [True, True]
        assert [figures(pool_id) for pool_id in pools] == [(2, 2), (2, 2)]
        assert states(order_id) == {"held"}
        services.sell(order_id=order_id, now=now)
        assert [figures(pool_id) for pool_id in pools] == [(0, 0), (0, 0)]

    def test_it_takes_all_or_nothing(self, now: datetime) -> None:
        pools = [stock.receive(make.sku(), 2) for _ in range(2)]
        order_id = reserved_order(dict.fromkeys(pools, 2), now)
        services.release(order_id=order_id, now=now)
        reserved_order({pools[1]: 1}, now)
        assert not services.reserve_again(order_id=order_id, now=now)
        assert [figures(pool_id) for pool_id in pools] == [(2, 0), (2, 1)]
        assert states(order_id) == {"released"}

    def test_it_has_nothing_for_orders_that_were_given_back_or_never_came(
        self, now: datetime
    ) -> None:
        order_id = reserved_order({stock.receive(make.sku(), 2): 2}, now)
        services.sell(order_id=order_id, now=now)
        services.take_back(order_id=order_id, now=now)
        assert not services.reserve_again(order_id=order_id, now=now)
        assert not services.reserve_again(order_id=new_id("ord"), now=now)


class TestQueries:
    def test_it_finds_the_houses_pools_only(self) -> None:
        received, never = make.sku(), make.sku()
        house = stock.receive(received)
        stock.allot(received, new_id("cit"))
        levels = queries.house_stock([received.id, never.id])
        assert {sku_id: known.pool_id for sku_id, known in levels.items()} == {received.id: house}
        assert queries.house_stock([]) == {}


class TestBooks:
    """INVARIANTS, against a stand-in for the orders of the domain above."""

    @pytest.fixture
    def orders(self) -> Callable[[str, str], None]:
        session().execute(text("create temp table orders (id uuid primary key, state text)"))

        def add(order_id: str, state: str) -> None:
            session().execute(
                text("insert into orders values (cast(:id as uuid), :state)"),
                {"id": order_id.removeprefix("ord_"), "state": state},
            )

        return add

    def faulty(self) -> set[str]:
        return {found.invariant.name for found in check(queries.INVARIANTS) if found.faults}

    def test_it_holds_after_every_verb(
        self, now: datetime, orders: Callable[[str, str], None]
    ) -> None:
        sku = make.sku()
        house = stock.receive(sku, 20)
        pool = stock.allot(sku, HOUSE + "-2", 5)
        for pool_id in (house, pool):
            held, sold, released, returned = (reserved_order({pool_id: 1}, now) for _ in range(4))
            orders(held, "pending_payment")
            services.sell(order_id=sold, now=now)
            services.release(order_id=released, now=now)
            services.sell(order_id=returned, now=now)
            services.take_back(order_id=returned, now=now)
        services.return_allotment(owner=HOUSE + "-2", actor=SYSTEM, now=now)
        services.correct(sku_id=sku.id, delta=-1, reason="Count", actor=SYSTEM, now=now)
        assert self.faulty() == set()

    @pytest.mark.parametrize("state", [None, "paid", "cancelled"])
    def test_it_finds_goods_held_for_no_order_or_for_one_whose_payment_ended(
        self, now: datetime, orders: Callable[[str, str], None], state: str | None
    ) -> None:
        order_id = reserved_order({stock.receive(make.sku()): 1}, now)
        if state:
            orders(order_id, state)
        assert self.faulty() == {"stock_held_for_unpaid_orders"}

    @pytest.mark.parametrize(
        ("tampering", "fault"),
        [
            ("update stock_pools set on_hand = on_hand + 1", "stock_on_hand_is_its_movements"),
            ("update stock_pools set reserved = 1", "stock_reserved_is_its_reservations"),
            ("update skus set in_stock = false", "stock_shown_is_stock_available"),
        ],
    )
    def test_it_finds_figures_that_were_tampered_with(
        self, orders: Callable[[str, str], None], tampering: str, fault: str
    ) -> None:
        stock.stocked_sku(5)
        session().execute(text(tampering))
        assert self.faulty() == {fault}


class TestDatabase:
    """What PostgreSQL itself refuses."""

    @pytest.mark.parametrize(
        "statement",
        [
            "update stock_pools set on_hand = -1",
            "update stock_pools set reserved = -1",
            "update stock_pools set reserved = on_hand + 1",
            "update stock_movements set delta = delta + 1",
            "delete from stock_movements",
            "truncate stock_movements",
        ],
    )
    def test_it_refuses_impossible_figures_and_rewritten_history(self, statement: str) -> None:
        stock.stocked_sku(5)
        with pytest.raises(DBAPIError):
            session().execute(text(statement))

    def test_it_refuses_a_second_reservation_of_a_pool_for_one_order(self, now: datetime) -> None:
        pool_id = stock.receive(make.sku())
        order_id = reserved_order({pool_id: 1}, now)
        with pytest.raises(DBAPIError):
            services.reserve(order_id=order_id, demands={pool_id: 1}, now=now)
