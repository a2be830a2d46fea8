"""Create promotions and coupons; give orders gifts, effects, a coupon and a delivery fee.

Revision: pricing_create, after fulfilment_complete. Downgrading fails while an order has the same
SKU both bought and given.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "pricing_create"
down_revision = "fulfilment_complete"
branch_labels = None
depends_on = None

CHECKS = (
    ("orders", "ck_orders_discount_not_negative", "discount_fen >= 0"),
    ("orders", "ck_orders_delivery_within_total", "delivery_fen between 0 and total_fen"),
    (
        "orders",
        "ck_orders_delivery_refunds_within_fee",
        "0 <= delivery_refunded_fen and delivery_refunded_fen <= delivery_requested_fen and delivery_requested_fen <= delivery_fen",
    ),
    (
        "order_lines",
        "ck_order_lines_gift_is_free",
        "not gift or (amount_fen = 0 and not earns_commission)",
    ),
    (
        "order_refunds",
        "ck_order_refunds_delivery_within_amount",
        "delivery_fen between 0 and amount_fen",
    ),
)

RULES = (
    (
        "coupon_batches",
        "coupon_batches_published_stay",
        """create or replace function coupon_batches_published_stay() returns trigger language plpgsql as $body$
begin
    if old.state <> 'draft'
        and (to_jsonb(new) - array['state', 'given', 'published_at', 'version']) is distinct from (to_jsonb(old) - array['state', 'given', 'published_at', 'version']) then
        raise exception 'what was published in coupon_batches is never edited'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger coupon_batches_published_stay before update on coupon_batches for each row execute function coupon_batches_published_stay()""",
    ),
    (
        "promotions",
        "promotions_published_stay",
        """create or replace function promotions_published_stay() returns trigger language plpgsql as $body$
