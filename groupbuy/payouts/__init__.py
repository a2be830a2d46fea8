"""The money that leaders receive.

Owns: payout accounts, tax, batches with their items and attempts, reconciliation, tax reports,
months that are archived.
Calls: settlement, ledger, leaders, identity, the channels.
Announces: nothing.
"""
