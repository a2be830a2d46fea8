"""Orders over HTTP: a file and an `Api` for each resource."""

from groupbuy.orders.api.orders import api as orders

__all__ = ["orders"]
