"""Carts, pure: how much fits, how long one is kept."""

from datetime import timedelta

MOST_UNITS = 999
"""Units of one SKU in a cart; an order takes as many."""

KEPT_FOR = timedelta(days=90)
"""A cart that nobody touched for so long is forgotten."""
