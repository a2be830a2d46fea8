"""Self purchase by account: the leader's own shopper account bought."""

from groupbuy.holds.kinds.interface import EARNS, Facts, Kind, Values, finder
from groupbuy.holds.rules import WORST, Stream
from groupbuy.kernel.texts import Text

HARMLESS = 30


def score(facts: Facts, parameters: Values) -> int:
    """Say that it matters only where the attribution policy pays for self purchases."""
    return WORST if facts["commissionable"] else HARMLESS


KIND = Kind(
    name="self_purchase_account",
    title=Text("团长用本人账号购买", "Bought by the leader's own account"),
    told=Text("该订单的购买人正在核实。", "We are checking who bought this order."),
    stream=Stream.PAID,
    threshold=50,
    finder=finder(
        f"""
        select o.id as order_id, o.leader_id, o.shopper_id,
            coalesce(d.commissionable, true) as commissionable
        from orders o
        join leaders l on l.id = o.leader_id and l.shopper_id = o.shopper_id
        left join lateral (
            select commissionable from attribution_decisions d
            where d.order_id = o.id order by d.revision desc limit 1
        ) d on true
        where o.id in :order_ids and {EARNS}
        """,
        shopper_id="shp",
    ),
    score=score,
)
