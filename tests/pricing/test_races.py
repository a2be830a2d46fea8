"""Coupons when many ask at once: every interleaving here is forced or really concurrent."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from groupbuy.app.registry import invariants
from groupbuy.kernel import books, clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.problems import Problem
from groupbuy.orders.models import Order
from groupbuy.orders.rules import CancelReason
from groupbuy.orders.services import cancelling, paying, placing
from groupbuy.payments.services import payments
from groupbuy.pricing import services
from groupbuy.pricing.models import Coupon, CouponBatch, Promotion
from groupbuy.pricing.rules import Wanted
from tests.client import Api
from tests.factories import leaders, pricing
from tests.journeys.headquarters import Shop, made
from tests.rivals import at_once, second_waits_for_first

pytestmark = pytest.mark.committed


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with plenty of eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1000, units=100)
    return shop


@pytest.fixture
def point(shop: Shop) -> str:
    """Mei's pickup point."""
    return shop.recruit("mei")["point"]


def books_hold() -> None:
    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken


def place(shop: Shop, point: str, shopper_id: str, total_fen: int, **more: Any) -> Any:
    return placing.place(
        shopper_id=shopper_id,
        lines=[Wanted(shop.skus["Eggs"], 1)],
        group_buy_id=None,
        pickup_point_id=point,
        quote_total_fen=total_fen,
        payable_for=timedelta(minutes=30),
        actor=Actor(kind="shopper", id=shopper_id, role="shopper"),
        now=clock.now(),
        **more,
    ).order.id


def codes(results: list[Any]) -> list[str]:
    return sorted(result.code for result in results if isinstance(result, Problem))


class TestClaiming:
    """Nobody gets more than there are, or than one may have."""

    def claims(self, app: Flask, code: str, shopper_ids: list[str]) -> list[Any]:
        def claim(shopper_id: str) -> Any:
            return services.claim(code=code, shopper_id=shopper_id, now=clock.now()).id

        return at_once(app, [partial(claim, one) for one in shopper_ids])

    def test_it_gives_the_last_coupons_once(self, app: Flask, shop: Shop) -> None:
        of = pricing.batch(quantity=3)
        everybody = [leaders.shopper_id() for _ in range(8)]
        results = self.claims(app, of.public_code or "", everybody)
        assert codes(results) == ["coupons-gone"] * 5
        assert session().get_one(CouponBatch, of.id, populate_existing=True).given == 3
        books_hold()

    def test_it_gives_one_shopper_no_more_than_one_may_have(self, app: Flask, shop: Shop) -> None:
        of = pricing.batch(per_shopper=2)
        bo = leaders.shopper_id("bo")
        results = self.claims(app, of.public_code or "", [bo] * 8)
        assert codes(results) == ["coupon-limit-reached"] * 6
        books_hold()

    def test_it_gives_for_a_personal_code_once(self, app: Flask, shop: Shop) -> None:
        of = pricing.batch()
        with transaction():
            services.make_codes(batch_id=of.id, count=1, actor=SYSTEM, now=clock.now())
        path = f"/hq/coupon-batches/{of.id}/codes"
        [code] = made(shop.hua.get(path), 200)["items"]
        everybody = [leaders.shopper_id() for _ in range(8)]
        results = self.claims(app, code["code"], everybody)
        assert codes(results) == ["coupon-code-unknown"] * 7
        books_hold()

    def test_it_counts_claims_that_an_issue_meets(self, app: Flask, shop: Shop) -> None:
        of = pricing.batch(quantity=1)
        bo, zed = leaders.shopper_id("bo"), leaders.shopper_id("zed")
        with transaction():
            issue = services.start_issue(
                batch_id=of.id, audience={"shopper_ids": [zed]}, actor=SYSTEM, now=clock.now()
            )
        second_waits_for_first(
            app,
            lambda: services.claim(code=of.public_code or "", shopper_id=bo, now=clock.now()),
            lambda: services.advance_issue(issue_id=issue.id, now=clock.now()),
        )
        shown = made(shop.hua.get(f"/hq/coupon-issues/{issue.id}"), 200)
        assert (shown["state"], shown["issued"]) == ("stopped", 0)
        books_hold()


