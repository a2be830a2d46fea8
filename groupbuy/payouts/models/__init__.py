"""Tables of payouts. Evidence of money is only ever added to."""

from groupbuy.payouts.models.accounts import PayoutAccount, PayoutNotice
from groupbuy.payouts.models.batches import LeftOut, PayoutAttempt, PayoutBatch, PayoutItem
from groupbuy.payouts.models.reconciliation import Archive, Difference, Reconciliation
from groupbuy.payouts.models.taxes import TaxEntry, TaxRegime

__all__ = [
    "Archive",
    "Difference",
    "LeftOut",
    "PayoutAccount",
    "PayoutAttempt",
    "PayoutBatch",
    "PayoutItem",
    "PayoutNotice",
    "Reconciliation",
    "TaxEntry",
    "TaxRegime",
]
