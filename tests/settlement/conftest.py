"""Mei's stall."""

import pytest
from flask import Flask

from tests.factories import commissions
from tests.factories.commissions import Stall


@pytest.fixture
def mei(app: Flask) -> Stall:
    """Mei's stall, under the plan of the design's anchor cases."""
    commissions.published()
    return commissions.stall()
