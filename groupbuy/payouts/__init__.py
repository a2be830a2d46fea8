"""The money that leaders receive.

Owns: payout accounts, tax, batches with their items and attempts, reconciliation, tax reports.
Calls: settlement, ledger, leaders.
Announces: nothing.
"""
