"""Planning, hosting and running campaigns."""

from groupbuy.campaigns.services.hosting import host
from groupbuy.campaigns.services.planning import (
    advance,
    advance_one,
    cancel,
    close,
    create,
    edit,
    fulfil,
    return_leftovers,
    schedule,
    unschedule,
)

__all__ = [
    "advance",
    "advance_one",
    "cancel",
    "close",
    "create",
    "edit",
    "fulfil",
    "host",
    "return_leftovers",
    "schedule",
    "unschedule",
]
