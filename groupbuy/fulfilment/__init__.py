"""How goods reach people.

Owns: shipments, parcels with pickup codes, redemptions, proxies, unclaimed parcels, routes, lists
and slips, orders to suppliers.
Calls: orders, campaigns, leaders, inventory, catalogue.
Announces: see signals.py, where there is one.
"""
