"""What fulfilment does when orders announces a fact."""

from datetime import datetime

from groupbuy.fulfilment import services
from groupbuy.kernel.signals import on
from groupbuy.orders.models import Order
from groupbuy.orders.signals import order_cancelled


@on(order_cancelled)
def cancel_parcel(order: Order, now: datetime) -> None:
    """Take the goods out of the shipment that was being prepared."""
    services.cancel_parcel(order_id=order.id)
