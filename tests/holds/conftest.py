"""What holds' tests share."""

import pytest

from tests.client import Api
from tests.factories.holds import open_shop
from tests.journeys.headquarters import Shop


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop that sells eggs."""
    return open_shop(api)


@pytest.fixture
def mei(shop: Shop) -> dict[str, str]:
    """Mei, a leader with a pickup point."""
    return shop.recruit("mei")
