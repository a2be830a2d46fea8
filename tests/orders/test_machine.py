"""Whatever happens to orders, in any order of events, is what a model of a few lines says."""

import hypothesis
import pytest
from flask import Flask
from hypothesis.stateful import run_state_machine_as_test

from tests.client import Api
from tests.doubles.fixtures import stripe
from tests.doubles.stripe import StripeDouble
from tests.journeys.headquarters import Shop
from tests.orders.machine import PRICE_FEN, UNITS, Orders
from tests.orders.machine_after_sales import OrdersAndAfterSales

__all__ = ["stripe"]


@pytest.fixture
def machine(app: Flask, api: Api, stripe: StripeDouble) -> type[Orders]:
    """The machine with its shop: six eggs and Mei's pickup point."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=PRICE_FEN, units=UNITS)
    point = shop.recruit("mei")["point"]
    api.shopper("bo")
    return type("Machine", (OrdersAndAfterSales,), {"shop": shop, "stripe": stripe, "point": point})


def run(machine: type[Orders], *, examples: int, steps: int, always_the_same: bool = False) -> None:
    run_state_machine_as_test(
        machine,
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=always_the_same,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )


def test_it_does_what_the_model_does(machine: type[Orders]) -> None:
    run(machine, examples=15, steps=20, always_the_same=True)


@pytest.mark.long
def test_it_does_what_the_model_does_however_long(machine: type[Orders]) -> None:
    run(machine, examples=200, steps=50)
