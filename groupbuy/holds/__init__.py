"""What looks wrong about a leader's order, and what staff decided about it.

Owns: holds of orders' commission with their evidence, the named rules that place them.
Calls: orders, attribution, payments, leaders, identity.
Announces: nothing.
"""
