"""The registry: adding a rule is one file and one line here."""

from groupbuy.holds.kinds import (
    burst_refunded,
    many_orders_one_payer,
    self_purchase_account,
    self_purchase_payer,
    self_purchase_phone,
)
from groupbuy.holds.kinds.interface import Kind
from groupbuy.holds.rules import MANUAL
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


def title_of(rule: str) -> Text:
    """Return a rule's name in words, for headquarters."""
    return MANUAL_TITLE if rule == MANUAL else KINDS[rule].title


def told_of(rule: str) -> Text:
    """Return what a leader reads about a hold of a rule."""
    return MANUAL_TOLD if rule == MANUAL else KINDS[rule].told
