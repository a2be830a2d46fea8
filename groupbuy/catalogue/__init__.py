"""What is sold.

Owns: categories, products, SKUs.
Calls: nothing of ours.
Announces: nothing.
"""
