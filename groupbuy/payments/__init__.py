"""Money in and back.

Owns: payments, refunds, provider events, reconciliation; knows references, not orders.
Calls: the providers.
Announces: payment_succeeded, payer_learned, refund_succeeded, refund_failed.
"""
