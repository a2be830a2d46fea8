"""What is sold.

Owns: categories, products, SKUs.
Calls: nothing of ours.
Announces: see signals.py, where there is one.
"""
