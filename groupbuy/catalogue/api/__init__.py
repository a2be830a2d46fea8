"""The catalogue over HTTP: headquarters edit it, everyone reads it; a file for each resource."""

from groupbuy.catalogue.api import categories, parties, products, shopping, skus
from groupbuy.catalogue.api.surface import api

__all__ = ["api", "categories", "parties", "products", "shopping", "skus"]
