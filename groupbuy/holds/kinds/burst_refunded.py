"""A burst refunded: a month's volume crossed a threshold, and soon much of it was given back.

Orders that lifted the month into a tier and were refunded once it was reached. What the same
shoppers and payers bought and kept is held; if they kept nothing, the refunded orders are.
"""

from groupbuy.holds.kinds.interface import EARNS, Facts, Kind, Parameter, Values, finder
from groupbuy.holds.rules import WORST, Stream
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text

JUST = 50


def score(facts: Facts, parameters: Values) -> int:
    """Say that it weighs more the larger the part that was taken back."""
    taken_bps = int(facts["taken_fen"]) * BPS // int(facts["volume_fen"])
    beyond = taken_bps - parameters["share_bps"]
    return min(WORST, JUST + (WORST - JUST) * beyond // (BPS - parameters["share_bps"]))


KIND = Kind(
    name="burst_refunded",
    title=Text("达到档位后集中退款", "Refunded in a burst once the tier was reached"),
    told=Text("该月的退款情况正在核实。", "We are checking the refunds of this month."),
    stream=Stream.REFUNDED,
    threshold=50,
    parameters={
        "volume_fen": Parameter(
            1_000_000, 1, 10**12, Text("达到的月销售额（分）", "the month's volume, in fen")
        ),
        "days": Parameter(
            7, 1, 90, Text("达到后多少天之内的退款", "refunds within so many days after it")
        ),
        "share_bps": Parameter(
            3_000, 1, BPS - 1, Text("退款超过月销售额的比例（基点）", "more than this part of it")
        ),
    },
    finder=finder(
        f"""
        with months as (
            select distinct leader_id, date_trunc('month', completed_at at time zone :zone) as month
            from orders
            where id in :order_ids and leader_id is not null and completed_at is not null
        ), sold as (
            select o.*, m.month, p.payer_ref,
                sum(o.total_fen) over (
                    partition by o.leader_id, m.month order by o.completed_at, o.id
                ) as running_fen
            from months m join orders o on o.leader_id = m.leader_id
                and o.completed_at >= m.month at time zone :zone
                and o.completed_at < (m.month + interval '1 month') at time zone :zone
            left join payments p on p.id = o.payment_id
        ), volumes as (
            select leader_id, month, sum(total_fen) as volume_fen,
                min(completed_at) filter (where running_fen >= :volume_fen) as reached_at
            from sold group by leader_id, month
        ), back as (
            select s.id, s.leader_id, s.month, s.shopper_id, s.payer_ref, v.volume_fen,
                sum(r.amount_fen) as taken_fen
            from volumes v join sold s using (leader_id, month)
            join order_refunds r on r.order_id = s.id and r.state = 'succeeded'
                and r.settled_at >= v.reached_at
                and r.settled_at < v.reached_at + make_interval(days => cast(:days as integer))
            group by s.id, s.leader_id, s.month, s.shopper_id, s.payer_ref, v.volume_fen
        ), bursts as (
            select leader_id, month, volume_fen, sum(taken_fen) as taken_fen,
                count(*) as refunded_orders
            from back group by leader_id, month, volume_fen
            having sum(taken_fen) * {BPS} > volume_fen * :share_bps
        ), kept as (
            select s.id, s.leader_id, s.month from bursts join sold s using (leader_id, month)
            where s.refund_status = 'none' and exists (
                select from back b where b.leader_id = s.leader_id and b.month = s.month
                    and (b.shopper_id = s.shopper_id or b.payer_ref = s.payer_ref)
            )
        ), meant as (
            select id, leader_id, month from kept
            union all
            select id, leader_id, month from back b where not exists (
                select from kept k where k.leader_id = b.leader_id and k.month = b.month
            )
        )
        select o.id as order_id, o.leader_id, to_char(b.month, 'YYYY-MM') as month,
            b.refunded_orders, cast(b.taken_fen as bigint) as taken_fen,
            cast(b.volume_fen as bigint) as volume_fen
        from bursts b join meant m using (leader_id, month) join orders o on o.id = m.id
        where {EARNS}
        order by o.id
        """
    ),
    score=score,
)
