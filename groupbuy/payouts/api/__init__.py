"""Payouts over HTTP: leaders' accounts and money, headquarters' batches, taxes, comparisons."""

from groupbuy.payouts.api import accounts, batches, earnings, items, reconciliations, taxes
from groupbuy.payouts.api.surface import api

__all__ = ["accounts", "api", "batches", "earnings", "items", "reconciliations", "taxes"]
