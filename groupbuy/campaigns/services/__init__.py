"""Planning, hosting and running campaigns."""

from groupbuy.campaigns.services.closing import (
    advance,
    advance_one,
    close,
    decide,
    fulfil,
    record_settled,
    reopen_settling,
    return_leftovers,
)
from groupbuy.campaigns.services.counting import hold_group_buys, record_counts
from groupbuy.campaigns.services.hosting import host
from groupbuy.campaigns.services.moving import locked
from groupbuy.campaigns.services.planning import create, edit, schedule, unschedule
from groupbuy.campaigns.services.requiring import drop_requirement, require
from groupbuy.campaigns.services.running import cancel, raise_allotment

__all__ = [
    "advance",
    "advance_one",
    "cancel",
    "close",
    "create",
    "decide",
    "drop_requirement",
    "edit",
    "fulfil",
    "hold_group_buys",
    "host",
    "locked",
    "raise_allotment",
    "record_counts",
    "record_settled",
    "reopen_settling",
    "require",
    "return_leftovers",
    "schedule",
    "unschedule",
]
