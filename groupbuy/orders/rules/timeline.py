"""The story of an order, pure: what happened to it, in words, in order of time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from groupbuy.kernel.texts import Text
from groupbuy.orders.rules.after_sales import AfterSaleAction
from groupbuy.orders.rules.orders import Action


class EventKind(StrEnum):
    """What an event is about."""

    ORDER = "order"
    PAYMENT = "payment"
    REFUND = "refund"
    AFTER_SALE = "after_sale"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `id` says to what, `actor` is shown to headquarters only."""

    kind: EventKind
    id: str
    at: datetime
    action: str
    text: Text
    to_state: str
    from_state: str | None = None
    reason: str = ""
    actor: str = ""
    amount_fen: int | None = None


ORDER_WORDS: dict[str, Text] = {
    Action.PLACE: Text("已下单", "Order placed"),
    Action.PAY: Text("订单已支付", "Order paid"),
    Action.REVIVE: Text("付款后订单恢复", "Order restored by a late payment"),
    Action.WAIT: Text("等待成团", "Waiting for the group buy to make it"),
    Action.PREPARE: Text("备货中", "Being prepared"),
    Action.UNPACK: Text("已取出发货单", "Taken out of its shipment"),
    Action.SHIP: Text("已发货", "Shipped"),
    Action.ARRIVE: Text("已到自提点，可提货", "Ready for pickup"),
    Action.PICK_UP: Text("已提货", "Picked up"),
    Action.UNDO_PICK_UP: Text("提货已撤销", "Pickup undone"),
    Action.LEAVE: Text("未提货，订单已结束", "Ended without a pickup"),
    Action.COMPLETE: Text("订单已完成", "Order completed"),
    Action.CANCEL: Text("订单已取消", "Order cancelled"),
}

PAYMENT_WORDS: dict[str, Text] = {
    "request": Text("发起支付", "Payment started"),
    "succeed": Text("支付成功", "Payment received"),
    "fail": Text("支付失败", "Payment failed"),
    "cancel": Text("支付已取消", "Payment cancelled"),
}

REFUND_WORDS: dict[str, Text] = {
    "request": Text("退款处理中", "Refund started"),
    "succeeded": Text("退款已到账", "Money refunded"),
    "failed": Text("退款失败", "Refund failed"),
}

AFTER_SALE_WORDS: dict[str, Text] = {
    AfterSaleAction.REQUEST: Text("已申请售后", "After-sale requested"),
    AfterSaleAction.APPROVE: Text("售后已同意", "After-sale approved"),
    AfterSaleAction.AWAIT_RETURN: Text("等待退货", "Waiting for the goods"),
    AfterSaleAction.REFUND: Text("售后退款中", "After-sale: refund started"),
    AfterSaleAction.SETTLE: Text("售后已完成", "After-sale settled"),
    AfterSaleAction.FAIL: Text("售后退款失败，待重试", "After-sale: the refund failed"),
    AfterSaleAction.REJECT: Text("售后已拒绝", "After-sale rejected"),
    AfterSaleAction.WITHDRAW: Text("售后已撤回", "After-sale withdrawn"),
}

_FIRST = {EventKind.PAYMENT: 1, EventKind.ORDER: 2, EventKind.AFTER_SALE: 3, EventKind.REFUND: 4}


def in_order_of_time(events: Iterable[Event]) -> list[Event]:
    """Sort events; of one instant, placing comes first and causes before effects."""

    def place(event: Event) -> tuple[datetime, int]:
        return event.at, 0 if event.from_state is None and event.kind == "order" else (
            _FIRST[event.kind]
        )

    return sorted(events, key=place)
