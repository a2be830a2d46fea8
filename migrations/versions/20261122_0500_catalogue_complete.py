"""Complete the catalogue: brands, suppliers, sale windows, more prices with history, the search.

Revision: catalogue_complete, after pricing_create.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "catalogue_complete"
down_revision = "pricing_create"
branch_labels = None
depends_on = None

RULES = (
    (
        "sku_prices",
        "sku_prices_append_only",
        """create or replace function sku_prices_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'sku_prices is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger sku_prices_append_only before update or delete on sku_prices for each row execute function sku_prices_append_only()""",
    ),
    (
        "sku_prices",
        "sku_prices_no_truncate",
        """create or replace function sku_prices_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'sku_prices is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger sku_prices_no_truncate before truncate on sku_prices for each statement execute function sku_prices_no_truncate()""",
    ),
)

SKU_CHECKS = {
    "cost_not_negative": "cost_fen >= 0",
    "weight_positive": "weight_g > 0",
    "min_quantity_positive": "min_quantity > 0",
    "min_not_above_max": "min_quantity <= per_shopper_max",
}

GIN = {"postgresql_using": "gin", "postgresql_with": {"fastupdate": "off"}}

LOWEST_PRICES = """
update products p set lowest_price_fen = s.price_fen
from (
    select product_id, min(price_fen) as price_fen from skus where active group by product_id
) s
where s.product_id = p.id
"""

# What the search finds a product by, as it was on the day of this migration: the application's
# own rules may move on, `flask catalogue reindex` follows them.
SOURCES = """
with recursive line as (
    select id as origin, name, parent_id from categories
    union all
    select line.origin, above.name, above.parent_id
    from line join categories above on above.id = line.parent_id
)
select p.id, p.title, (select string_agg(name, ' ') from line where origin = p.category_id),
    (
        select string_agg(concat_ws(' ', s.name, s.barcode, (
            select string_agg(value, ' ' order by key) from jsonb_each_text(s.options)
        )), ' ' order by s.id)
        from (
            select * from skus where product_id = p.id and active order by id limit 100
        ) s
    ),
    p.description
from products p
"""
WIDE = (
    "々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af"
)
PIECE = re.compile(rf"([{WIDE}]+)|(\d+|[^\W\d_{WIDE}]+)")


def lexemes(text: str) -> list[str]:
    """Return words, and of Chinese each pair of neighbours and the last character."""
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(mark for mark in apart if not unicodedata.combining(mark))
    found = []
    for piece in PIECE.finditer(unicodedata.normalize("NFKC", plain.casefold())):
        run, word = piece.groups()
        found += [word[:60]] if word else [run[at : at + 2] for at in range(len(run))]
    return found


def words(*texts: str | None) -> str:
    """Return the tsvector of texts, the weightiest first."""
    places: dict[str, list[str]] = {}
    number = 0
    for weight, text in zip("ABCD", texts, strict=False):
        for lexeme in lexemes(text or ""):
            number += 1
            places.setdefault(lexeme, []).append(f"{number}{weight}")
    return " ".join(f"'{lexeme}':{','.join(at)}" for lexeme, at in places.items())


def fill_search() -> None:
    """Write the words of every category and product."""
    connection = op.get_bind()
    for table, query in (
        ("categories", "select id, name from categories"),
        ("products", SOURCES),
    ):
        write = sa.text(f"update {table} set search = cast(:words as tsvector) where id = :id")
        rows = [
            {"id": row[0], "words": words(*row[1:])} for row in connection.execute(sa.text(query))
        ]
        if rows:
            connection.execute(write, rows)


def upgrade() -> None:
    """Migrate forward."""
    add_parties()
    op.create_table(
        "sku_prices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("old_fen", sa.BigInteger(), nullable=True),
        sa.Column("new_fen", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('price', 'list_price', 'member_price', 'cost')",
            name=op.f("ck_sku_prices_kind_known"),
        ),
        sa.CheckConstraint("old_fen is distinct from new_fen", name=op.f("ck_sku_prices_a_change")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_sku_prices_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku_prices")),
    )
    op.create_index("ix_sku_prices_sku_id_id", "sku_prices", ["sku_id", "id"], unique=False)
    for name in ("cost_fen", "weight_g"):
        op.add_column("skus", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column(
        "skus", sa.Column("min_quantity", sa.BigInteger(), server_default="1", nullable=False)
    )
    for name, condition in SKU_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_skus_{name}"), "skus", condition)
    complete_products()
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def add_parties() -> None:
    """Add who makes and who delivers."""
    op.create_table(
        "brands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
    )
    op.create_index("ix_brands_search", "brands", ["search"], **GIN)
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
    )
    for table in ("brands", "suppliers"):
        op.create_index(f"ix_{table}_name_once", table, [sa.text("lower(name)")], unique=True)


def complete_products() -> None:
    """Add to products and categories what is new, and write what is derived."""
    for name in ("brand_id", "supplier_id"):
        op.add_column("products", sa.Column(name, sa.Uuid(), nullable=True))
        op.create_index(op.f(f"ix_products_{name}"), "products", [name])
        op.create_foreign_key(
            op.f(f"fk_products_{name}"), "products", f"{name[:-3]}s", [name], ["id"]
        )
    for name in ("on_sale_from", "on_sale_until"):
        op.add_column("products", sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_products_window_in_order"), "products", "on_sale_from < on_sale_until"
    )
    op.add_column(
        "products",
        sa.Column("picture_ids", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
    )
    op.add_column("products", sa.Column("lowest_price_fen", sa.BigInteger(), nullable=True))
    for table in ("categories", "products"):
        search = sa.Column("search", postgresql.TSVECTOR(), server_default="", nullable=False)
        op.add_column(table, search)
    op.execute(LOWEST_PRICES)
    fill_search()
    for table in ("categories", "products"):
        op.create_index(f"ix_{table}_search", table, ["search"], **GIN)
    op.create_index(
        "ix_products_by_price",
        "products",
        ["lowest_price_fen", "id"],
        postgresql_where=sa.text("state = 'on_sale'"),
    )


def downgrade() -> None:
    """Migrate back."""
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.drop_table("sku_prices")
    for name in ("min_quantity", "weight_g", "cost_fen"):
        op.drop_column("skus", name)
    for name in ("search", "lowest_price_fen", "picture_ids", "on_sale_until", "on_sale_from"):
        op.drop_column("products", name)
    for name in ("supplier_id", "brand_id"):
        op.drop_column("products", name)
    op.drop_column("categories", "search")
    op.drop_table("suppliers")
    op.drop_table("brands")
