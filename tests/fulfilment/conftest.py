"""What the tests of fulfilment share: a shop, and its tables checked after every test."""

from collections.abc import Iterator
from typing import Any

import pytest

from groupbuy.fulfilment.queries import INVARIANTS
from groupbuy.kernel.books import check
from groupbuy.kernel.db import session
from tests.client import Api
from tests.journeys.headquarters import Shop, made


@pytest.fixture(autouse=True)
def _keeps_its_promises(app: Any) -> Iterator[None]:
    """Hold the tables of fulfilment against every invariant after each test."""
    yield
    session().rollback()
    assert [finding for finding in check(INVARIANTS) if finding.faults] == []


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop that sells eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=50)
    return shop


@pytest.fixture
def mei(shop: Shop) -> dict[str, str]:
    """Mei, an accepted leader."""
    return shop.recruit("mei")


@pytest.fixture
def paid(shop: Shop, mei: dict[str, str]) -> dict[str, Any]:
    """Bo's paid order from the house, to be fetched at Mei's."""
    order = shop.order("bo", None, {"Eggs": 2}, pickup_point_id=mei["point"])
    shop.pay("bo", order["id"])
    return order


@pytest.fixture
def arrived(shop: Shop, mei: dict[str, str], paid: dict[str, Any]) -> dict[str, Any]:
    """The order when it can be fetched."""
    shop.deliver(mei["point"])
    return made(shop.api.shopper("bo").get(f"/orders/{paid['id']}"), 200)
