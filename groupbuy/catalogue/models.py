"""Tables of the catalogue."""

from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.catalogue.rules import ProductState, Storage
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id, reference


class Category(Base):
    """A node of the category tree; a root has no parent."""

    __tablename__ = "categories"
    __table_args__ = (CheckConstraint("parent_id <> id", name="not_its_own_parent"),)

    id: Mapped[str] = primary_id("cat")
    parent_id: Mapped[str | None] = reference("cat", "categories.id", index=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Product(Base):
    """What a shopper sees as one thing; what is sold of it are its SKUs."""

    __tablename__ = "products"
    __table_args__ = (one_of("storage", Storage), one_of("state", ProductState))

    id: Mapped[str] = primary_id("prd")
    category_id: Mapped[str] = reference("cat", "categories.id", index=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    storage: Mapped[str] = mapped_column(default=Storage.AMBIENT)
    state: Mapped[str] = mapped_column(default=ProductState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Sku(Base):
    """One option of a product, with its price; `in_stock` is what inventory last said."""

    __tablename__ = "skus"
    __table_args__ = (
        CheckConstraint("price_fen >= 0", name="price_not_negative"),
        CheckConstraint("list_price_fen >= price_fen", name="list_price_not_below_price"),
        CheckConstraint(
            "member_price_fen between 0 and price_fen", name="member_price_not_above_price"
        ),
        CheckConstraint("per_shopper_max > 0", name="per_shopper_max_positive"),
    )

    id: Mapped[str] = primary_id("sku")
    product_id: Mapped[str] = reference("prd", "products.id", index=True)
    name: Mapped[str] = mapped_column(default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    barcode: Mapped[str | None] = mapped_column(unique=True)
    price_fen: Mapped[int]
    list_price_fen: Mapped[int | None]
    member_price_fen: Mapped[int | None]
    per_shopper_max: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    in_stock: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
