"""Paying leaders: accounts, regimes, batches, attempts, results, reconciliation."""

from groupbuy.payouts.services.accounts import reencrypt, set_account, withdraw_pending
from groupbuy.payouts.services.attempts import begin_attempt, intent_of, record
from groupbuy.payouts.services.batches import (
    approve_batch,
    cancel_batch,
    create_batch,
    execute_batch,
    remove_item,
)
from groupbuy.payouts.services.channels import Intent, ask, cancel, submit
from groupbuy.payouts.services.files import ResultReport, bank_file, import_results
from groupbuy.payouts.services.items import (
    cancel_item,
    retry_item,
    take_up_attempts,
    take_up_items,
)
from groupbuy.payouts.services.reconciling import (
    archive_month,
    fetch_list,
    finish_reconciliation,
    request_reconciliation,
    resolve_difference,
)
from groupbuy.payouts.services.regimes import approve_regime, create_regime, withdraw_regime

__all__ = [
    "Intent",
    "ResultReport",
    "approve_batch",
    "approve_regime",
    "archive_month",
    "ask",
    "bank_file",
    "begin_attempt",
    "cancel",
    "cancel_batch",
    "cancel_item",
    "create_batch",
    "create_regime",
    "execute_batch",
    "fetch_list",
    "finish_reconciliation",
    "import_results",
    "intent_of",
    "record",
    "reencrypt",
    "remove_item",
    "request_reconciliation",
    "resolve_difference",
    "retry_item",
    "set_account",
    "submit",
    "take_up_attempts",
    "take_up_items",
    "withdraw_pending",
    "withdraw_regime",
]
