"""What is derived of products: the words that the search finds them by, their lowest price.

Who writes what they are derived of calls `refresh` afterwards. It locks the products first and
reads in the next statement: of two edits that meet, the later one sees what the earlier one wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, select, text, update

from groupbuy.catalogue.models import Brand, Category, Product
from groupbuy.catalogue.rules import Weight, search_vector
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import to_uuid

PORTION = 500
"""Products that are read and written by one statement each."""

_LOCK = text("select from products where id = any(:ids) order by id for no key update")

# At most 100 SKUs of a product are searched by their words: enough for any shop, and the work for
# one more stays the same however many there are.
_SOURCES = text(
    """
    with recursive chosen as (select * from products where id = any(:ids)),
    line as (
        select id as origin, name, parent_id from categories
        where id in (select category_id from chosen)
        union all
        select line.origin, above.name, above.parent_id
        from line join categories above on above.id = line.parent_id
    )
    select p.id, p.title, p.description, b.name as brand,
        array(select name from line where origin = p.category_id) as categories,
        array(
            select concat_ws(' ', s.name, s.barcode,
                (select string_agg(value, ' ' order by key) from jsonb_each_text(s.options)))
            from skus s where s.product_id = p.id and s.active order by s.id limit 100
        ) as skus,
        (select min(price_fen) from skus s where s.product_id = p.id and s.active)
            as lowest_price_fen
    from chosen p left join brands b on b.id = p.brand_id
    """
)

_WRITE = text(
    """
    update products p set search = given.search, lowest_price_fen = given.price_fen
    from (
        select id, cast(words as tsvector) as search, price_fen
        from unnest(
            cast(:ids as uuid[]), cast(:words as text[]), cast(:prices_fen as bigint[])
        ) as row (id, words, price_fen)
    ) given
    where p.id = given.id and (p.search, p.lowest_price_fen)
        is distinct from (given.search, given.price_fen)
    returning p.id
    """
)


def refresh(*, product_ids: Sequence[str]) -> int:
    """Derive anew what is derived of products; return how many were not as they should be.

    Three statements for each portion. A product's version stays as it is: it is no edit of staff's.
    """
    ids = sorted(product_ids)
    return sum(_refresh(ids[at : at + PORTION]) for at in range(0, len(ids), PORTION))


def refresh_all_of(*, condition: ColumnElement[bool]) -> int:
    """Derive anew what is derived of all products of a brand, or of categories."""
    return refresh(product_ids=session().scalars(select(Product.id).where(condition)).all())


@dataclass(frozen=True, slots=True)
class Portion:
    """Some products in id order: the last of them, how many, how many were not as they should be.

    At the end there are none.
    """

    last: str | None = None
    products: int = 0
    changed: int = 0


def refresh_next(*, after: str | None) -> Portion:
    """Derive anew the portion that follows a product; begin with None."""
    following = select(Product.id).order_by(Product.id).limit(PORTION)
    if after is not None:
        following = following.where(Product.id > after)
    product_ids = session().scalars(following).all()
    if not product_ids:
        return Portion()
    return Portion(product_ids[-1], len(product_ids), refresh(product_ids=product_ids))


def refresh_names() -> None:
    """Derive anew the words of every category and brand."""
    tables: tuple[type[Category | Brand], ...] = (Category, Brand)
    for table in tables:
        for row_id, name in session().execute(select(table.id, table.name)).all():
            words = search_vector([(Weight.TITLE, name)])
            session().execute(update(table).where(table.id == row_id).values(search=words))


def _refresh(product_ids: Sequence[str]) -> int:
    ids = [to_uuid(product_id, "prd") for product_id in product_ids]
    session().flush()
    session().execute(_LOCK, {"ids": ids})
    sources = session().execute(_SOURCES, {"ids": ids}).all()
    written = session().execute(
        _WRITE,
        {
            "ids": [source.id for source in sources],
            "words": [_words(source) for source in sources],
            "prices_fen": [source.lowest_price_fen for source in sources],
        },
    )
    changed = set(written.scalars())
    for row in session().identity_map.values():
        if isinstance(row, Product) and to_uuid(row.id, "prd") in changed:
            session().expire(row, ["lowest_price_fen", "search"])
    return len(changed)


def _words(source: Row[Any]) -> str:
    return search_vector(
        [
            (Weight.TITLE, source.title),
            *((Weight.NAMES, name) for name in (source.brand or "", *source.categories)),
            *((Weight.OPTIONS, sku) for sku in source.skus),
            (Weight.TEXT, source.description),
        ]
    )
