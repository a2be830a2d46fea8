"""Orders over HTTP: a file and an `Api` for each resource."""

from groupbuy.orders.api.after_sales import api as after_sales
from groupbuy.orders.api.carts import api as carts
from groupbuy.orders.api.closings import api as closings
from groupbuy.orders.api.corrections import api as corrections
from groupbuy.orders.api.orders import api as orders

__all__ = ["after_sales", "carts", "closings", "corrections", "orders"]
