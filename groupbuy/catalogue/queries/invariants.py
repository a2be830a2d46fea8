"""What the catalogue promises about its own rows."""

from groupbuy.catalogue.rules import PriceKind
from groupbuy.kernel.books import Invariant

_LATEST = " union all ".join(
    f"select id as sku_id, '{kind}' as kind, {kind.column} as now_fen from skus"
    for kind in PriceKind
)

INVARIANTS = (
    Invariant(
        "catalogue.lowest_price",
        "a product names the price of its cheapest active SKU, or none without any",
        """
        select p.id, p.lowest_price_fen, s.price_fen
        from products p left join (
            select product_id, min(price_fen) as price_fen from skus where active group by 1
        ) s on s.product_id = p.id
        where p.lowest_price_fen is distinct from s.price_fen
        """,
    ),
    Invariant(
        "catalogue.pictures",
        "the pictures that a product shows are those that belong to it",
        """
        select p.id, shown.picture_id as shown, owned.id as owned
        from products p
        cross join lateral unnest(p.picture_ids) as shown (picture_id)
        full join (
            select id, owner from pictures where starts_with(owner, 'prd_')
        ) owned on owned.id = shown.picture_id
            and owned.owner = 'prd_' || replace(p.id::text, '-', '')
        where shown.picture_id is null or owned.id is null
        """,
    ),
    Invariant(
        "catalogue.price_history",
        "each price of a SKU is what the last change made it",
        f"""
        select latest.sku_id, latest.kind, latest.new_fen, present.now_fen
        from (
            select distinct on (sku_id, kind) sku_id, kind, new_fen
            from sku_prices order by sku_id, kind, id desc
        ) latest
        join ({_LATEST}) present using (sku_id, kind)
        where latest.new_fen is distinct from present.now_fen
        """,
    ),
)
