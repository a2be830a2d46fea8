"""Settling a month: closing, calculating, reviewing, approving, locking."""

from groupbuy.settlement.services.calculation import Progress, advance, begin
from groupbuy.settlement.services.periods import (
    approve,
    lock,
    send_back,
    start_closing,
    submit,
)
from groupbuy.settlement.services.recomputing import Recomputed, recompute

__all__ = [
    "Progress",
    "Recomputed",
    "advance",
    "approve",
    "begin",
    "lock",
    "recompute",
    "send_back",
    "start_closing",
    "submit",
]
