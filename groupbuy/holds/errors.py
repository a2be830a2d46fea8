"""Problems of holds."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class NothingToHold(Problem):
    """The order earns no leader anything: it is not paid, it is cancelled, or it is the house's."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-hold"
    title = Text("该订单没有可冻结的佣金", "The order earns nobody anything")
    detail = Text(
        "订单未支付、已取消，或不属于任何团长。",
        "It is not paid, it is cancelled, or it belongs to no leader.",
    )


class HoldOpen(Problem):
    """Staff hold this order already, and have not decided."""

    status = HTTPStatus.CONFLICT
    code = "hold-open"
    title = Text("该订单已被冻结，等待处理", "The order is on hold already")


class PlacerDecides(Problem):
    """Who put an order on hold may not decide about it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "hold-placer-decides"
    title = Text("需由他人处理", "A second person must decide")
    detail = Text(
        "该冻结由您发起，请由另一人处理。", "You placed this hold; somebody else must decide."
    )
