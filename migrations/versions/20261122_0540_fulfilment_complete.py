"""Let parcels hold several orders; pickup by proxy, unclaimed goods, routes, shortages.

Revision: fulfilment_complete, after orders_complete.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "fulfilment_complete"
down_revision = "orders_complete"
branch_labels = None
depends_on = None

APPEND_ONLY = ("shipment_shortages", "unclaimed_moves")

FILL = (
    "update parcels p set shopper_id = o.shopper_id, campaign_id = o.campaign_id, "
    "ready_at = o.ready_at from orders o where o.id = p.order_id",
    "update parcels p set number = n.number from (select id, row_number() over "
    "(partition by shipment_id order by id) number from parcels) n where n.id = p.id",
    "insert into parcel_orders "
    "(id, parcel_id, order_id, packed_at, packed_by, removed_at, removed_by) "
    "select gen_random_uuid(), p.id, p.order_id, s.created_at, s.created_by, "
    "case when p.state = 'cancelled' then coalesce(o.cancelled_at, s.created_at) end, "
    "case when p.state = 'cancelled' then 'system' end from parcels p "
    "join shipments s on s.id = p.shipment_id join orders o on o.id = p.order_id",
)
"""Until now each parcel held one order."""

REFUSE_BASKETS = """do $body$
begin
    if exists (
        select from parcel_orders where removed_at is null group by parcel_id having count(*) > 1
    ) then
        raise exception 'a parcel holds several orders: it cannot be told as one with one order';
    end if;
