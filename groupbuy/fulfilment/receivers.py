"""What fulfilment does when orders announces a fact."""

from datetime import datetime

from groupbuy.fulfilment import services
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.signals import on
from groupbuy.orders.models import Order
from groupbuy.orders.signals import order_cancelled


@on(order_cancelled)
def take_out_of_parcel(order: Order, now: datetime) -> None:
    """Take the goods out of the parcel that was being prepared."""
    services.take_out(order_ids=[order.id], actor=SYSTEM, now=now)
