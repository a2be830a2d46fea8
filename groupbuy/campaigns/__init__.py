"""What is on sale when, and who hosts it.

Owns: campaigns, their items, group buys; the kinds of campaigns.
Calls: catalogue, inventory, leaders.
Announces: nothing yet.
"""
