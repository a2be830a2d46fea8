"""`products`: a row for each SKU, with its product; new ones and changed ones in one sheet.

Rows of one product stand under its id, or, while it is new, under the same title.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from groupbuy.catalogue import rules as catalogue_rules
from groupbuy.catalogue import services as catalogue
from groupbuy.catalogue.models import Product, Sku
from groupbuy.catalogue.rules import (
    BARCODE_LENGTH,
    MOST_PER_ORDER,
    NAME_LENGTH,
    OPTION_NAME_LENGTH,
    OPTION_VALUE_LENGTH,
    OPTIONS,
    WEIGHT_G,
    ProductState,
    Storage,
)
from groupbuy.catalogue.services import ProductSheet, SkuSheet
from groupbuy.imports import queries
from groupbuy.imports.kinds.naming import Catalogue, catalogue_named
from groupbuy.imports.kinds.prices import PRICES, prices_of
from groupbuy.imports.rules import MISSING, NO_SUCH, TWICE, Plan, Row
from groupbuy.kernel.access import Actor
from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text

COLUMNS: Sequence[Column] = (
    Column("product_id", Text("商品编号", "Product")),
    Column("title", Text("商品名称", "Title")),
    Column("category", Text("分类", "Category")),
    Column("brand", Text("品牌", "Brand")),
    Column("supplier", Text("供应商", "Supplier")),
    Column("storage", Text("储存条件", "Storage")),
    Column("state", Text("状态", "State")),
    Column("description", Text("描述", "Description")),
    Column("sku_id", Text("SKU 编号", "SKU")),
    Column("name", Text("规格名称", "SKU name")),
    Column("options", Text("规格", "Options")),
    Column("barcode", Text("条码", "Barcode")),
    *PRICES,
    Column("weight_g", Text("重量（克）", "Weight (g)"), Kind.INT),
    Column("min_quantity", Text("起购数量", "Minimum"), Kind.INT),
    Column("per_shopper_max", Text("每人限购", "Most per shopper"), Kind.INT),
    Column("active", Text("启用", "Active")),
)
NEEDED: Sequence[str] = ()

STORAGES = {
    **{storage.value: storage for storage in Storage},
    "常温": Storage.AMBIENT,
    "冷藏": Storage.CHILLED,
    "冷冻": Storage.FROZEN,
}
STATES = {
    **{state.value: state for state in ProductState},
    "草稿": ProductState.DRAFT,
    "在售": ProductState.ON_SALE,
    "下架": ProductState.OFF_SALE,
    "归档": ProductState.ARCHIVED,
}
_PAIR = re.compile(r"(?:\\[\\;；=]|[^;；])+")
_SIDES = re.compile(r"((?:\\[\\;；=]|[^=])*)=(.*)", re.DOTALL)
_ESCAPED, _SPECIAL = re.compile(r"\\([\\;；=])"), re.compile(r"[\\;；=]")
"""Options stand as name=value;name=value; what divides them has a backslash before it."""

OTHER_ROW = Text("与同一商品的上一行不一致。", "Another row of this product says something else.")
NO_MOVE = Text("不能从当前状态改为该状态。", "The product cannot go there from its present state.")
NOT_OPTIONS = Text("须形如 颜色=红;尺寸=大。", "It must be like colour=red;size=L.")
CHECK_DIGIT = Text("条码校验位有误。", "The check digit of the barcode is wrong.")
OTHER_PRODUCT = Text("该 SKU 属于另一商品。", "The SKU belongs to another product.")
QUANTITIES = Text("不能小于起购数量。", "It must not be below the minimum.")
UNLIKE = Text(
    "与同一商品其他 SKU 的规格项不同，或规格重复。",
    "Its options are not those of the product's other SKUs, or another one has the same.",
)


def check(rows: Sequence[Row]) -> Plan:
    """See kinds.interface.Kind."""
    known = catalogue_named(rows)
    sheets: dict[str, ProductSheet] = {}
    seen: set[str] = set()
    for row in rows:
        sku = _sku(row, known, seen)
        product = _product(row, sku, known)
        sheet = _under(row, product, sheets)
        if sheet is None:
            continue
        _product_changes(row, sheet, known)
        sheet.skus.append(_sku_changes(row, sku))
        if not _distinct(sheet, known):
            row.wrong("options", UNLIKE)
    return _plan(sheets.values())


def apply(plan: Plan, *, actor: Actor, now: datetime) -> None:
    """See kinds.interface.Kind."""
    catalogue.write_sheet(products=plan.work, actor=actor, now=now)


def export() -> Iterable[Sequence[Any]]:
    """See kinds.interface.Kind: every SKU of every product that is not archived."""
    names = queries.names()
    for sku, product in queries.skus_with_products(all_of_them=True):
        yield (
            product.id,
            product.title,
            names.category(product.category_id),
            names.brands.get(product.brand_id or ""),
            names.suppliers.get(product.supplier_id or ""),
            product.storage,
            product.state,
            product.description,
            sku.id,
            sku.name,
            ";".join("=".join(map(_inert, pair)) for pair in sku.options.items()),
            sku.barcode,
            sku.price_fen,
            sku.list_price_fen,
            sku.member_price_fen,
            sku.cost_fen,
            sku.weight_g,
            sku.min_quantity,
            sku.per_shopper_max,
            "true" if sku.active else "false",
        )


def _sku(row: Row, known: Catalogue, seen: set[str]) -> Sku | None:
    """Return the SKU that a row is about, None for a new one."""
    barcode = row.text("barcode", maximum=BARCODE_LENGTH)
    sku_id = row.id("sku_id", "sku")
    by_code = known.by_barcode.get(barcode or "")
    sku = known.skus.get(sku_id) if sku_id else by_code
    if sku_id and sku is None:
        row.wrong("sku_id", NO_SUCH)
    if barcode and not catalogue_rules.right_check_digit(barcode):
        row.wrong("barcode", CHECK_DIGIT)
    taken = by_code is not None and sku is not None and by_code.id != sku.id
    for column, mark in (("sku_id", sku.id if sku else None), ("barcode", barcode)):
        if mark and (mark in seen or (taken and column == "barcode")):
            row.wrong(column, TWICE)
        seen.add(mark or "")
    return sku


def _product(row: Row, sku: Sku | None, known: Catalogue) -> Product | None:
    """Return the product that a row is about, None for a new one."""
    product_id = row.id("product_id", "prd")
    if product_id and product_id not in known.products:
        row.wrong("product_id", NO_SUCH)
    if sku is not None and product_id not in (None, sku.product_id):
        row.wrong("product_id", OTHER_PRODUCT)
    product = known.products.get(product_id or (sku.product_id if sku else ""))
    named = row.given("product_id") or row.given("sku_id")
    if (
        product is not None
        and not named
        and row.cells.get("title", product.title)
        not in (
            "",
            product.title,
        )
    ):
        # Found by its barcode alone: another title speaks of other goods, not of a new name.
        row.wrong("barcode", OTHER_PRODUCT)
    return product


def _under(
    row: Row, product: Product | None, sheets: dict[str, ProductSheet]
) -> ProductSheet | None:
    """Return what the sheet says of the row's product so far; None if it names none."""
    unknown = product is None and row.given("product_id")
    title = row.cells.get("title", "")
    if not title and product is None and not unknown:
        row.wrong("title", MISSING)
    key = product.id if product else title
    if not key or unknown:
        return None
    return sheets.setdefault(key, ProductSheet(product=product))


