"""How rows name what they are about; shared by the kinds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from groupbuy.catalogue.models import Product, Sku
from groupbuy.imports import queries
from groupbuy.imports.rules import MISSING, NO_SUCH, Row
from groupbuy.kernel.ids import is_id


class Named(NamedTuple):
    """The SKUs that rows name: those that exist by id, and ids by barcode."""

    ids: frozenset[str]
    by_barcode: dict[str, str]


def skus_named(rows: Sequence[Row]) -> Named:
    """Return the SKUs that any of the rows name, in one statement."""
    ids = [row.cells.get("sku_id", "") for row in rows]
    barcodes = [row.cells.get("barcode", "") for row in rows]
    found = queries.skus_named(
        ids=[i for i in ids if is_id(i, "sku")], barcodes=[b for b in barcodes if b]
    )
    return Named(frozenset(found), {code: i for i, code in found.items() if code is not None})


def sku_of(row: Row, skus: Named) -> str | None:
    """Return the SKU that a row names, or note why there is none."""
    if row.given("sku_id"):
        sku_id = row.id("sku_id", "sku")
        if sku_id is not None and sku_id not in skus.ids:
            row.wrong("sku_id", NO_SUCH)
            return None
        return sku_id
    if not row.given("barcode"):
        row.wrong("sku_id", MISSING)
        return None
    found = skus.by_barcode.get(row.cells["barcode"])
    if found is None:
        row.wrong("barcode", NO_SUCH)
    return found


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What rows of products may name: by id, by barcode, by name in small letters."""

    products: dict[str, Product]
    skus: dict[str, Sku]
    by_barcode: dict[str, Sku]
    siblings: dict[str, list[Sku]]
    categories: dict[str, str]
    brands: dict[str, str]
    suppliers: dict[str, str]


def catalogue_named(rows: Sequence[Row]) -> Catalogue:
    """Return what any of the rows names, its products locked, in a constant number of statements.

    A product's SKUs come with it, so that a new one can be held against those that are there.
    """
    named = skus_named(rows)
    wanted = {row.cells.get("product_id", "") for row in rows}
    skus = queries.locked_skus(
        {*named.ids, *named.by_barcode.values()},
        product_ids={product_id for product_id in wanted if is_id(product_id, "prd")},
    )
    products = queries.products({sku.product_id for sku in skus.values()} | wanted)
    siblings: dict[str, list[Sku]] = {}
    for sku in skus.values():
        siblings.setdefault(sku.product_id, []).append(sku)
    names = queries.names()
    return Catalogue(
        products=products,
        skus=skus,
        by_barcode={sku.barcode: sku for sku in skus.values() if sku.barcode is not None},
        siblings=siblings,
        categories=names.category_ids(),
        brands={name.casefold(): brand_id for brand_id, name in names.brands.items()},
        suppliers={name.casefold(): supplier_id for supplier_id, name in names.suppliers.items()},
    )
