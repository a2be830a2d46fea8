"""A provider on a stage: the party behind it, what people do there, what it then tells us."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from flask import Flask

from groupbuy.kernel import clock, jobs
from groupbuy.kernel.db import transaction
from groupbuy.payments import services
from groupbuy.payments.models import Payment
from groupbuy.payments.providers.interface import ProviderStatus
from groupbuy.payments.providers.wechat_pay import number_of
from groupbuy.payments.rules.states import PaymentState
from tests.doubles.server import Fault
from tests.doubles.stripe import Delivery, StripeDouble, Thing
from tests.doubles.wechat_pay import WeChatPayDouble

Order = Callable[[list[Any]], Iterable[Any]]


class Stage(ABC):
    """What the contract tests need to know of a provider."""

    name: ClassVar[str]

    @abstractmethod
    def pay(self, payment: Payment, *, received: int | None = None) -> None:
        """Let the shopper pay there; nobody has told us yet."""

    @abstractmethod
    def tell(self, *, times: int = 1, order: Order = list) -> None:
        """Let it tell what happened since, so often and in this order, and let our jobs run."""

    @abstractmethod
    def fail_next(self, fault: Fault) -> bool:
        """Let something go wrong with the next request; False if there is no network at all."""

    @abstractmethod
    def given_back(self) -> list[int]:
        """Return what it gave back, in fen."""


class DemoStage(Stage):
    name = "demo"

    def __init__(self) -> None:
        self.told: list[ProviderStatus] = []
        self.back: list[int] = []

    def pay(self, payment: Payment, *, received: int | None = None) -> None:
        self.told.append(
            ProviderStatus(
                provider_ref=f"demo_{payment.id}",
                payment_id=payment.id,
                state=PaymentState.SUCCEEDED,
                amount_fen=payment.amount_fen if received is None else received,
                currency=payment.currency,
            )
        )

    def tell(self, *, times: int = 1, order: Order = list) -> None:
        fresh, self.told = self.told * times, []
        for status in order(fresh):
            with transaction():
                services.record_status(
                    payment_id=str(status.payment_id), status=status, now=clock.now()
                )
        jobs.run_pending()

    def fail_next(self, fault: Fault) -> bool:
        return False

    def given_back(self) -> list[int]:
        return self.back


class RemoteStage(Stage):
    """A provider with a double behind it."""

    double: StripeDouble | WeChatPayDouble

    def __init__(self, app: Flask, double: Any) -> None:
        self.app, self.double = app, double

    def tell(self, *, times: int = 1, order: Order = list) -> None:
        self.deliver(*self.double.webhooks(times=times, order=order))
        jobs.run_pending()

    def deliver(self, *deliveries: Delivery) -> list[int]:
        client = self.app.test_client(use_cookies=False)
        path = f"/webhooks/{self.name}"
        answers = [client.post(path, data=one.body, headers=one.headers) for one in deliveries]
        assert {answer.status_code for answer in answers} <= {200, 204}
        return [answer.status_code for answer in answers]

    def fail_next(self, fault: Fault) -> bool:
        self.double.script(fault)
        return True


class StripeStage(RemoteStage):
    name = "stripe"
    double: StripeDouble

    def pay(self, payment: Payment, *, received: int | None = None) -> None:
        self.double.pay(str(payment.provider_ref), received=received)

    def given_back(self) -> list[int]:
        return [refund["amount"] for refund in self.double.refunds.values()]

    def unknown(self) -> Thing:
        return self.double.event("payment_intent.succeeded", self._intent())

    def _intent(self) -> Thing:
        return {
            "id": "pi_unknown",
            "amount": 1,
            "amount_received": 1,
            "currency": "cny",
            "status": "succeeded",
            "metadata": {},
        }


class WeChatStage(RemoteStage):
    name = "wechatpay"
    double: WeChatPayDouble

    def pay(self, payment: Payment, *, received: int | None = None) -> None:
        self.double.pay(number_of(payment.id), received=received)

    def given_back(self) -> list[int]:
        return [refund["amount"]["refund"] for refund in self.double.refunds.values()]

    def unknown(self) -> Thing:
        told = {
            "mchid": "1900000001",
            "appid": "wx-double-app",
            "out_trade_no": "f" * 32,
            "trade_state": "SUCCESS",
            "amount": {"total": 1, "currency": "CNY"},
        }
        return self.double.event("TRANSACTION.SUCCESS", told)
