"""Settling a month: closing, calculating, reviewing, approving, locking."""

from groupbuy.settlement.services.calculation import calculate
from groupbuy.settlement.services.periods import (
    approve,
    lock,
    send_back,
    start_closing,
    submit,
)

__all__ = ["approve", "calculate", "lock", "send_back", "start_closing", "submit"]