class TestUsing:
    """A coupon is used once, whatever happens around it."""

    def test_it_is_used_once_of_many_attempts(self, app: Flask, shop: Shop, point: str) -> None:
        bo = leaders.shopper_id("bo")
        coupon = pricing.coupon(bo)
        attempt = [lambda: place(shop, point, bo, 500, coupon_id=coupon.id)] * 8
        results = at_once(app, attempt)
        assert codes(results) == ["coupon-not-applicable"] * 7
        books_hold()

    def test_it_is_free_again_for_whoever_waited_for_the_cancellation(
        self, app: Flask, shop: Shop, point: str
    ) -> None:
        bo = leaders.shopper_id("bo")
        coupon = pricing.coupon(bo)
        with transaction():
            order_id = place(shop, point, bo, 500, coupon_id=coupon.id)

        def cancel() -> None:
            cancelling.cancel(
                order_id=order_id, reason=CancelReason.TIMEOUT, actor=SYSTEM, now=clock.now()
            )

        # A quote reads the coupon before the cancellation commits, so it is still held.
        results = at_once(app, [cancel, lambda: place(shop, point, bo, 500, coupon_id=coupon.id)])
        assert set(codes(results)) <= {"coupon-not-applicable"}
        if codes(results):
            with transaction():
                place(shop, point, bo, 500, coupon_id=coupon.id)
        books_hold()

    def test_it_gives_no_place_in_a_promotion_twice(
        self, app: Flask, shop: Shop, point: str
    ) -> None:
        promotion = pricing.reduction(500, orders_max=2)
        everybody = [leaders.shopper_id() for _ in range(6)]
        results = at_once(app, [partial(place, shop, point, one, 500) for one in everybody])
        assert codes(results) == ["quote-changed"] * 4
        problem = next(result for result in results if isinstance(result, Problem))
        assert problem.members["quote"].total_fen == 1000
        session().expire_all()
        assert session().get_one(Promotion, promotion.id).orders_used == 2
        books_hold()


class TestGifts:
    """The last gift."""

    def test_it_tells_whoever_comes_too_late_for_it(
        self, app: Flask, shop: Shop, point: str
    ) -> None:
        bag = shop.stock("Bag", price_fen=300, units=1)
        pricing.gift(bag)
        bo, zed = leaders.shopper_id("bo"), leaders.shopper_id("zed")
        first, second = second_waits_for_first(
            app, partial(place, shop, point, bo, 1000), partial(place, shop, point, zed, 1000)
        )
        assert isinstance(first, str)
        assert (second.code, len(second.members["quote"].lines)) == ("quote-changed", 1)
        with transaction():
            place(shop, point, zed, 1000)
        books_hold()


class TestLatePayment:
    """Money that arrives after expiry, for an order with a coupon."""

    def late(self, shop: Shop, point: str, *, spend: bool) -> tuple[dict[str, Any], Coupon]:
        bo = shop.api.shopper("bo").id
        coupon = pricing.coupon(bo, valid_days=1)
        pricing.reduction(100, orders_max=1, priority=1)
        with transaction():
            order_id = place(shop, point, bo, 400, coupon_id=coupon.id)
            payment = paying.begin_payment(
                order_id=order_id, shopper_id=bo, provider="demo", now=clock.now()
            )
        shop.wait(minutes=30)
        if spend:
            with transaction():
                place(shop, point, bo, 400, coupon_id=coupon.id)
        shop.api.clock.advance(days=1)
        started = payments.start(payment, now=clock.now())
        with transaction():
            payments.record_start(payment_id=payment.id, started=started, now=clock.now())
        run_pending()
        session().expire_all()
        shown = made(shop.hua.get(f"/hq/orders/{order_id}"), 200)
        return shown, session().get_one(Coupon, coupon.id)

    def test_it_uses_the_coupon_after_all_if_it_is_free(self, shop: Shop, point: str) -> None:
        order, coupon = self.late(shop, point, spend=False)
        assert (order["state"], coupon.state, coupon.order_id) == ("paid", "used", order["id"])
        books_hold()

    def test_it_returns_the_money_if_the_coupon_is_spent(self, shop: Shop, point: str) -> None:
        order, coupon = self.late(shop, point, spend=True)
        assert order["state"] == "cancelled"
        assert coupon.order_id != order["id"]
        [payment] = made(shop.hua.get("/hq/payments", reference=order["id"]), 200)["items"]
        assert payment["refunded_fen"] == payment["amount_fen"] == 400
        books_hold()

    def test_it_holds_nothing_if_the_goods_are_gone(
        self, app: Flask, shop: Shop, point: str
    ) -> None:
        bo = shop.api.shopper("bo").id
        coupon = pricing.coupon(bo)
        with transaction():
            order_id = place(shop, point, bo, 500, coupon_id=coupon.id)
            payment = paying.begin_payment(
                order_id=order_id, shopper_id=bo, provider="demo", now=clock.now()
            )
        shop.wait(minutes=30)
        shop.order("zed", None, {"Eggs": 100}, pickup_point_id=point)
        started = payments.start(payment, now=clock.now())
        with transaction():
            payments.record_start(payment_id=payment.id, started=started, now=clock.now())
        run_pending()
        session().expire_all()
        assert session().get_one(Order, order_id).state == "cancelled"
        assert session().get_one(Coupon, coupon.id).state == "claimed"
        books_hold()
