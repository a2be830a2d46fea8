"""Asking for money, recording what came, giving it back.

What talks to a provider (`start`, `fetch`, `ask_for_refund`, `fetch_list`) stands between two
transactions: the intent is committed before, the answer recorded after. No answer means unknown,
never failed: the payment or refund stays as it is and is repeated under the same key.
"""

from groupbuy.payments.services.events import handle_event, retry_event, store_event
from groupbuy.payments.services.many_refunds import RefundWanted, request_refunds
from groupbuy.payments.services.methods import choose, offered
from groupbuy.payments.services.payments import (
    ask_payer,
    cancel_payment,
    cancel_payments,
    fetch,
    needs_payer,
    record_payer,
    record_start,
    record_status,
    record_success,
    request_payment,
    start,
)
from groupbuy.payments.services.reconciling import (
    fetch_list,
    finish_reconciliation,
    request_missing,
    request_reconciliation,
    resolve_payment_difference,
)
from groupbuy.payments.services.refunds import (
    ask_for_refund,
    begin_refund_attempt,
    record_refund_result,
    request_refund,
    retry_refund,
)
from groupbuy.payments.services.resolving import resolve_payment
from groupbuy.payments.services.upkeep import take_up_unfinished

__all__ = [
    "RefundWanted",
    "ask_for_refund",
    "ask_payer",
    "begin_refund_attempt",
    "cancel_payment",
    "cancel_payments",
    "choose",
    "fetch",
    "fetch_list",
    "finish_reconciliation",
    "handle_event",
    "needs_payer",
    "offered",
    "record_payer",
    "record_refund_result",
    "record_start",
    "record_status",
    "record_success",
    "request_missing",
    "request_payment",
    "request_reconciliation",
    "request_refund",
    "request_refunds",
    "resolve_payment",
    "resolve_payment_difference",
    "retry_event",
    "retry_refund",
    "start",
    "store_event",
    "take_up_unfinished",
]
