"""What is sold.

Owns: categories, brands, suppliers, products, SKUs, the history of their prices.
Calls: media (the pictures of products).
Announces: nothing.
"""
