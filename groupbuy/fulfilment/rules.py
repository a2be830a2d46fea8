"""Fulfilment, pure: the tables of moves, and pickup codes."""

import secrets
from collections.abc import Collection
from enum import StrEnum

from groupbuy.kernel.problems import NotInThisState

CODE_DIGITS = 8


class ShipmentState(StrEnum):
    """Where a shipment stands."""

    PREPARING = "preparing"
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived"


class ShipmentAction(StrEnum):
    """What moves a shipment on."""

    DISPATCH = "dispatch"
    ARRIVE = "arrive"


class ParcelState(StrEnum):
    """Where a parcel stands."""

    PREPARING = "preparing"
    IN_TRANSIT = "in_transit"
    READY = "ready"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


SHIPMENT_TRANSITIONS: dict[tuple[ShipmentState, ShipmentAction], ShipmentState] = {
    (ShipmentState.PREPARING, ShipmentAction.DISPATCH): ShipmentState.IN_TRANSIT,
    (ShipmentState.IN_TRANSIT, ShipmentAction.ARRIVE): ShipmentState.ARRIVED,
}

OPEN_PARCELS = (ParcelState.PREPARING, ParcelState.IN_TRANSIT, ParcelState.READY)


def after(state: str, action: ShipmentAction) -> ShipmentState:
    """Return the state an action leads to, or raise NotInThisState."""
    try:
        return SHIPMENT_TRANSITIONS[ShipmentState(state), action]
    except KeyError:
        raise NotInThisState(state=str(state), action=action.value) from None


def new_code(taken: Collection[str]) -> str:
    """Draw an 8-digit code that none of the open parcels of the pickup point has."""
    while True:
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        if code not in taken:
            return code
