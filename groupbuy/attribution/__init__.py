"""Whose order it is.

Owns: policies, touches, customer locks, decisions with their evidence.
Calls: leaders, campaigns, identity.
Announces: order_reassigned, by way of orders.
"""
