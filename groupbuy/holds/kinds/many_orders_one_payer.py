"""Many orders, one payer: a leader's orders of a few hours were all paid by one hand.

One payer behind several accounts, or one account that orders again and again.
"""

from groupbuy.holds.kinds.interface import EARNS, Facts, Kind, Parameter, Values, finder
from groupbuy.holds.rules import WORST, Stream
from groupbuy.kernel.texts import Text

ENOUGH, EACH_MORE = 60, 10
MOST_HOURS = 24 * 31


def score(facts: Facts, parameters: Values) -> int:
    """Say that it weighs more the more orders there are beyond those that are suspicious."""
    needed = parameters["orders" if facts["same"] == "payer" else "shopper_orders"]
    return min(WORST, ENOUGH + EACH_MORE * (int(facts["orders"]) - needed))


KIND = Kind(
    name="many_orders_one_payer",
    title=Text("同一付款人短时间大量下单", "Many orders of one payer within hours"),
    told=Text("该订单的下单情况正在核实。", "We are checking how this order came about."),
    stream=Stream.PAID,
    threshold=50,
    parameters={
        "orders": Parameter(
            5,
            2,
            1_000,
            Text("同一付款人、不同账号的订单数", "orders of one payer by different accounts"),
        ),
        "shopper_orders": Parameter(
            10, 2, 1_000, Text("同一账号的订单数", "orders of one account")
        ),
        "hours": Parameter(24, 1, MOST_HOURS, Text("在多少小时之内", "within so many hours")),
    },
    finder=finder(
        f"""
        with seeds as (
            select o.id, o.leader_id, o.shopper_id, o.paid_at, p.payer_ref,
                o.paid_at - make_interval(hours => cast(:hours as integer)) as since
            from orders o left join payments p on p.id = o.payment_id
            where o.id in :order_ids and o.paid_at is not null and o.leader_id is not null
        ), around as (
            select 'payer' as same, s.id as last_order_id, o.*
            from seeds s join payments p on p.payer_ref = s.payer_ref
            join orders o on o.payment_id = p.id and o.leader_id = s.leader_id
                and o.paid_at > s.since and o.paid_at <= s.paid_at
            union all
            select 'shopper', s.id, o.*
            from seeds s join orders o on o.shopper_id = s.shopper_id
                and o.leader_id = s.leader_id and o.paid_at > s.since and o.paid_at <= s.paid_at
        ), bursts as (
            select same, last_order_id, count(*) as orders,
                count(distinct shopper_id) as shoppers
            from around group by same, last_order_id
            having case same when 'payer'
                then count(*) >= :orders and count(distinct shopper_id) > 1
                else count(*) >= :shopper_orders end
        )
        select distinct on (o.id) o.id as order_id, o.leader_id, same, b.orders, b.shoppers,
            last_order_id
        from bursts b join around o using (same, last_order_id)
        where {EARNS}
        order by o.id, b.orders desc, same, last_order_id
        """,
        last_order_id="ord",
    ),
    score=score,
)
