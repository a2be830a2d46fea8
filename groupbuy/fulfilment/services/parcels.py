"""Moving parcels from state to state."""

from datetime import datetime

from sqlalchemy import ColumnElement, update

from groupbuy.fulfilment.models import Parcel
from groupbuy.fulfilment.rules.parcels import ParcelAction, parcel_move
from groupbuy.kernel.db import session


def move_parcels(
    *, action: ParcelAction, which: ColumnElement[bool], **facts: datetime
) -> list[str]:
    """Move those parcels that are in the action's state; return their ids, ascending.

    `facts` are further columns to set.
    """
    before, target = parcel_move(action)
    moved = session().scalars(
        update(Parcel)
        .where(which, Parcel.state == before)
        .values(state=target, **facts)
        .returning(Parcel.id)
        .execution_options(synchronize_session="fetch")
    )
    return sorted(moved)
