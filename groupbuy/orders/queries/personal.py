"""What orders keeps about a shopper: their purchases, kept by law under an id that names nobody."""

from groupbuy.kernel.personal import PersonalData
from groupbuy.kernel.texts import Text

_ORDER = "'ord_' || replace(o.id::text, '-', '') as order_id"
_NOTES = (
    "from after_sale_notes n join after_sales a on a.id = n.after_sale_id "
    "join orders o on o.id = a.order_id where o.shopper_id = :shopper"
)

PERSONAL = (
    PersonalData(
        "orders",
        f"select {_ORDER}, o.state, o.total_fen, o.refunded_fen, o.placed_at, o.paid_at, "
        "o.picked_up_at, o.completed_at from orders o where o.shopper_id = :shopper order by o.id",
        (
            Text(
                "您有尚未完成的订单，请等它完成或取消。",
                "You have an order on its way; wait until it is completed, or cancel it.",
            ),
            "select 1 from orders where shopper_id = :shopper "
            "and state not in ('completed', 'cancelled') limit 1",
        ),
    ),
    PersonalData(
        "order_lines",
        f"select {_ORDER}, l.title, l.quantity, l.amount_fen, l.refunded_fen from order_lines l "
        "join orders o on o.id = l.order_id where o.shopper_id = :shopper order by l.id",
    ),
    PersonalData(
        "refunds",
        f"select {_ORDER}, r.amount_fen, r.state, r.reason, r.requested_at, r.settled_at "
        "from order_refunds r join orders o on o.id = r.order_id "
        "where o.shopper_id = :shopper order by r.id",
        (
            Text("您有退款正在处理。", "A refund of yours is under way."),
            "select 1 from order_refunds r join orders o on o.id = r.order_id "
            "where o.shopper_id = :shopper and r.state = 'requested' limit 1",
        ),
    ),
    PersonalData(
        "payments",
        f"select {_ORDER}, p.provider, p.amount_fen, p.currency, p.state, p.succeeded_at "
        "from payments p join orders o on p.reference = 'ord_' || replace(o.id::text, '-', '') "
        "where o.shopper_id = :shopper order by p.id",
    ),
    PersonalData(
        "after_sales",
        f"select {_ORDER}, a.kind, a.state, a.reason, a.words, a.amount_fen, a.approved_fen, "
        "a.requested_at, a.ended_at from after_sales a join orders o on o.id = a.order_id "
        "where o.shopper_id = :shopper order by a.id",
        (
            Text("您有售后尚未处理完。", "An after-sale of yours is not over."),
            "select 1 from after_sales a join orders o on o.id = a.order_id "
            "where o.shopper_id = :shopper and a.ended_at is null limit 1",
        ),
        (
            "update after_sales a set words = '' from orders o "
            "where o.id = a.order_id and o.shopper_id = :shopper",
        ),
    ),
    PersonalData(
        "after_sale_notes",
        f"select {_ORDER}, n.by_staff, n.words, n.at {_NOTES} order by n.id",
        erase=(f"delete from after_sale_notes where id in (select n.id {_NOTES})",),
    ),
    PersonalData(
        "carts",
        "select p.title, s.name, l.quantity, l.added_at from cart_lines l "
        "join carts c on c.id = l.cart_id join skus s on s.id = l.sku_id "
        "join products p on p.id = s.product_id where c.shopper_id = :shopper order by l.added_at",
        erase=(
            "delete from cart_lines where cart_id in "
            "(select id from carts where shopper_id = :shopper)",
            "delete from carts where shopper_id = :shopper",
        ),
    ),
)
