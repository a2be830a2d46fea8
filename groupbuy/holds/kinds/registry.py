"""The registry: adding a rule is one file and one line here."""

from groupbuy.holds.kinds import (
    burst_refunded,
    many_orders_one_payer,
    self_purchase_account,
    self_purchase_payer,
    self_purchase_phone,
)
from groupbuy.holds.kinds.interface import Kind
from groupbuy.holds.rules import MANUAL, HoldState
from groupbuy.kernel.texts import Text

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        self_purchase_account.KIND,
        self_purchase_phone.KIND,
        self_purchase_payer.KIND,
        many_orders_one_payer.KIND,
        burst_refunded.KIND,
    )
}

MANUAL_TITLE = Text("人工冻结", "Placed by hand")
MANUAL_TOLD = Text("总部正在核实该订单。", "Headquarters is looking into this order.")
DECIDED_TOLD = {
    HoldState.RELEASED: Text(
        "已核实，未发现问题：佣金将照常结算。",
        "It was checked and nothing is wrong: what it earns is paid as usual.",
    ),
    HoldState.REJECTED: Text(
        "已认定为异常订单，不计佣金；如有异议，可在结算单上对该行提出申诉。",
        "It was found to be improper and earns nothing; you can dispute its row on your statement.",
    ),
}


def title_of(rule: str) -> Text:
    """Return a rule's name in words, for headquarters."""
    return MANUAL_TITLE if rule == MANUAL else KINDS[rule].title


def told_of(rule: str, state: HoldState = HoldState.HELD) -> Text:
    """Return what a leader reads about a hold of a rule: what it is about, then how it ended."""
    if state in DECIDED_TOLD:
        return DECIDED_TOLD[state]
    return MANUAL_TOLD if rule == MANUAL else KINDS[rule].told
