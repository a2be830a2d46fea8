"""Editing what is sold."""

from groupbuy.catalogue.services.categories import create_category, delete_category, edit_category
from groupbuy.catalogue.services.indexing import (
    Portion,
    refresh,
    refresh_names,
    refresh_next,
)
from groupbuy.catalogue.services.parties import (
    create_brand,
    create_supplier,
    edit_brand,
    edit_supplier,
)
from groupbuy.catalogue.services.products import create_product, edit_product, move_products
from groupbuy.catalogue.services.sheets import ProductSheet, SkuSheet, edit_skus, write_sheet
from groupbuy.catalogue.services.skus import create_sku, edit_sku, record_availability

__all__ = [
    "Portion",
    "ProductSheet",
    "SkuSheet",
    "create_brand",
    "create_category",
    "create_product",
    "create_sku",
    "create_supplier",
    "delete_category",
    "edit_brand",
    "edit_category",
    "edit_product",
    "edit_sku",
    "edit_skus",
    "edit_supplier",
    "move_products",
    "record_availability",
    "refresh",
    "refresh_names",
    "refresh_next",
    "write_sheet",
]
