"""What an order earns its leader.

Owns: plans and their versions, commission lines with frozen terms, refunds of them, the
calculation (pure).
Calls: orders, attribution, catalogue.
Announces: nothing.
"""