begin
    if old.state <> 'draft'
        and (to_jsonb(new) - array['state', 'orders_used', 'published_at', 'ended_at', 'ended_by', 'end_reason', 'version']) is distinct from (to_jsonb(old) - array['state', 'orders_used', 'published_at', 'ended_at', 'ended_by', 'end_reason', 'version']) then
        raise exception 'what was published in promotions is never edited'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger promotions_published_stay before update on promotions for each row execute function promotions_published_stay()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "coupon_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("off_fen", sa.BigInteger(), nullable=True),
        sa.Column("off_bps", sa.BigInteger(), nullable=True),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("from_fen", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("valid_days", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("per_shopper", sa.BigInteger(), nullable=False),
        sa.Column("public_code", sa.Text(), nullable=True),
        sa.Column("platform_funded", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("goods", sa.Text(), nullable=False),
        sa.Column(
            "goods_ids", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(goods = 'all') = (goods_ids = '[]'::jsonb)",
            name=op.f("ck_coupon_batches_goods_named"),
        ),
        sa.CheckConstraint(
            "(place = 'campaign') = (campaign_id is not null)",
            name=op.f("ck_coupon_batches_campaign_named"),
        ),
        sa.CheckConstraint(
            "case kind when 'fixed' then off_fen is not null and off_bps is null when 'percentage' then off_fen is null and off_bps is not null else off_bps is null end and (cap_fen is null or kind = 'percentage')",
            name=op.f("ck_coupon_batches_terms_fit_kind"),
        ),
        sa.CheckConstraint(
            "goods in ('all', 'categories', 'products', 'skus')",
            name=op.f("ck_coupon_batches_goods_known"),
        ),
        sa.CheckConstraint(
            "kind in ('fixed', 'percentage', 'delivery')", name=op.f("ck_coupon_batches_kind_known")
        ),
        sa.CheckConstraint(
            "place in ('everywhere', 'house', 'campaigns', 'campaign')",
            name=op.f("ck_coupon_batches_place_known"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'paused', 'ended')",
            name=op.f("ck_coupon_batches_state_known"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(ends_at, valid_days) = 1 and (starts_at is null) = (ends_at is null) and starts_at < ends_at and valid_days > 0",
            name=op.f("ck_coupon_batches_valid_one_way"),
        ),
        sa.CheckConstraint(
            "off_fen > 0 and off_bps between 1 and 10000 and cap_fen > 0 and from_fen >= 0",
            name=op.f("ck_coupon_batches_terms_positive"),
        ),
        sa.CheckConstraint("per_shopper > 0", name=op.f("ck_coupon_batches_per_shopper_positive")),
        sa.CheckConstraint(
            "quantity > 0 and given between 0 and quantity",
            name=op.f("ck_coupon_batches_given_within"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_coupon_batches_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_batches")),
        sa.UniqueConstraint("public_code", name=op.f("uq_coupon_batches_public_code")),
    )
    op.create_table(
        "promotions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "terms", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("members_only", sa.Boolean(), nullable=False),
        sa.Column("newcomers_only", sa.Boolean(), nullable=False),
        sa.Column("stacks_with_promotions", sa.Boolean(), nullable=False),
        sa.Column("stacks_with_coupon", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("orders_max", sa.BigInteger(), nullable=True),
        sa.Column("orders_used", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("copied_from", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("goods", sa.Text(), nullable=False),
        sa.Column(
            "goods_ids", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(ended_at is null) = (ended_by is null) and (state = 'ended') = (ended_at is not null)",
            name=op.f("ck_promotions_ended_by_someone"),
        ),
        sa.CheckConstraint(
            "(goods = 'all') = (goods_ids = '[]'::jsonb)", name=op.f("ck_promotions_goods_named")
        ),
        sa.CheckConstraint(
            "(place = 'campaign') = (campaign_id is not null)",
            name=op.f("ck_promotions_campaign_named"),
        ),
        sa.CheckConstraint(
            "goods in ('all', 'categories', 'products', 'skus')",
            name=op.f("ck_promotions_goods_known"),
        ),
        sa.CheckConstraint(
            "place in ('everywhere', 'house', 'campaigns', 'campaign')",
            name=op.f("ck_promotions_place_known"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'ended')", name=op.f("ck_promotions_state_known")
        ),
        sa.CheckConstraint("orders_used >= 0", name=op.f("ck_promotions_orders_not_negative")),
        sa.CheckConstraint(
            "orders_used between 0 and orders_max", name=op.f("ck_promotions_orders_within_max")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_promotions_starts_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_promotions_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["copied_from"], ["promotions.id"], name=op.f("fk_promotions_copied_from")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
    )
    op.create_index(
        "ix_promotions_published_ends_at",
        "promotions",
        ["ends_at"],
        unique=False,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "coupon_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(claimed_at is null) = (claimed_by is null)",
            name=op.f("ck_coupon_codes_claimed_by_someone"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["coupon_batches.id"], name=op.f("fk_coupon_codes_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["claimed_by"], ["shoppers.id"], name=op.f("fk_coupon_codes_claimed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_codes_code")),
    )
    op.create_index("ix_coupon_codes_batch_id_id", "coupon_codes", ["batch_id", "id"], unique=False)
    op.create_index(
        op.f("ix_coupon_codes_claimed_by"), "coupon_codes", ["claimed_by"], unique=False
    )
    op.create_table(
        "coupon_issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column(
            "audience", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("last_shopper_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("touched_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'running') = (ended_at is null)",
            name=op.f("ck_coupon_issues_ended_unless_running"),
        ),
        sa.CheckConstraint(
            "state in ('running', 'done', 'stopped')", name=op.f("ck_coupon_issues_state_known")
        ),
        sa.CheckConstraint(
            "0 <= issued and issued <= found", name=op.f("ck_coupon_issues_issued_within_found")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["coupon_batches.id"], name=op.f("fk_coupon_issues_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_issues")),
    )
    op.create_index(op.f("ix_coupon_issues_batch_id"), "coupon_issues", ["batch_id"], unique=False)
    op.create_index(
        "ix_coupon_issues_running",
        "coupon_issues",
        ["touched_at"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "promotion_uses",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_uses_promotion_id")
        ),
        sa.PrimaryKeyConstraint("order_id", "promotion_id", name=op.f("pk_promotion_uses")),
    )
    op.create_index(
        "ix_promotion_uses_promotion_id",
        "promotion_uses",
        ["promotion_id"],
        unique=False,
        postgresql_where=sa.text("held"),
    )
    op.create_table(
        "coupons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("issue_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'claimed') = (order_id is null)", name=op.f("ck_coupons_order_unless_claimed")
        ),
        sa.CheckConstraint(
            "(state = 'used') = (used_at is not null)", name=op.f("ck_coupons_used_when")
        ),
        sa.CheckConstraint(
            "state in ('claimed', 'reserved', 'used')", name=op.f("ck_coupons_state_known")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_coupons_number_positive")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["coupon_batches.id"], name=op.f("fk_coupons_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["coupon_issues.id"], name=op.f("fk_coupons_issue_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shoppers.id"], name=op.f("fk_coupons_shopper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint(
            "batch_id", "shopper_id", "number", name=op.f("uq_coupons_batch_id_shopper_id_number")
        ),
    )
    op.create_index("ix_coupons_shopper_id_id", "coupons", ["shopper_id", "id"], unique=False)
    op.create_index(
        "uq_coupons_issue_id_shopper_id",
        "coupons",
        ["issue_id", "shopper_id"],
        unique=True,
        postgresql_where=sa.text("issue_id is not null"),
    )
    op.create_index(
        "uq_coupons_order_id",
        "coupons",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("order_id is not null"),
    )
    op.create_index(
        op.f("ix_attribution_decisions_shopper_id"),
        "attribution_decisions",
        ["shopper_id"],
        unique=False,
    )
    op.add_column(
        "order_lines", sa.Column("gift", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column(
        "order_lines",
        sa.Column(
            "effects",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
    )
    op.drop_constraint(op.f("uq_order_lines_order_id_sku_id"), "order_lines", type_="unique")
    op.create_unique_constraint(
        op.f("uq_order_lines_order_id_sku_id_gift"), "order_lines", ["order_id", "sku_id", "gift"]
    )
    op.add_column(
        "order_refunds",
        sa.Column("delivery_fen", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "orders", sa.Column("discount_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "orders", sa.Column("delivery_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "orders",
        sa.Column(
            "delivery_effects",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
    )
    op.add_column("orders", sa.Column("coupon_id", sa.Uuid(), nullable=True))
    op.add_column(
        "orders",
        sa.Column("delivery_requested_fen", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "orders",
        sa.Column("delivery_refunded_fen", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_foreign_key(op.f("fk_orders_coupon_id"), "orders", "coupons", ["coupon_id"], ["id"])
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(name), table, condition)
    op.add_column("shoppers", sa.Column("member_until", sa.TIMESTAMP(timezone=True), nullable=True))
    # The member's price of a SKU: catalogue's column, here only until catalogue's own migration.
    op.add_column("skus", sa.Column("member_price_fen", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_skus_member_price_not_above_price"),
        "skus",
        "member_price_fen between 0 and price_fen",
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    # Catalogue's column, as above.
    op.drop_constraint(op.f("ck_skus_member_price_not_above_price"), "skus", type_="check")
    op.drop_column("skus", "member_price_fen")
    op.drop_column("shoppers", "member_until")
    for table, name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(name), table, type_="check")
    op.drop_constraint(op.f("fk_orders_coupon_id"), "orders", type_="foreignkey")
    op.drop_column("orders", "delivery_refunded_fen")
    op.drop_column("orders", "delivery_requested_fen")
    op.drop_column("orders", "coupon_id")
    op.drop_column("orders", "delivery_effects")
    op.drop_column("orders", "delivery_fen")
    op.drop_column("orders", "discount_fen")
    op.drop_column("order_refunds", "delivery_fen")
    op.drop_constraint(op.f("uq_order_lines_order_id_sku_id_gift"), "order_lines", type_="unique")
    op.create_unique_constraint(
        op.f("uq_order_lines_order_id_sku_id"),
        "order_lines",
        ["order_id", "sku_id"],
        postgresql_nulls_not_distinct=False,
    )
    op.drop_column("order_lines", "effects")
    op.drop_column("order_lines", "gift")
    op.drop_index(op.f("ix_attribution_decisions_shopper_id"), table_name="attribution_decisions")
    op.drop_index(
        "uq_coupons_order_id",
        table_name="coupons",
        postgresql_where=sa.text("order_id is not null"),
    )
    op.drop_index(
        "uq_coupons_issue_id_shopper_id",
        table_name="coupons",
        postgresql_where=sa.text("issue_id is not null"),
    )
    op.drop_index("ix_coupons_shopper_id_id", table_name="coupons")
    op.drop_table("coupons")
    op.drop_index(
        "ix_promotion_uses_promotion_id",
        table_name="promotion_uses",
        postgresql_where=sa.text("held"),
    )
    op.drop_table("promotion_uses")
    op.drop_index(
        "ix_coupon_issues_running",
        table_name="coupon_issues",
        postgresql_where=sa.text("state = 'running'"),
    )
    op.drop_index(op.f("ix_coupon_issues_batch_id"), table_name="coupon_issues")
    op.drop_table("coupon_issues")
    op.drop_index(op.f("ix_coupon_codes_claimed_by"), table_name="coupon_codes")
    op.drop_index("ix_coupon_codes_batch_id_id", table_name="coupon_codes")
    op.drop_table("coupon_codes")
    op.drop_index(
        "ix_promotions_published_ends_at",
        table_name="promotions",
        postgresql_where=sa.text("state = 'published'"),
    )
    op.drop_table("promotions")
    op.drop_table("coupon_batches")
