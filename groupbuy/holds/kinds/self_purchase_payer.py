"""Self purchase by payer: who paid for the order has also paid for the leader's own account."""

from groupbuy.holds.kinds.interface import EARNS, Facts, Kind, Values, finder
from groupbuy.holds.rules import WORST, Stream
from groupbuy.kernel.texts import Text

ONCE, EACH_MORE = 80, 5


def score(facts: Facts, parameters: Values) -> int:
    """Say that it weighs more the more often the payer paid for the leader."""
    return min(WORST, ONCE + EACH_MORE * (int(facts["own_orders"]) - 1))


KIND = Kind(
    name="self_purchase_payer",
    title=Text("付款人也为团长本人付款", "The payer also paid for the leader"),
    told=Text("该订单的付款人正在核实。", "We are checking who paid for this order."),
    stream=Stream.PAID,
    threshold=50,
    finder=finder(
        f"""
        with payers as (
            select distinct p.payer_ref from orders o join payments p on p.id = o.payment_id
            where o.id in :order_ids and p.payer_ref is not null
        ), bought as (
            select o.*, p.payer_ref
            from payers join payments p using (payer_ref) join orders o on o.payment_id = p.id
            where o.paid_at is not null
        )
        select o.id as order_id, o.leader_id, o.payment_id, o.shopper_id,
            count(own.id) as own_orders, (array_agg(own.id order by own.id))[1] as own_order_id
        from bought o
        join leaders l on l.id = o.leader_id and l.shopper_id <> o.shopper_id
        join bought own on own.payer_ref = o.payer_ref and own.shopper_id = l.shopper_id
        where {EARNS}
        group by o.id, o.leader_id, o.payment_id, o.shopper_id
        having o.id in :order_ids or bool_or(own.id in :order_ids)
        """,
        payment_id="pay",
        shopper_id="shp",
        own_order_id="ord",
    ),
    score=score,
)
