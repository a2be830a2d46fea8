"""Packing, shipping, arriving, handing over; and what nobody fetches."""

from groupbuy.fulfilment.services.packing import (
    add_orders,
    cancel_shipment,
    create_shipment,
    remove_order,
    take_out,
)
from groupbuy.fulfilment.services.pickup import name_proxy, redeem, revoke_proxy, undo
from groupbuy.fulfilment.services.purchases import (
    close_purchase,
    fix_purchase,
    receive_purchase,
)
from groupbuy.fulfilment.services.routes import assign_route, create_route, edit_route
from groupbuy.fulfilment.services.shipping import (
    arrive,
    dispatch,
    edit_shipment,
    record_shortages,
)
from groupbuy.fulfilment.services.unclaimed import (
    advance,
    dispose,
    extend,
    put_back,
    refund,
    remind,
)

__all__ = [
    "add_orders",
    "advance",
    "arrive",
    "assign_route",
    "cancel_shipment",
    "close_purchase",
    "create_route",
    "create_shipment",
    "dispatch",
    "dispose",
    "edit_route",
    "edit_shipment",
    "extend",
    "fix_purchase",
    "name_proxy",
    "put_back",
    "receive_purchase",
    "record_shortages",
    "redeem",
    "refund",
    "remind",
    "remove_order",
    "revoke_proxy",
    "take_out",
    "undo",
]
