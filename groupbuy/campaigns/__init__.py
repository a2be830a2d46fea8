"""What is on sale when, and who hosts it.

Owns: campaigns, items, group buys.
Calls: catalogue, inventory, leaders.
Announces: see signals.py, where there is one.
"""
