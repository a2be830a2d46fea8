"""The books.

Owns: accounts, append-only double entry.
Calls: nothing of ours.
Announces: see signals.py, where there is one.
"""
