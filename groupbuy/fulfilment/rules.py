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


class ParcelAction(StrEnum):
    """What moves a parcel on."""

    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    HAND_OVER = "hand_over"
    TAKE_BACK = "take_back"
    CANCEL = "cancel"


PARCEL_TRANSITIONS: dict[tuple[ParcelState, ParcelAction], ParcelState] = {
    (ParcelState.PREPARING, ParcelAction.DISPATCH): ParcelState.IN_TRANSIT,
    (ParcelState.PREPARING, ParcelAction.CANCEL): ParcelState.CANCELLED,
    (ParcelState.IN_TRANSIT, ParcelAction.ARRIVE): ParcelState.READY,
    (ParcelState.READY, ParcelAction.HAND_OVER): ParcelState.HANDED_OVER,
    (ParcelState.HANDED_OVER, ParcelAction.TAKE_BACK): ParcelState.READY,
}

OPEN_PARCELS = (ParcelState.PREPARING, ParcelState.IN_TRANSIT, ParcelState.READY)


def after(state: str, action: ShipmentAction) -> ShipmentState:
    """Return the state an action leads to, or raise NotInThisState."""
    try:
        return SHIPMENT_TRANSITIONS[ShipmentState(state), action]
    except KeyError:
        raise NotInThisState(state=str(state), action=action.value) from None


def parcel_move(action: ParcelAction) -> tuple[ParcelState, ParcelState]:
    """Return the one state in which an action on a parcel is allowed, and where it leads."""
    ((start, end),) = (
        (start, end) for (start, known), end in PARCEL_TRANSITIONS.items() if known is action
    )
    return start, end


def new_code(taken: Collection[str]) -> str:
    """Draw an 8-digit code that none of the open parcels of the pickup point has."""
    while True:
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        if code not in taken:
            return code
