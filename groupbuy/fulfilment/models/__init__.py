"""Tables of fulfilment."""

from groupbuy.fulfilment.models.parcels import Parcel, ParcelOrder, Shipment, Shortage
from groupbuy.fulfilment.models.pickup import PickupProxy, Redemption
from groupbuy.fulfilment.models.routes import Route, RouteStop
from groupbuy.fulfilment.models.unclaimed import UnclaimedMove, UnclaimedParcel

__all__ = [
    "Parcel",
    "ParcelOrder",
    "PickupProxy",
    "Redemption",
    "Route",
    "RouteStop",
    "Shipment",
    "Shortage",
    "UnclaimedMove",
    "UnclaimedParcel",
]
