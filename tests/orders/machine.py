"""Orders, payments, refunds and pickup in any order of events, against a model of a few lines.

Over HTTP and on the real database, money at the Stripe double: payments that come late or after
the order is dead, news of them that come twice, in any order, or after days. What shoppers ask
for after the sale joins in tests/orders/machine_after_sales.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import Connection, select

from groupbuy.app.registry import invariants
from groupbuy.inventory.models import StockPool
from groupbuy.kernel import books
from groupbuy.kernel.db import db, session
from groupbuy.kernel.jobs import run_pending
from tests.client import Answer
from tests.doubles.stripe import StripeDouble
from tests.journeys.headquarters import Shop, made

UNITS, PRICE_FEN = 6, 1_500
PAYABLE_FOR, UNDO_FOR, AFTER_SALE = (
    timedelta(minutes=30),
    timedelta(minutes=10),
    timedelta(hours=24),
)
LOGGED_IN = timedelta(days=19)
"""So long may a story last; then Bo logs in again, which the savepoint would take back."""

NOT_SHIPPED = ("paid", "preparing")


@dataclass
class Bought:
    """What the model knows of one order."""

    id: str
    line: str
    quantity: int
    expires_at: datetime
    state: str = "pending_payment"
    reason: str | None = None
    intent: str = ""
    taken_fen: int = 0
    heard: bool = False
    given_back_fen: int = 0
    refunded_fen: int = 0
    returned: int = 0
    held_fen: int = 0
    held: int = 0
    redemption: str = ""
    picked_up_at: datetime | None = None

    @property
    def total_fen(self) -> int:
        return self.quantity * PRICE_FEN

    def worth_of(self, units: int) -> int:
        """What so many units bring back: the last ones, all that is left."""
        left = self.total_fen - self.refunded_fen - self.held_fen
        last = self.returned + self.held + units >= self.quantity
        return left if last else min(units * PRICE_FEN, left)

    def has_left(self, fen: int, units: int) -> bool:
        fits = self.returned + self.held + units <= self.quantity
        return fits and 0 < fen <= self.total_fen - self.refunded_fen - self.held_fen


class Orders(RuleBasedStateMachine):
    """The shop, and beside it the model: `on_hand`, `reserved`, and the orders."""

    shop: Shop
    stripe: StripeDouble
    point: str

    def __init__(self) -> None:
        super().__init__()
        db.session.remove()
        self._savepoint = cast(Connection, db.engine).begin_nested()
        self.start = self.shop.api.clock.now()
        self.on_hand, self.reserved = UNITS, 0
        self.orders: list[Bought] = []
        self.news: list[dict[str, Any]] = []

    def teardown(self) -> None:
        broken = [finding for finding in books.check(invariants()) if finding.faults]
        db.session.remove()
        self._savepoint.rollback()
        self.shop.api.clock.at = self.start
        assert not broken, broken

    @property
    def now(self) -> datetime:
        return self.shop.api.clock.now()

    def some(self, number: int) -> Bought:
        return self.orders[number % len(self.orders)]

    def bo(self, path: str, body: Any = None) -> Answer:
        return self.shop.api.shopper("bo").post(path, body)

    def settle(self) -> None:
        """Do what waits to be done."""
        run_pending()

    @rule(quantity=st.integers(1, 4))
    def place(self, quantity: int) -> None:
        body = {
            "lines": [{"sku_id": self.shop.skus["Eggs"], "quantity": quantity}],
            "pickup_point_id": self.point,
            "quote_total_fen": quantity * PRICE_FEN,
        }
        answer = self.bo("/orders", body)
        if quantity > self.on_hand - self.reserved:
            assert refusal(answer) == (409, "out-of-stock")
            return
        placed = made(answer)
        self.reserved += quantity
        until = self.now + PAYABLE_FOR
        self.orders.append(Bought(placed["id"], placed["lines"][0]["id"], quantity, until))

    @precondition(lambda self: self.orders)
    @rule(number=st.integers(0, 99))
    def begin_to_pay(self, number: int) -> None:
        order = self.some(number)
        answer = self.bo(f"/orders/{order.id}/payment")
        if order.state != "pending_payment":
            assert refusal(answer) == (409, "not-in-this-state")
        elif self.now >= order.expires_at:
            assert refusal(answer) == (409, "order-expired")
        else:
            secret = made(answer, 200)["client_parameters"]["client_secret"]
            assert order.intent in ("", secret.split("_secret_")[0])
            order.intent = secret.split("_secret_")[0]

    @precondition(lambda self: any(o.intent and not o.taken_fen for o in self.orders))
    @rule(number=st.integers(0, 99), declined=st.booleans())
    def pay_at_stripe(self, number: int, declined: bool) -> None:
        waiting = [o for o in self.orders if o.intent and not o.taken_fen]
        order = waiting[number % len(waiting)]
        if declined:
            self.news.append(self.stripe.decline(order.intent))
            return
        self.news.append(self.stripe.pay(order.intent))
        order.taken_fen = order.total_fen

    @precondition(lambda self: self.news)
    @rule(numbers=st.lists(st.integers(0, 99), min_size=1, max_size=4))
    def hear(self, numbers: list[int]) -> None:
        """News come in any order and as often as they like; they are handled one by one."""
        client = self.shop.api.app.test_client()
        for number in numbers:
            event = self.news[number % len(self.news)]
            sent = self.stripe.signed(event)
            answer = client.post("/webhooks/stripe", data=sent.body, headers=sent.headers)
            assert answer.status_code == 200
            run_pending()
            [order] = [o for o in self.orders if o.intent == event["data"]["object"]["id"]]
            if event["type"] == "payment_intent.succeeded" and not order.heard:
                order.heard = True
                self._money_came(order)

    def _money_came(self, order: Bought) -> None:
        if order.state == "pending_payment":
            self.reserved -= order.quantity
            self.on_hand -= order.quantity
            order.state = "paid"
        elif order.reason == "timeout" and order.quantity <= self.on_hand - self.reserved:
            self.on_hand -= order.quantity
            order.state, order.reason = "paid", None
        else:
            order.given_back_fen = order.taken_fen

    @precondition(lambda self: self.orders)
    @rule(number=st.integers(0, 99))
    def cancel(self, number: int) -> None:
        order = self.some(number)
        answer = self.bo(f"/orders/{order.id}/cancellation")
        if order.state not in ("pending_payment", *NOT_SHIPPED):
            assert refusal(answer) == (409, "not-in-this-state")
            return
        assert answer.status_code == 200, answer.text
        run_pending()
        if order.state == "pending_payment":
            self.reserved -= order.quantity
        else:
            self.on_hand += order.quantity
            order.given_back_fen = order.refunded_fen = order.total_fen
        order.state, order.reason = "cancelled", "shopper"
        self._payment_is_called_off(order)
        self.everything_went_back(order)

    def _payment_is_called_off(self, order: Bought) -> None:
        """Who calls a payment off at the provider hears that it was made, before any news of it."""
        if order.taken_fen and not order.heard:
            order.heard = True
            self._money_came(order)

    def everything_went_back(self, order: Bought) -> None:
        """Hear that an order was cancelled; who holds a part of it lets go."""

    @precondition(lambda self: self.orders)
    @rule(number=st.integers(0, 99), units=st.integers(1, 3))
    def refund_units(self, number: int, units: int) -> None:
        order = self.some(number)
        self._refund(order, {"quantity": units}, order.worth_of(units), units)

    @precondition(lambda self: self.orders)
    @rule(number=st.integers(0, 99), fen=st.integers(1, 2 * PRICE_FEN))
    def refund_amount(self, number: int, fen: int) -> None:
        self._refund(self.some(number), {"amount_fen": fen}, fen, 0)

    def _refund(self, order: Bought, part: dict[str, int], fen: int, units: int) -> None:
        line = {"order_line_id": order.line, **part}
        body = {"order_id": order.id, "lines": [line], "reason": "bruised"}
        answer = self.shop.hua.post("/hq/refunds", body)
        run_pending()
        bought = order.heard and not (order.state == "cancelled" and not order.refunded_fen)
        if not bought:
            assert refusal(answer) == (409, "nothing-to-refund")
            return
        if not order.has_left(fen, units):
            assert refusal(answer) == (409, "refund-exceeds-line")
            return
        assert made(answer)["amount_fen"] == fen
        self.money_went_back(order, fen, units)

    def money_went_back(self, order: Bought, fen: int, units: int) -> None:
        order.refunded_fen += fen
        order.given_back_fen += fen
        order.returned += units
        if order.refunded_fen == order.total_fen:
            order.returned = order.quantity
            if order.state in NOT_SHIPPED:
                order.state, order.reason = "cancelled", "staff"
                self.on_hand += order.quantity

    @precondition(lambda self: any(o.state == "paid" for o in self.orders))
    @rule()
    def bring_the_goods(self) -> None:
        self.shop.deliver(self.point)
        for order in self.orders:
            if order.state == "paid":
                order.state = "ready_for_pickup"

    @precondition(lambda self: any(o.state == "ready_for_pickup" for o in self.orders))
    @rule(number=st.integers(0, 99))
    def hand_over(self, number: int) -> None:
        ready = [o for o in self.orders if o.state == "ready_for_pickup"]
        order = ready[number % len(ready)]
        shown = made(self.shop.api.shopper("bo").get(f"/orders/{order.id}"), 200)
        body = {"pickup_point_id": self.point, "code": shown["pickup_code"]}
        answer = self.shop.api.shopper("mei").post("/leader/redemptions", body)
        if order.refunded_fen == order.total_fen:
            assert answer.status_code == 409, answer.text
            return
        order.redemption = made(answer)["id"]
        order.state, order.picked_up_at = "picked_up", self.now

    @precondition(lambda self: any(o.picked_up_at for o in self.orders))
    @rule(number=st.integers(0, 99))
    def undo(self, number: int) -> None:
        given = [o for o in self.orders if o.picked_up_at]
        order = given[number % len(given)]
        path = f"/leader/redemptions/{order.redemption}/undo"
        answer = self.shop.api.shopper("mei").post(path)
        assert order.picked_up_at is not None
        if order.state != "picked_up" or self.now >= order.picked_up_at + UNDO_FOR:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 200, answer.text
        order.state, order.picked_up_at = "ready_for_pickup", None

    @rule(minutes=st.sampled_from([1, 9, 31, 24 * 60, 8 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        if self.now + timedelta(minutes=minutes) > self.start + LOGGED_IN:
            return
        self.shop.wait(minutes=minutes)
        self.time_went_by()
        waiting = [order for order in self.orders if order.state == "pending_payment"]
        expired = [order for order in waiting if self.now >= order.expires_at]
        for order in expired:
            order.state, order.reason = "cancelled", "timeout"
            self.reserved -= order.quantity
        for order in expired:
            self._payment_is_called_off(order)
        for order in self.orders:
            gone = order.picked_up_at and self.now >= order.picked_up_at + AFTER_SALE
            if order.state == "picked_up" and gone and not self.waits_for_us(order):
                order.state = "completed"
            if order.state == "ready_for_pickup" and order.refunded_fen == order.total_fen:
                # Nobody will fetch it: it is put back.
                order.state = "completed"

    def time_went_by(self) -> None:
        """Do what the clock does before orders are completed."""

    def waits_for_us(self, order: Bought) -> bool:
        """Tell whether something keeps the order from its completion."""
        return False

    @invariant()
    def stock_is_as_in_the_model(self) -> None:
        db.session.remove()
        found = session().execute(select(StockPool.on_hand, StockPool.reserved)).one()
        assert tuple(found) == (self.on_hand, self.reserved)

    @invariant()
    def orders_are_as_in_the_model(self) -> None:
        for order in self.orders:
            shown = made(self.shop.api.shopper("bo").get(f"/orders/{order.id}"), 200)
            found = shown["state"], shown["cancel_reason"], shown["refunded_fen"]
            assert found == (order.state, order.reason, order.refunded_fen), order

    @invariant()
    def money_is_as_in_the_model(self) -> None:
        for order in self.orders:
            back = sum(
                refund["amount"]
                for refund in self.stripe.refunds.values()
                if refund["payment_intent"] == order.intent
            )
            assert back == order.given_back_fen, order
            assert back <= order.taken_fen


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json.get("code", "")
