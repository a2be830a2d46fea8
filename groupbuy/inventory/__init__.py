"""How much there is.

Owns: stock pools, movements, reservations.
Calls: catalogue (tells it when a SKU runs out or comes back).
Announces: nothing.
"""
