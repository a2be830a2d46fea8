"""The machine of tests/orders/machine.py, with what shoppers ask for after the sale."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.client import Answer
from tests.journeys.headquarters import made
from tests.orders.machine import AFTER_SALE, NOT_SHIPPED, PRICE_FEN, Bought, Orders, refusal

DECIDED_WITHIN, RETURNED_WITHIN = timedelta(hours=48), timedelta(days=7)
SMALL_FEN = 5_000
HELD = ("requested", "returning")
ASKABLE = (*NOT_SHIPPED, "ready_for_pickup", "picked_up")


@dataclass
class Asked:
    """What the model knows of one after-sale."""

    id: str
    order: Bought
    units: int
    fen: int
    decide_by: datetime
    state: str = "requested"
    return_by: datetime | None = None
    escalated: bool = False
    by_the_clock: bool = False


class OrdersAndAfterSales(Orders):
    """Beside the orders: `asked`, every after-sale in the order in which it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []

    def waiting(self, number: int, *states: str) -> Asked:
        found = [case for case in self.asked if case.state in states]
        return found[number % len(found)]

    @rule(quantity=st.integers(1, 4), fetched=st.booleans())
    def buy(self, quantity: int, fetched: bool) -> None:
        """Go the straight way from an order to the goods: most that is asked for comes after it."""
        bought = len(self.orders)
        self.place(quantity)
        if len(self.orders) == bought:
            return
        order = self.orders[-1]
        self.begin_to_pay(bought)
        self.news.append(self.stripe.pay(order.intent))
        order.taken_fen = order.total_fen
        self.hear([len(self.news) - 1])
        if fetched:
            self.bring_the_goods()
            ready = [o for o in self.orders if o.state == "ready_for_pickup"]
            self.hand_over(ready.index(order))

    @precondition(lambda self: self.orders)
    @rule(number=st.integers(0, 99), units=st.integers(1, 3))
    def ask_for_units(self, number: int, units: int) -> None:
        order = self.some(number)
        self._ask(order, {"quantity": units}, order.worth_of(units), units)

    @precondition(lambda self: self.orders)
    @rule(number=st.integers(0, 99), fen=st.integers(1, 2 * PRICE_FEN))
    def ask_for_an_amount(self, number: int, fen: int) -> None:
        self._ask(self.some(number), {"amount_fen": fen}, fen, 0)

    def _ask(self, order: Bought, part: dict[str, int], fen: int, units: int) -> None:
        body = {"lines": [{"order_line_id": order.line, **part}], "reason": "damaged"}
        answer = self.bo(f"/orders/{order.id}/after-sales", body)
        late = order.picked_up_at is not None and self.now >= order.picked_up_at + AFTER_SALE
        if late or order.state == "completed":
            assert refusal(answer) == (409, "after-sale-over")
        elif order.state not in ASKABLE:
            assert refusal(answer) == (409, "not-in-this-state")
        elif not order.has_left(fen, units):
            assert refusal(answer) == (409, "refund-exceeds-line")
        else:
            case = made(answer)
            assert case["amount_fen"] == fen
            order.held_fen += fen
            order.held += units
            by = self.now + DECIDED_WITHIN
            self.asked.append(Asked(case["id"], order, units, fen, by))

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 99))
    def withdraw(self, number: int) -> None:
        case = self.asked[number % len(self.asked)]
        answer = self.bo(f"/after-sales/{case.id}/withdrawal", {"reason": ""})
        self._end(case, answer, "withdrawn")

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 99))
    def reject(self, number: int) -> None:
        case = self.asked[number % len(self.asked)]
        answer = self._staff(case, "rejection", {"reason": "as it should be"})
        self._end(case, answer, "rejected")

    def _end(self, case: Asked, answer: Answer, state: str) -> None:
        if case.state not in HELD:
            assert refusal(answer) == (409, "not-in-this-state")
            return
        assert answer.status_code == 200, answer.text
        self._let_go(case, state)

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 99), return_needed=st.booleans())
    def approve(self, number: int, return_needed: bool) -> None:
        case = self.asked[number % len(self.asked)]
        answer = self._staff(case, "approval", {"return_needed": return_needed})
        if case.state != "requested":
            assert refusal(answer) == (409, "not-in-this-state")
        elif return_needed and case.order.state not in ("picked_up", "completed"):
            assert refusal(answer) == (409, "nothing-to-return")
        elif return_needed:
            assert answer.status_code == 200, answer.text
            case.state, case.return_by = "returning", self.now + RETURNED_WITHIN
        else:
            assert answer.status_code == 200, answer.text
            self._paid_back(case)

    @precondition(lambda self: any(case.state == "returning" for case in self.asked))
    @rule(number=st.integers(0, 99))
    def take_goods_back(self, number: int) -> None:
        case = self.waiting(number, "returning")
        assert self._staff(case, "return-received", None).status_code == 200
        self._paid_back(case)

    def _staff(self, case: Asked, verb: str, body: Any) -> Answer:
        answer = self.shop.hua.post(f"/hq/after-sales/{case.id}/{verb}", body)
        self.settle()
        return answer

    def _paid_back(self, case: Asked) -> None:
        self._let_go(case, "refunded")
        self.money_went_back(case.order, case.fen, case.units)

    def _let_go(self, case: Asked, state: str) -> None:
        case.state = state
        case.order.held_fen -= case.fen
        case.order.held -= case.units

    def everything_went_back(self, order: Bought) -> None:
        for case in self.asked:
            if case.order is order and case.state in HELD:
                self._let_go(case, "withdrawn")

    def time_went_by(self) -> None:
        self.shop.wait(minutes=0)
        for case in self.asked:
            if case.state == "returning" and case.return_by and self.now >= case.return_by:
                self._let_go(case, "withdrawn")
            overdue = case.state == "requested" and self.now >= case.decide_by
            if overdue and not case.escalated:
                self._decide_by_the_clock(case)

    def _decide_by_the_clock(self, case: Asked) -> None:
        before = sum(
            other.fen for other in self.asked if other.order is case.order and other.by_the_clock
        )
        if case.fen + before <= SMALL_FEN:
            case.by_the_clock = True
            self._paid_back(case)
        else:
            case.escalated = True

    def waits_for_us(self, order: Bought) -> bool:
        return any(case.order is order and case.state in HELD for case in self.asked)

    @invariant()
    def after_sales_are_as_in_the_model(self) -> None:
        for case in self.asked:
            shown = made(self.shop.api.shopper("bo").get(f"/after-sales/{case.id}"), 200)
            assert shown["state"] == case.state, case