end $body$"""

EMPTY = (
    REFUSE_BASKETS,
    "update parcels p set order_id = (select i.order_id from parcel_orders i "
    "where i.parcel_id = p.id order by i.removed_at nulls first, i.id limit 1)",
    # A parcel that was emptied and whose order was packed again leaves no trace.
    "delete from parcels p where state = 'cancelled' and exists (select from parcels q "
    "where q.order_id = p.order_id and q.id <> p.id and (q.state <> 'cancelled' or q.id > p.id))",
    "delete from parcels p using orders o "
    "where p.state = 'cancelled' and o.id = p.order_id and o.state <> 'cancelled'",
    "update parcels set state = 'handed_over' where state in ('returned', 'disposed')",
    "update redemptions r set order_id = p.order_id from parcels p where p.id = r.parcel_id",
    "update shipments set state = 'preparing' where state = 'cancelled' "
    "and exists (select from parcels p where p.shipment_id = shipments.id)",
    "delete from shipments where state = 'cancelled'",
)
"""Back to one order in each parcel; what has no word there becomes what comes nearest."""

SHIPMENT_STATES = "state in ('preparing', 'in_transit', 'arrived'{})"
PARCEL_STATES = "state in ('preparing', 'in_transit', 'ready', 'handed_over', 'cancelled'{})"


def upgrade() -> None:
    """Migrate forward."""
    op.create_table(
        "routes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('active', 'retired')", name=op.f("ck_routes_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
        sa.UniqueConstraint("name", name=op.f("uq_routes_name")),
    )
    op.create_table(
        "route_stops",
        sa.Column("route_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_route_stops_position_from_one")),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"], ["pickup_points.id"], name=op.f("fk_route_stops_pickup_point_id")
        ),
        sa.ForeignKeyConstraint(["route_id"], ["routes.id"], name=op.f("fk_route_stops_route_id")),
        sa.PrimaryKeyConstraint("route_id", "pickup_point_id", name=op.f("pk_route_stops")),
        sa.UniqueConstraint("route_id", "position", name=op.f("uq_route_stops_route_id_position")),
    )
    op.create_table(
        "shipment_shortages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_shipment_shortages_quantity_not_zero")),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_shortages_shipment_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_shipment_shortages_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_shortages")),
    )
    op.create_index(
        op.f("ix_shipment_shortages_shipment_id"),
        "shipment_shortages",
        ["shipment_id"],
        unique=False,
    )
    op.create_table(
        "parcel_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("packed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("packed_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(removed_at is null) = (removed_by is null)",
            name=op.f("ck_parcel_orders_removed_by_someone"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_parcel_orders_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id"], ["parcels.id"], name=op.f("fk_parcel_orders_parcel_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel_orders")),
    )
    op.create_index(op.f("ix_parcel_orders_order_id"), "parcel_orders", ["order_id"], unique=False)
    op.create_index(
        op.f("ix_parcel_orders_parcel_id"), "parcel_orders", ["parcel_id"], unique=False
    )
    op.create_index(
        "uq_parcel_orders_standing",
        "parcel_orders",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_table(
        "pickup_proxies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("given_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (ended_at is null)", name=op.f("ck_pickup_proxies_ends_once")
        ),
        sa.CheckConstraint("code ~ '^\\d{8}$'", name=op.f("ck_pickup_proxies_code_of_8_digits")),
        sa.CheckConstraint(
            "state in ('open', 'revoked', 'used')", name=op.f("ck_pickup_proxies_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id"], ["parcels.id"], name=op.f("fk_pickup_proxies_parcel_id")
        ),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"],
            ["pickup_points.id"],
            name=op.f("fk_pickup_proxies_pickup_point_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup_proxies")),
    )
    op.create_index(
        op.f("ix_pickup_proxies_parcel_id"), "pickup_proxies", ["parcel_id"], unique=False
    )
    op.create_index(
        "uq_pickup_proxies_open",
        "pickup_proxies",
        ["parcel_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_pickup_proxies_open_code",
        "pickup_proxies",
        ["pickup_point_id", "code"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "unclaimed_parcels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_point_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("keep_days", sa.BigInteger(), nullable=False),
        sa.Column("reminders", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("next_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state in ('reminded', 'kept')) = (next_at is not null)",
            name=op.f("ck_unclaimed_parcels_next_while_it_waits"),
        ),
        sa.CheckConstraint(
            "rule in ('refund', 'keep')", name=op.f("ck_unclaimed_parcels_rule_known")
        ),
        sa.CheckConstraint(
            "state in ('reminded', 'kept', 'listed', 'refunding', 'returned', 'disposed', 'fetched')",
            name=op.f("ck_unclaimed_parcels_state_known"),
        ),
        sa.CheckConstraint("keep_days > 0", name=op.f("ck_unclaimed_parcels_keep_days_positive")),
        sa.ForeignKeyConstraint(
            ["parcel_id"], ["parcels.id"], name=op.f("fk_unclaimed_parcels_parcel_id")
        ),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"],
            ["pickup_points.id"],
            name=op.f("fk_unclaimed_parcels_pickup_point_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unclaimed_parcels")),
        sa.UniqueConstraint("parcel_id", name=op.f("uq_unclaimed_parcels_parcel_id")),
    )
    op.create_index(
        "ix_unclaimed_parcels_next_at",
        "unclaimed_parcels",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at is not null"),
    )
    op.create_index(
        op.f("ix_unclaimed_parcels_pickup_point_id"),
        "unclaimed_parcels",
        ["pickup_point_id"],
        unique=False,
    )
    op.create_table(
        "unclaimed_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unclaimed_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unclaimed_id"], ["unclaimed_parcels.id"], name=op.f("fk_unclaimed_moves_unclaimed_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unclaimed_moves")),
    )
    op.create_index(
        op.f("ix_unclaimed_moves_unclaimed_id"), "unclaimed_moves", ["unclaimed_id"], unique=False
    )
    for table in APPEND_ONLY:
        _append_only(table)
    _add("campaigns", "one_parcel", sa.Boolean(), "false")
    _add("campaigns", "unclaimed_rule", sa.Text(), "keep")
    _add("campaigns", "keep_days", sa.BigInteger(), "7")
    op.create_check_constraint(
        op.f("ck_campaigns_unclaimed_rule_known"),
        "campaigns",
        "unclaimed_rule in ('refund', 'keep')",
    )
    op.create_check_constraint(
        op.f("ck_campaigns_keep_days_positive"), "campaigns", "keep_days > 0"
    )
    _add("shipments", "note", sa.Text(), "")
    _add("shipments", "crates", postgresql.JSONB(), "{}")
    _add("shipments", "version", sa.BigInteger(), "1")
    op.add_column("shipments", sa.Column("route_id", sa.Uuid()))
    op.add_column("shipments", sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True)))
    _states("shipments", SHIPMENT_STATES.format(", 'cancelled'"))
    op.create_check_constraint(
        op.f("ck_shipments_cancelled_at_some_time"),
        "shipments",
        "(state = 'cancelled') = (cancelled_at is not null)",
    )
    op.create_index(op.f("ix_shipments_route_id"), "shipments", ["route_id"])
    op.create_foreign_key(
        op.f("fk_shipments_route_id"), "shipments", "routes", ["route_id"], ["id"]
    )
    _widen_parcels()
    _add("redemptions", "picked_up_by", sa.Text(), "shopper")
    op.add_column("redemptions", sa.Column("proxy_id", sa.Uuid()))
    op.create_check_constraint(
        op.f("ck_redemptions_picked_up_by_known"),
        "redemptions",
        "picked_up_by in ('shopper', 'proxy')",
    )
    op.create_check_constraint(
        op.f("ck_redemptions_proxy_is_named"),
        "redemptions",
        "(picked_up_by = 'proxy') = (proxy_id is not null)",
    )
    op.create_foreign_key(
        op.f("fk_redemptions_proxy_id"), "redemptions", "pickup_proxies", ["proxy_id"], ["id"]
    )
    op.drop_column("redemptions", "order_id")


def downgrade() -> None:
    """Migrate back; with a parcel that holds several orders it fails."""
    op.add_column("redemptions", sa.Column("order_id", sa.Uuid()))
    op.add_column("parcels", sa.Column("order_id", sa.Uuid()))
    _states("parcels", PARCEL_STATES.format(", 'returned', 'disposed'"))
    op.drop_constraint(op.f("ck_shipments_cancelled_at_some_time"), "shipments", type_="check")
    for table in ("unclaimed_moves", "unclaimed_parcels"):
        op.execute(f"drop table {table} cascade")
    op.drop_constraint(op.f("fk_redemptions_proxy_id"), "redemptions", type_="foreignkey")
    op.drop_column("redemptions", "proxy_id")
    op.drop_column("redemptions", "picked_up_by")
    op.execute("drop table pickup_proxies")
    for statement in EMPTY[:2]:
        op.execute(statement)
    op.execute("drop table parcel_orders")
    for statement in EMPTY[2:]:
        op.execute(statement)
    _narrow_parcels()
    op.alter_column("redemptions", "order_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_redemptions_order_id"), "redemptions", "orders", ["order_id"], ["id"]
    )
    op.execute("drop table shipment_shortages")
    for table in APPEND_ONLY:
        op.execute(f"drop function {table}_append_only")
        op.execute(f"drop function {table}_no_truncate")
    _states("shipments", SHIPMENT_STATES.format(""))
    for column in ("note", "crates", "version", "route_id", "cancelled_at"):
        op.drop_column("shipments", column)
    op.execute("drop table route_stops")
    op.execute("drop table routes")
    for column in ("one_parcel", "unclaimed_rule", "keep_days"):
        op.drop_column("campaigns", column)


def _widen_parcels() -> None:
    """Tell of each parcel whose it is, and in a table of its own which orders are in it."""
    op.add_column("parcels", sa.Column("number", sa.BigInteger()))
    op.add_column("parcels", sa.Column("shopper_id", sa.Uuid()))
    op.add_column("parcels", sa.Column("campaign_id", sa.Uuid()))
    op.add_column("parcels", sa.Column("ready_at", sa.TIMESTAMP(timezone=True)))
    for statement in FILL:
        op.execute(statement)
    op.alter_column("parcels", "number", nullable=False)
    op.alter_column("parcels", "shopper_id", nullable=False)
    op.drop_index(op.f("ix_parcels_pickup_point_id"), "parcels")
    op.drop_index(op.f("ix_parcels_shipment_id"), "parcels")
    op.drop_column("parcels", "order_id")
    op.create_index(op.f("ix_parcels_campaign_id"), "parcels", ["campaign_id"])
    op.create_index(op.f("ix_parcels_shopper_id"), "parcels", ["shopper_id"])
    op.create_index("ix_parcels_pickup_point_id_state", "parcels", ["pickup_point_id", "state"])
    op.create_index(
        "ix_parcels_ready_at", "parcels", ["ready_at"], postgresql_where=sa.text("state = 'ready'")
    )
    op.create_unique_constraint(
        op.f("uq_parcels_shipment_id_number"), "parcels", ["shipment_id", "number"]
    )
    op.create_foreign_key(
        op.f("fk_parcels_shopper_id"), "parcels", "shoppers", ["shopper_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_parcels_campaign_id"), "parcels", "campaigns", ["campaign_id"], ["id"]
    )
    _states("parcels", PARCEL_STATES.format(", 'returned', 'disposed'"))


def _narrow_parcels() -> None:
    op.alter_column("parcels", "order_id", nullable=False)
    op.create_foreign_key(op.f("fk_parcels_order_id"), "parcels", "orders", ["order_id"], ["id"])
    op.create_unique_constraint(op.f("uq_parcels_order_id"), "parcels", ["order_id"])
    op.drop_index("ix_parcels_pickup_point_id_state", "parcels")
    for column in ("number", "shopper_id", "campaign_id", "ready_at"):
        op.drop_column("parcels", column)
    op.create_index(op.f("ix_parcels_shipment_id"), "parcels", ["shipment_id"])
    op.create_index(op.f("ix_parcels_pickup_point_id"), "parcels", ["pickup_point_id"])
    _states("parcels", PARCEL_STATES.format(""))


def _add(table: str, name: str, kind: sa.types.TypeEngine, default: str) -> None:
    """Add a column that is never empty; rows that are there get the default, no other ones."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
    op.alter_column(table, name, server_default=None)


def _states(table: str, known: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_state_known"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_state_known"), table, known)


def _append_only(table: str) -> None:
    refusal = f"raise exception '{table} is append-only' using errcode = 'restrict_violation'"
    for name, timing, level in (
        (f"{table}_append_only", "before update or delete", "row"),
        (f"{table}_no_truncate", "before truncate", "statement"),
    ):
        op.execute(
            f"create or replace function {name}() returns trigger language plpgsql as $body$\n"
            f"begin\n    {refusal};\nend $body$"
        )
        op.execute(
            f"create trigger {name} {timing} on {table} for each {level} execute function {name}()"
        )
