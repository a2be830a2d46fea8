"""What is on sale when, and who hosts it.

Owns: campaigns, their items, group buys and their outcome; the kinds of campaigns.
Calls: catalogue, inventory, leaders.
Announces: see signals.py.
"""
