"""Moving stock: receiving, allotting to campaigns, putting aside for orders."""

from groupbuy.inventory.services.allotments import (
    Allotment,
    allot,
    allot_all,
    return_allotment,
    return_allotments,
)
from groupbuy.inventory.services.by_hand import HandMovement, record_many
from groupbuy.inventory.services.many_orders import give_back_many
from groupbuy.inventory.services.stock import (
    correct,
    receive,
    record_by_hand,
    release,
    reserve,
    reserve_again,
    sell,
    take_back,
)

__all__ = [
    "Allotment",
    "HandMovement",
    "allot",
    "allot_all",
    "correct",
    "give_back_many",
    "receive",
    "record_by_hand",
    "record_many",
    "release",
    "reserve",
    "reserve_again",
    "return_allotment",
    "return_allotments",
    "sell",
    "take_back",
]
