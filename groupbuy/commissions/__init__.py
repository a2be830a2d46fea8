"""What an order earns.

Owns: plans and their versions, commission lines, the calculation (pure).
Calls: orders, attribution, catalogue.
Announces: see signals.py, where there is one.
"""
