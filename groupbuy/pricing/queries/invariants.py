"""What pricing promises about its tables."""

from groupbuy.kernel.books import Invariant

INVARIANTS = (
    Invariant(
        "pricing.given_is_coupons",
        "A batch has given as many coupons as there are, and never more than its quantity.",
        "select b.id, b.given, b.quantity, count(c.id) coupons from coupon_batches b "
        "left join coupons c on c.batch_id = b.id group by b.id "
        "having b.given <> count(c.id) or b.given > b.quantity",
    ),
    Invariant(
        "pricing.shopper_has_no_more_than_one_may",
        "No shopper has more coupons of a batch than one may have.",
        "select c.id, c.number, b.per_shopper from coupons c "
        "join coupon_batches b on b.id = c.batch_id where c.number > b.per_shopper",
    ),
    Invariant(
        "pricing.coupon_is_its_orders",
        "A coupon is reserved by an order that waits for payment, or used by one that was paid, "
        "and that order names it; no order that is not cancelled lacks the coupon it names.",
        "select c.id coupon, o.id as order_id, c.state, o.state as order_state from coupons c "
        "full join (select * from orders where coupon_id is not null and state <> 'cancelled') o "
        "on o.id = c.order_id where (c.order_id is not null or o.id is not null) "
        "and (o.coupon_id is distinct from c.id "
        "or (c.state = 'reserved') is distinct from (o.state = 'pending_payment'))",
    ),
    Invariant(
        "pricing.promotion_counts_its_orders",
        "A promotion counts the orders that hold a place in it, never more than it may have.",
        "select p.id, p.orders_used, count(u.order_id) held from promotions p "
        "left join promotion_uses u on u.promotion_id = p.id and u.held group by p.id "
        "having p.orders_used <> count(u.order_id)",
    ),
)
