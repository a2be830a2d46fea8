"""What was bought.

Owns: orders, lines, transitions, refunds by line.
Calls: pricing, attribution, inventory, payments, campaigns.
Announces: see signals.py, where there is one.
"""
