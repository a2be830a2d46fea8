"""Fulfilment over HTTP: a file and an `Api` for each resource."""

from groupbuy.fulfilment.api.lists import api as lists
from groupbuy.fulfilment.api.pickup import api as pickup
from groupbuy.fulfilment.api.purchases import api as purchases
from groupbuy.fulfilment.api.routes import api as routes
from groupbuy.fulfilment.api.shipments import api as shipments
from groupbuy.fulfilment.api.unclaimed import api as unclaimed

__all__ = ["lists", "pickup", "purchases", "routes", "shipments", "unclaimed"]
