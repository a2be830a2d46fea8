"""Settling a month: closing, calculating, reviewing, approving, locking."""

from groupbuy.settlement.services.adjusting import (
    approve_adjustment,
    attach,
    edit_adjustment,
    propose_adjustment,
    reject_adjustment,
    reverse_adjustment,
    withdraw_adjustment,
)
from groupbuy.settlement.services.answering import auto_confirm, confirm
from groupbuy.settlement.services.calculation import Progress, advance, begin
from groupbuy.settlement.services.disputing import (
    decide_dispute,
    dispute_amount,
    dispute_attribution,
    review_dispute,
    withdraw_dispute,
)
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
    "approve_adjustment",
    "attach",
    "auto_confirm",
    "begin",
    "confirm",
    "decide_dispute",
    "dispute_amount",
    "dispute_attribution",
    "edit_adjustment",
    "lock",
    "propose_adjustment",
    "recompute",
    "reject_adjustment",
    "reverse_adjustment",
    "review_dispute",
    "send_back",
    "start_closing",
    "submit",
    "withdraw_adjustment",
    "withdraw_dispute",
]
