"""Leaders over HTTP."""

from groupbuy.leaders.api import people, places, qualifications
from groupbuy.leaders.api.surface import api

__all__ = ["api", "people", "places", "qualifications"]
