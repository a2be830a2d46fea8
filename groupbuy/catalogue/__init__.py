"""What is sold.

Owns: categories, brands, suppliers, products, SKUs, the history of their prices.
Calls: nothing of ours.
Announces: nothing.
"""
