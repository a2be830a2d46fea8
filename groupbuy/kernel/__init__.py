"""What every domain stands on, and no business word.

Owns: database session and transaction, clock and calendar, integer money, problems, texts,
jobs, signals, audit, idempotency, pagination, public ids, settings, the HTTP surface's grammar.
Calls: nothing of ours.
Announces: nothing.
"""
