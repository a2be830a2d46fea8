"""What an order earns its leader, and what a month pays beside its sales.

Owns: plans, their versions and whom they are assigned to, campaigns' rules, shared group buys,
commission lines with frozen terms, refunds and transfers of them, service fees, estimates,
simulations, the calculation (pure).
Calls: orders, attribution, campaigns, leaders, catalogue.
Announces: nothing.
"""
