"""The books: double entry, append-only.

Owns: accounts, transactions and their entries.
Calls: nothing of ours.
Announces: nothing.
"""
