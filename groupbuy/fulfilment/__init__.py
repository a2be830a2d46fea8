"""How goods reach people.

Owns: shipments, parcels with pickup codes, redemptions.
Calls: orders, leaders.
Announces: see signals.py, where there is one.
"""
