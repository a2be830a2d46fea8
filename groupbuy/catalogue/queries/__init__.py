"""Reads of the catalogue."""

from groupbuy.catalogue.queries.invariants import INVARIANTS
from groupbuy.catalogue.queries.selling import SkuFacts, sku_titles, skus_for_sale
from groupbuy.catalogue.queries.shopping import (
    CategoryOnSale,
    ProductOnSale,
    Suggestion,
    brands_on_sale,
    category_tree,
    product_on_sale,
    products_on_sale,
    suggestions,
)
from groupbuy.catalogue.queries.staff import (
    brand,
    brand_list,
    category,
    category_list,
    nearest_sibling,
    price_list,
    product,
    product_count,
    product_list,
    sku,
    sku_list,
    supplier,
    supplier_list,
)
from groupbuy.catalogue.queries.tree import depth_of, levels_below, subtree

__all__ = [
    "INVARIANTS",
    "CategoryOnSale",
    "ProductOnSale",
    "SkuFacts",
    "Suggestion",
    "brand",
    "brand_list",
    "brands_on_sale",
    "category",
    "category_list",
    "category_tree",
    "depth_of",
    "levels_below",
    "nearest_sibling",
    "price_list",
    "product",
    "product_count",
    "product_list",
    "product_on_sale",
    "products_on_sale",
    "sku",
    "sku_list",
    "sku_titles",
    "skus_for_sale",
    "subtree",
    "suggestions",
    "supplier",
    "supplier_list",
]