def _product_changes(row: Row, sheet: ProductSheet, known: Catalogue) -> None:
    """Read what a row says of its product into the sheet, once and without contradiction."""
    said: dict[str, Any] = {
        "title": row.text("title", maximum=100),
        "description": row.text("description", maximum=5_000),
        "storage": row.one_of("storage", STORAGES),
        "state": row.one_of("state", STATES),
        "category_id": _named(row, "category", known.categories),
        "brand_id": _named(row, "brand", known.brands),
        "supplier_id": _named(row, "supplier", known.suppliers),
    }
    for column in ("brand", "supplier"):
        if row.is_cleared(column):
            said[f"{column}_id"] = ""
    if sheet.product is None and not sheet.skus and said["category_id"] is None:
        row.wrong("category", NO_SUCH if row.given("category") else MISSING)
    before = sheet.product.state if sheet.product else ProductState.DRAFT
    if said["state"] is not None and not catalogue_rules.may_move(before, said["state"]):
        row.wrong("state", NO_MOVE)
    for field, value in said.items():
        if value is None:
            continue
        if sheet.said.setdefault(field, value) != value:
            row.wrong(field.removesuffix("_id"), OTHER_ROW)


def _named(row: Row, column: str, ids: Mapping[str, str]) -> str | None:
    """Return the id that a name stands for, None for an empty cell."""
    name = row.text(column, maximum=500)
    if name is None or row.is_cleared(column):
        return None
    found = ids.get("/".join(part.strip() for part in name.split("/")).casefold())
    if found is None:
        row.wrong(column, NO_SUCH)
    return found


