"""Payouts, pure: tax and its tables, the states of batches, items and attempts, comparisons.

Every rule is that of docs/domain.md, "Tax and payout".
"""
