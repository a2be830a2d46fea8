"""Placing holds, by hand and by rule, deciding about them, and setting the rules."""

from groupbuy.holds.services.holding import place_by_hand, reject, release
from groupbuy.holds.services.ruling import edit_rule
from groupbuy.holds.services.scanning import scan_from, scan_next, scan_order

__all__ = [
    "edit_rule",
    "place_by_hand",
    "reject",
    "release",
    "scan_from",
    "scan_next",
    "scan_order",
]
