"""The month.

Owns: periods with their moves, leaders' statements and their lines.
Calls: commissions, ledger, leaders.
Announces: nothing.
"""
