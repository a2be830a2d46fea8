"""Many orders like one that was really made: its rows, again and again, for other shoppers."""

from sqlalchemy import text

from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.ids import to_uuid

MADE_OF = (
    "shoppers",
    "payments",
    "orders",
    "order_lines",
    "order_transitions",
    "stock_reservations",
    "attribution_decisions",
    "commission_lines",
)
"""The tables in which a paid order has rows, in an order that foreign keys allow."""

FRESH = {
    ("shoppers", "id"): "c.shopper_id",
    ("shoppers", "openid"): "'crowd-' || c.n",
    ("payments", "id"): "c.payment_id",
    ("payments", "reference"): "'ord_' || replace(c.order_id::text, '-', '')",
    ("payments", "provider_ref"): "'crowd-' || c.n",
    ("orders", "id"): "c.order_id",
    ("orders", "payment_id"): "c.payment_id",
    ("order_lines", "id"): "c.line_id",
    ("*", "id"): "uuidv7()",
    ("*", "shopper_id"): "c.shopper_id",
    ("*", "order_id"): "c.order_id",
    ("*", "order_line_id"): "c.line_id",
}
"""What differs from row to row; everything else is copied."""


def crowd(order_id: str, *, size: int) -> None:
    """Repeat a paid order of one line so often, each time by another shopper."""
    with transaction(longest=None):
        session().execute(
            text(
                "create temporary table crowd on commit drop as select n, "
                "uuidv7() order_id, uuidv7() line_id, "
                "uuidv7() payment_id, uuidv7() shopper_id "
                "from generate_series(1, :size) n"
            ),
            {"size": size},
        )
        for table in MADE_OF:
            _repeat(table, order_id)
        units = {"order_id": to_uuid(order_id, "ord"), "size": size}
        session().execute(
            text(
                "with sold as (update stock_pools p set on_hand = on_hand - r.quantity * :size "
                "from stock_reservations r where r.order_id = :order_id and r.pool_id = p.id "
                "returning p.id, r.quantity) "
                "insert into stock_movements (id, pool_id, kind, delta, reason, actor, reference, "
                "recorded_at) select uuidv7(), id, 'sale', -quantity * :size, '', "
                "'system', 'crowd', now() from sold"
            ),
            units,
        )


def _repeat(table: str, order_id: str) -> None:
    names = session().scalars(
        text(
            "select column_name from information_schema.columns "
            "where table_schema = 'public' and table_name = :table and is_generated = 'NEVER' "
            "order by ordinal_position"
        ),
        {"table": table},
    )
    columns = list(names)
    values = [FRESH.get((table, name)) or FRESH.get(("*", name)) or f"t.{name}" for name in columns]
    which = {
        "shoppers": "t.id = o.shopper_id",
        "payments": "t.id = o.payment_id",
        "orders": "t.id = o.id",
    }.get(table, "t.order_id = o.id")
    session().execute(
        text(
            f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} "
            f"from orders o join {table} t on {which} cross join crowd c where o.id = :order_id "
            "order by t.id, c.n"
        ),
        {"order_id": to_uuid(order_id, "ord")},
    )
