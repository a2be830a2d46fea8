"""What fulfilment promises about its tables."""

from groupbuy.kernel.books import Invariant

_STANDING = "parcel_orders i on i.removed_at is null and i."

INVARIANTS = (
    Invariant(
        "fulfilment.parcel_follows_order",
        "a parcel stands where the orders in it stand",
        "select p.id, p.state parcel, o.id order_id, o.state order_state from parcels p "
        f"join {_STANDING}parcel_id = p.id join orders o on o.id = i.order_id "
        "where not (case p.state "
        "when 'preparing' then o.state = 'preparing' when 'in_transit' then o.state = 'shipped' "
        "when 'ready' then o.state = 'ready_for_pickup' "
        "when 'handed_over' then o.state in ('picked_up', 'completed') "
        "when 'returned' then o.state = 'completed' when 'disposed' then o.state = 'completed' "
        "else false end)",
    ),
    Invariant(
        "fulfilment.order_is_in_one_parcel",
        "an order that is packed, on its way, ready or picked up is in exactly one parcel; one "
        "whose group buy made it is prepared before it is packed",
        "select o.id, o.state, count(i.id) parcels from orders o "
        f"left join {_STANDING}order_id = o.id "
        "where o.state in ('preparing', 'shipped', 'ready_for_pickup', 'picked_up') "
        "group by o.id having count(i.id) <> 1 and not (count(i.id) = 0 "
        "and o.state = 'preparing' and exists (select from order_transitions t "
        "where t.order_id = o.id and t.from_state = 'group_pending' "
        "and t.to_state = 'preparing'))",
    ),
    Invariant(
        "fulfilment.parcel_is_one_shoppers",
        "the orders of a parcel are its shopper's, for its pickup point and its campaign",
        f"select p.id, o.id order_id from parcels p join {_STANDING}parcel_id = p.id "
        "join orders o on o.id = i.order_id where o.shopper_id <> p.shopper_id "
        "or o.pickup_point_id <> p.pickup_point_id "
        "or o.campaign_id is distinct from p.campaign_id",
    ),
    Invariant(
        "fulfilment.open_parcel_holds_something",
        "an open parcel holds an order, a cancelled one none, several only as one basket",
        "select p.id, p.state, count(i.id) orders from parcels p "
        f"left join {_STANDING}parcel_id = p.id left join campaigns c on c.id = p.campaign_id "
        "group by p.id, c.one_parcel having case p.state when 'cancelled' then count(i.id) > 0 "
        "when 'preparing' then count(i.id) = 0 when 'in_transit' then count(i.id) = 0 "
        "else false end or (count(i.id) > 1 and not coalesce(c.one_parcel, false))",
    ),
    Invariant(
        "fulfilment.handed_over_once",
        "a handed-over parcel has exactly one standing redemption, any other has none",
        "select p.id, p.state, count(r.id) standing from parcels p left join redemptions r "
        "on r.parcel_id = p.id and r.undone_at is null group by p.id "
        "having count(r.id) <> (case p.state when 'handed_over' then 1 else 0 end)",
    ),
    Invariant(
        "fulfilment.codes_apart",
        "nobody who may fetch at a pickup point has the code of somebody else",
        "select x.id, p.id parcel_id from pickup_proxies x join parcels p "
        "on p.pickup_point_id = x.pickup_point_id and p.code = x.code "
        "where x.state = 'open' and p.state in ('preparing', 'in_transit', 'ready')",
    ),
    Invariant(
        "fulfilment.proxies_end_with_the_parcel",
        "who may fetch for somebody may do so only while the parcel is ready",
        "select x.id, p.state from pickup_proxies x join parcels p on p.id = x.parcel_id "
        "where x.state = 'open' and p.state <> 'ready'",
    ),
    Invariant(
        "fulfilment.unclaimed_follows_parcel",
        "what is done about an unclaimed parcel fits where the parcel is",
        "select u.id, u.state, p.state parcel from unclaimed_parcels u "
        "join parcels p on p.id = u.parcel_id where p.state <> (case u.state "
        "when 'fetched' then 'handed_over' when 'returned' then 'returned' "
        "when 'disposed' then 'disposed' else 'ready' end)",
    ),
    Invariant(
        "fulfilment.shortages_within_shipment",
        "no shipment lacks less than nothing of a SKU",
        "select shipment_id, sku_id, sum(quantity) missing from shipment_shortages "
        "group by shipment_id, sku_id having sum(quantity) < 0",
    ),
    Invariant(
        "fulfilment.purchased_goods_are_movements",
        "what came for an order to a supplier is a receipt of the house of as many units",
        "select r.id, r.quantity, m.delta from purchase_receipts r "
        "join stock_movements m on m.id = r.movement_id join stock_pools p on p.id = m.pool_id "
        "where m.kind <> 'receipt' or m.delta <> r.quantity or p.sku_id <> r.sku_id "
        "or m.reference <> 'pur_' || replace(r.purchase_order_id::text, '-', '')",
    ),
)
