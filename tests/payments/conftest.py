"""What payments' tests share: the Stripe double, and a record of what was announced."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from groupbuy.payments import signals
from tests.doubles.fixtures import stripe, wechat_pay

__all__ = ["announced", "stripe", "wechat_pay"]


@pytest.fixture
def announced() -> Iterator[list[tuple[str, str]]]:
    """Collect what payments announces: (fact, id of the payment or refund)."""
    heard: list[tuple[str, str]] = []
    facts = (signals.payment_succeeded, signals.refund_succeeded, signals.refund_failed)
    with ExitStack() as stack:
        for fact in facts:
            name = fact.name.removeprefix("payments.")

            def hear(sender: Any, name: str = name, **arguments: Any) -> None:
                heard.append((name, sender.id))

            stack.enter_context(fact.connected_to(hear))
        yield heard
