"""Shipments and parcels, pure: the tables of moves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from groupbuy.kernel.problems import NotInThisState

State = TypeVar("State", bound=StrEnum)
Done = TypeVar("Done", bound=StrEnum)


class ShipmentState(StrEnum):
    """Where a shipment stands."""

    PREPARING = "preparing"
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"


class ShipmentAction(StrEnum):
    """What moves a shipment on."""

    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    CANCEL = "cancel"


class ParcelState(StrEnum):
    """Where a parcel stands."""

    PREPARING = "preparing"
    IN_TRANSIT = "in_transit"
    READY = "ready"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    DISPOSED = "disposed"


SHIPMENT_TRANSITIONS: dict[tuple[ShipmentState, ShipmentAction], ShipmentState] = {
    (ShipmentState.PREPARING, ShipmentAction.DISPATCH): ShipmentState.IN_TRANSIT,
    (ShipmentState.PREPARING, ShipmentAction.CANCEL): ShipmentState.CANCELLED,
    (ShipmentState.IN_TRANSIT, ShipmentAction.ARRIVE): ShipmentState.ARRIVED,
}


class ParcelAction(StrEnum):
    """What moves a parcel on."""

    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    HAND_OVER = "hand_over"
    TAKE_BACK = "take_back"
    CANCEL = "cancel"
    RETURN = "return"
    DISPOSE = "dispose"


PARCEL_TRANSITIONS: dict[tuple[ParcelState, ParcelAction], ParcelState] = {
    (ParcelState.PREPARING, ParcelAction.DISPATCH): ParcelState.IN_TRANSIT,
    (ParcelState.PREPARING, ParcelAction.CANCEL): ParcelState.CANCELLED,
    (ParcelState.IN_TRANSIT, ParcelAction.ARRIVE): ParcelState.READY,
    (ParcelState.READY, ParcelAction.HAND_OVER): ParcelState.HANDED_OVER,
    (ParcelState.READY, ParcelAction.RETURN): ParcelState.RETURNED,
    (ParcelState.READY, ParcelAction.DISPOSE): ParcelState.DISPOSED,
    (ParcelState.HANDED_OVER, ParcelAction.TAKE_BACK): ParcelState.READY,
}

OPEN_PARCELS = (ParcelState.PREPARING, ParcelState.IN_TRANSIT, ParcelState.READY)
ON_THE_WAY = (ShipmentState.PREPARING, ShipmentState.IN_TRANSIT)


def moved(table: Mapping[tuple[State, Done], State], state: str, action: Done) -> State:
    """Return the state that an action leads to by a table of moves, or raise NotInThisState."""
    for (start, known), end in table.items():
        if (start, known) == (state, action):
            return end
    raise NotInThisState(state=str(state), action=action.value)


def after(state: str, action: ShipmentAction) -> ShipmentState:
    """Return the state an action leads a shipment to, or raise NotInThisState."""
    return moved(SHIPMENT_TRANSITIONS, state, action)


def parcel_move(action: ParcelAction) -> tuple[ParcelState, ParcelState]:
    """Return the one state in which an action on a parcel is allowed, and where it leads."""
    ((start, end),) = (
        (start, end) for (start, known), end in PARCEL_TRANSITIONS.items() if known is action
    )
    return start, end
