"""What tests of orders share: Mei's open group buy and Bo's orders in it."""

from typing import Any

import pytest

from groupbuy.kernel import clock
from groupbuy.kernel.db import session, transaction
from groupbuy.payments.models import PaymentRefund
from groupbuy.payments.providers.interface import RefundStatus
from groupbuy.payments.rules.states import RefundState
from groupbuy.payments.services import record_refund_result
from tests.client import Answer, Api
from tests.journeys.headquarters import Shop, made


@pytest.fixture
def stand(api: Api) -> "Stand":
    """Mei's open group buy: strawberries at 19.90, eggs at 12.00."""
    return Stand(api)


class Stand(Shop):
    """A shop with Mei's group buy; what tests of after-sales do again and again."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.stock("Strawberries", price_fen=2990, units=100)
        self.stock("Eggs", price_fen=1500, units=100)
        self.mei = self.recruit("mei")
        self.sale = self.campaign({"Strawberries": 1990, "Eggs": 1200}, allotment=60)
        self.group_buy = str(self.host("mei", self.sale, self.mei)["id"])
        self.wait(hours=1)

    def paid(self, name: str = "bo", **basket: int) -> dict[str, Any]:
        """Return a paid order of a shopper: 3 strawberries and 2 eggs unless said otherwise."""
        order = self.order(name, self.group_buy, basket or {"Strawberries": 3, "Eggs": 2})
        self.pay(name, order["id"])
        return order

    def picked_up(self, name: str = "bo", **basket: int) -> dict[str, Any]:
        """Return an order that was handed over."""
        order = self.paid(name, **basket)
        self.deliver(self.mei["point"])
        self.hand_over("mei", name, order["id"])
        return order

    def line(self, order: dict[str, Any], title: str) -> str:
        """Return the id of a line."""
        return next(str(line["id"]) for line in order["lines"] if line["title"] == title)

    def ask(
        self, order: dict[str, Any], *, name: str = "bo", reason: str = "damaged", **wanted: int
    ) -> Answer:
        """Ask for units of lines: `Eggs=1`."""
        lines = [
            {"order_line_id": self.line(order, title), "quantity": units}
            for title, units in wanted.items()
        ]
        body = {"lines": lines, "reason": reason, "words": "broken in the box"}
        return self.api.shopper(name).post(f"/orders/{order['id']}/after-sales", body)

    def asked(self, order: dict[str, Any], **wanted: Any) -> dict[str, Any]:
        """Ask, and return the after-sale."""
        return made(self.ask(order, **wanted))

    def decide(self, case: dict[str, Any], decision: str, **body: Any) -> dict[str, Any]:
        """Decide on an after-sale as headquarters."""
        answer = self.hua.post(f"/hq/after-sales/{case['id']}/{decision}", body or None)
        return made(answer, 200)

    def case(self, case: dict[str, Any]) -> dict[str, Any]:
        """Return an after-sale as headquarters sees it now."""
        return made(self.hua.get(f"/hq/after-sales/{case['id']}"), 200)

    def shown(self, order: dict[str, Any], name: str = "bo") -> dict[str, Any]:
        """Return an order as its shopper sees it now."""
        return made(self.api.shopper(name).get(f"/orders/{order['id']}"), 200)

    def refuse_refunds(self) -> None:
        """Let the provider refuse, for good, every refund that is under way."""
        for refund in session().query(PaymentRefund).filter(PaymentRefund.settled_at.is_(None)):
            status = RefundStatus(
                None, refund.id, RefundState.FAILED, refund.amount_fen, "account closed"
            )
            with transaction():
                record_refund_result(refund_id=refund.id, status=status, now=clock.now())
