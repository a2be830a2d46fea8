"""Money in and back.

Owns: payments, refunds, provider events; knows references, not orders.
Calls: the providers.
Announces: see signals.py, where there is one.
"""
