"""The month.

Owns: periods, statements and their lines.
Calls: commissions, ledger, leaders.
Announces: see signals.py, where there is one.
"""
