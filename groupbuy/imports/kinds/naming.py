"""How a row names its SKU: by id, else by barcode. Shared by the kinds."""

from collections.abc import Sequence
from typing import NamedTuple

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
    barcodes = [row.cells.get("barcode", "") for row in rows if not row.given("sku_id")]
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
