"""Tables of the catalogue."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupbuy.catalogue.rules import PriceKind, ProductState, Storage
from groupbuy.kernel.db import Base, append_only, one_of
from groupbuy.kernel.ids import Id, primary_id, reference


def _search_words() -> Any:
    """Declare the words that the search finds a row by (`rules.search_vector`), read only there."""
    return mapped_column(TSVECTOR, default="", server_default="", deferred=True)


def _search_index(table: str) -> Index:
    """Declare its index; it is read much more than written, so no find waits in a pending list."""
    return Index(
        f"ix_{table}_search",
        "search",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )


class Category(Base):
    """A node of the category tree; a root has no parent."""

    __tablename__ = "categories"
    __table_args__ = (
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        _search_index("categories"),
    )

    id: Mapped[str] = primary_id("cat")
    parent_id: Mapped[str | None] = reference("cat", "categories.id", index=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    search: Mapped[str] = _search_words()
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Supplier(Base):
    """Who delivers goods to headquarters; one that is archived is given to no more products."""

    __tablename__ = "suppliers"
    __table_args__ = (Index("ix_suppliers_name_once", text("lower(name)"), unique=True),)

    id: Mapped[str] = primary_id("sup")
    name: Mapped[str]
    contact_name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Brand(Base):
    """Whose name is on the goods; one that is archived is given to no more products."""

    __tablename__ = "brands"
    __table_args__ = (
        Index("ix_brands_name_once", text("lower(name)"), unique=True),
        _search_index("brands"),
    )

    id: Mapped[str] = primary_id("brd")
    name: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    search: Mapped[str] = _search_words()
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Product(Base):
    """What a shopper sees as one thing; what is sold of it are its SKUs.

    `lowest_price_fen` is that of the cheapest active SKU, null without any; it and `search` are
    written by `services.indexing` whenever something they are made of changes. `picture_ids` is the
    order in which its pictures are shown; that they are its own, media keeps.
    """

    __tablename__ = "products"
    __table_args__ = (
        one_of("storage", Storage),
        one_of("state", ProductState),
        CheckConstraint("on_sale_from < on_sale_until", name="window_in_order"),
        _search_index("products"),
        Index(
            "ix_products_by_price",
            "lowest_price_fen",
            "id",
            postgresql_where=text("state = 'on_sale'"),
        ),
    )

    id: Mapped[str] = primary_id("prd")
    category_id: Mapped[str] = reference("cat", "categories.id", index=True)
    brand_id: Mapped[str | None] = reference("brd", "brands.id", index=True)
    supplier_id: Mapped[str | None] = reference("sup", "suppliers.id", index=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    storage: Mapped[str] = mapped_column(default=Storage.AMBIENT)
    state: Mapped[str] = mapped_column(default=ProductState.DRAFT)
    on_sale_from: Mapped[datetime | None]
    on_sale_until: Mapped[datetime | None]
    picture_ids: Mapped[list[str]] = mapped_column(
        ARRAY(Id("pic")), default=list, server_default="{}"
    )
    lowest_price_fen: Mapped[int | None]
    search: Mapped[str] = _search_words()
    version: Mapped[int] = mapped_column(default=1)

    brand: Mapped[Brand | None] = relationship(viewonly=True, lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Sku(Base):
    """One option of a product, with its prices; `in_stock` is what inventory last said.

    `cost_fen` is what we pay for it: no shopper and no leader is ever told.
    """

    __tablename__ = "skus"
    __table_args__ = (
        CheckConstraint("price_fen >= 0", name="price_not_negative"),
        CheckConstraint("list_price_fen >= price_fen", name="list_price_not_below_price"),
        CheckConstraint(
            "member_price_fen between 0 and price_fen", name="member_price_not_above_price"
        ),
        CheckConstraint("cost_fen >= 0", name="cost_not_negative"),
        CheckConstraint("weight_g > 0", name="weight_positive"),
        CheckConstraint("min_quantity > 0", name="min_quantity_positive"),
        CheckConstraint("per_shopper_max > 0", name="per_shopper_max_positive"),
        CheckConstraint("min_quantity <= per_shopper_max", name="min_not_above_max"),
    )

    id: Mapped[str] = primary_id("sku")
    product_id: Mapped[str] = reference("prd", "products.id", index=True)
    name: Mapped[str] = mapped_column(default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    barcode: Mapped[str | None] = mapped_column(unique=True)
    price_fen: Mapped[int]
    list_price_fen: Mapped[int | None]
    member_price_fen: Mapped[int | None]
    cost_fen: Mapped[int | None]
    weight_g: Mapped[int | None]
    min_quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    per_shopper_max: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    in_stock: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SkuPrice(Base):
    """One change of one of a SKU's prices: null before the first, null when taken away."""

    __tablename__ = "sku_prices"
    __table_args__ = (
        one_of("kind", PriceKind),
        CheckConstraint("old_fen is distinct from new_fen", name="a_change"),
        Index("ix_sku_prices_sku_id_id", "sku_id", "id"),
    )

    id: Mapped[str] = primary_id("skp")
    sku_id: Mapped[str] = reference("sku", "skus.id")
    kind: Mapped[str]
    old_fen: Mapped[int | None]
    new_fen: Mapped[int | None]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


append_only("sku_prices")
