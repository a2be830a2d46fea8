"""Sheets in and out: products, prices, stock.

Owns: imports, with what was found in each row of their files.
Calls: catalogue, inventory.
Announces: nothing.
"""
