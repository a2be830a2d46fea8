"""Settling a month: closing, calculating, reviewing, approving, locking."""

from groupbuy.settlement.services.calculation import Progress, advance, begin
from groupbuy.settlement.services.periods import (
    approve,
    lock,
    send_back,
    start_closing,
    submit,
)

__all__ = [
    "Progress",
    "advance",
    "approve",
    "begin",
    "lock",
    "send_back",
    "start_closing",
    "submit",
]