def _sku_changes(row: Row, sku: Sku | None) -> SkuSheet:
    said: dict[str, Any] = {
        "name": row.text("name", maximum=NAME_LENGTH),
        "options": _options(row),
        "barcode": row.cells.get("barcode") or None,
        "weight_g": row.count("weight_g", minimum=1, maximum=WEIGHT_G),
        "min_quantity": row.count("min_quantity", minimum=1, maximum=MOST_PER_ORDER),
        "per_shopper_max": row.count("per_shopper_max", minimum=1),
        "active": row.flag("active"),
    }
    changes = {
        field: value
        for field, value in said.items()
        if value is not None and value != getattr(sku, field, None)
    }
    changes |= prices_of(row, sku)
    least = changes.get("min_quantity", sku.min_quantity if sku else 1)
    most = changes.get("per_shopper_max", sku.per_shopper_max if sku else None)
    if most is not None and most < least:
        row.wrong("per_shopper_max", QUANTITIES)
    return SkuSheet(sku=sku, changes=changes)


def _options(row: Row) -> dict[str, str] | None:
    text = row.text("options", maximum=2_000)
    if text is None:
        return None
    found = [_SIDES.fullmatch(part) for part in _PAIR.findall(text) if part.strip()]
    sides = [
        [_ESCAPED.sub(r"\1", side).strip() for side in pair.groups()] for pair in found if pair
    ]
    options = {name: value for name, value in sides}
    fit = all(
        0 < len(name) <= OPTION_NAME_LENGTH and 0 < len(value) <= OPTION_VALUE_LENGTH
        for name, value in sides
    )
    if not fit or len(options) < len(found) or len(options) > OPTIONS:
        row.wrong("options", NOT_OPTIONS)
        return None
    return options


def _inert(text: str) -> str:
    """Return a name or a value of an option as it stands in a cell."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _distinct(sheet: ProductSheet, known: Catalogue) -> bool:
    """Tell whether the newest SKU of a sheet fits its product's others, as they will be."""
    mine = sheet.skus[-1]
    if not mine.value("active", True):
        return True
    told = {other.sku.id for other in sheet.skus if other.sku is not None}
    kept = known.siblings.get(sheet.product.id, []) if sheet.product else []
    others = [SkuSheet(sku, {}) for sku in kept if sku.id not in told and sku.active]
    others += [other for other in sheet.skus[:-1] if other.value("active", True)]
    return all(
        other.value("options", {}).keys() == mine.value("options", {}).keys()
        and other.distinction() != mine.distinction()
        for other in others
    )


def _plan(sheets: Iterable[ProductSheet]) -> Plan:
    plan = Plan(work=list(sheets))
    for sheet in plan.work:
        for sku in sheet.skus:
            plan.creates += sku.sku is None
            changed = sku.sku is not None and bool(sku.changes or sheet.changes())
            plan.updates += changed
            plan.unchanged += sku.sku is not None and not changed
    return plan
