"""Payouts over HTTP: leaders' accounts and money, headquarters' batches, taxes, comparisons."""

from groupbuy.payouts.api import accounts, batches, items, reconciliations, taxes
from groupbuy.payouts.api.surface import api

__all__ = ["accounts", "api", "batches", "items", "reconciliations", "taxes"]
