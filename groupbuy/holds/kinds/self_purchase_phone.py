"""Self purchase by phone: the buyer once gave the leader's phone number.

Shoppers have no phone number here. Who applied to become a leader gave one, whatever became of
the application: so it is seen when the leader buys by a second account that has applied, too.
"""

from groupbuy.holds.kinds.interface import EARNS, Facts, Kind, Values, finder
from groupbuy.holds.rules import Stream
from groupbuy.kernel.texts import Text

SAME_NUMBER = 90
DIGITS = r"right(regexp_replace({phone}, '\D', '', 'g'), 11)"
"""A number without blanks, dashes and the country's code."""


def score(facts: Facts, parameters: Values) -> int:
    """Say that families and shops share a number at times, but rarely."""
    return SAME_NUMBER


KIND = Kind(
    name="self_purchase_phone",
    title=Text("购买人与团长手机号相同", "The buyer has the leader's phone number"),
    told=Text("该订单的购买人正在核实。", "We are checking who bought this order."),
    stream=Stream.PAID,
    threshold=50,
    finder=finder(
        f"""
        select distinct on (o.id) o.id as order_id, o.leader_id, o.shopper_id,
            own.id as leader_application_id, buyers.id as buyer_application_id
        from orders o
        join leaders l on l.id = o.leader_id and l.shopper_id <> o.shopper_id
        join leader_applications own on own.shopper_id = l.shopper_id
        join leader_applications buyers on buyers.shopper_id = o.shopper_id
            and {DIGITS.format(phone="buyers.phone")} = {DIGITS.format(phone="own.phone")}
        where o.id in :order_ids and {EARNS}
        order by o.id, own.id, buyers.id
        """,
        shopper_id="shp",
        leader_application_id="lap",
        buyer_application_id="lap",
    ),
    score=score,
)
