"""Tables of fulfilment."""

from groupbuy.fulfilment.models.parcels import Parcel, ParcelOrder, Shipment, Shortage
from groupbuy.fulfilment.models.pickup import PickupProxy, Redemption
from groupbuy.fulfilment.models.purchases import (
    PurchaseClosing,
    PurchaseLine,
    PurchaseOrder,
    PurchaseReceipt,
)
from groupbuy.fulfilment.models.routes import Route, RouteStop
from groupbuy.fulfilment.models.unclaimed import UnclaimedMove, UnclaimedParcel

__all__ = [
    "Parcel",
    "ParcelOrder",
    "PickupProxy",
    "PurchaseClosing",
    "PurchaseLine",
    "PurchaseOrder",
    "PurchaseReceipt",
    "Redemption",
    "Route",
    "RouteStop",
    "Shipment",
    "Shortage",
    "UnclaimedMove",
    "UnclaimedParcel",
]
