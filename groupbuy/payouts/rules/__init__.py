"""Payouts, pure: tax, the states of batches, items and attempts.

Every rule is that of docs/domain.md, "Tax and payout".
"""
