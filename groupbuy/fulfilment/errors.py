"""Problems of fulfilment."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class NothingToShip(Problem):
    """No paid order waits for this pickup point (and campaign)."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-ship"
    title = Text("没有待发货的订单", "No paid order waits to be shipped there")


class OrdersNotWaiting(Problem):
    """Chosen orders do not wait to be packed there; `order_ids` names them."""

    status = HTTPStatus.CONFLICT
    code = "orders-not-waiting"
    title = Text("所选订单不在待发货之列", "A chosen order does not wait to be packed there")


class BasketElsewhere(Problem):
    """What waits belongs into parcels that other shipments prepare; `shipment_ids` names them."""

    status = HTTPStatus.CONFLICT
    code = "basket-elsewhere"
    title = Text(
        "这些订单应并入正在备货的包裹", "These orders belong into parcels that are being prepared"
    )
    detail = Text(
        "请把它们加入发货单 {shipment_ids}，或等其发出后再打包。",
        "Add them to the shipments {shipment_ids}, or pack them when those have left.",
    )


class ShortageExceedsShipment(Problem):
    """More than a shipment holds, or less than nothing, would be missing of a SKU."""

    status = HTTPStatus.CONFLICT
    code = "shortage-exceeds-shipment"
    title = Text("缺货数量超出发货数量", "The shortage does not fit the shipment")
    detail = Text(
        "SKU {sku_id} 共发 {packed} 件，已登记缺 {missing} 件。",
        "The shipment has {packed} units of {sku_id}; {missing} are recorded as missing.",
    )


class PickupCodeUnknown(Problem):
    """No parcel that waits at this pickup point has the code."""

    status = HTTPStatus.NOT_FOUND
    code = "pickup-code-unknown"
    title = Text("取货码无效", "No waiting parcel has this code")


class PickupCodeElsewhere(Problem):
    """The scanned code is of another pickup point; `pickup_point_id` names it."""

    status = HTTPStatus.CONFLICT
    code = "pickup-code-elsewhere"
    title = Text("该取货码属于其他自提点", "This code is for another pickup point")


class AlreadyHandedOver(Problem):
    """The parcel with this code was handed over before."""

    status = HTTPStatus.CONFLICT
    code = "already-handed-over"
    title = Text("该包裹已被取走", "This parcel was handed over already")
    detail = Text("取货时间：{redeemed_at}。", "It was handed over at {redeemed_at}.")


class UndoTooLate(Problem):
    """A pickup may be undone only for a few minutes."""

    status = HTTPStatus.CONFLICT
    code = "undo-too-late"
    title = Text("已超过可撤销时间", "It is too late to undo this pickup")


class AlreadyUndone(Problem):
    """The pickup was taken back before."""

    status = HTTPStatus.CONFLICT
    code = "already-undone"
    title = Text("该取货已撤销", "This pickup was undone already")


class ProxyGiven(Problem):
    """Somebody else may fetch this parcel already; revoke that first."""

    status = HTTPStatus.CONFLICT
    code = "proxy-given"
    title = Text(
        "已委托他人代取，请先撤销", "Somebody else may fetch it already; revoke that first"
    )


class NotOnRoute(Problem):
    """The route does not stop at the shipment's pickup point, or is no longer driven."""

    status = HTTPStatus.CONFLICT
    code = "not-on-route"
    title = Text("该线路不经过此自提点", "The route does not stop at this pickup point")


class TooManyForOnePaper(Problem):
    """A paper would be too long; ask for fewer parcels by their numbers, or for a file."""

    status = HTTPStatus.CONFLICT
    code = "too-many-for-one-paper"
    title = Text("内容过多，无法打印成一份", "Too much for one paper")
    detail = Text(
        "共 {count} 个包裹，一份最多 {most} 个；请用 first 与 last 分段，或下载文件。",
        "There are {count} parcels and at most {most} fit; use first and last, or take a file.",
    )


class RouteNameTaken(Problem):
    """Another route has this name."""

    status = HTTPStatus.CONFLICT
    code = "route-name-taken"
    title = Text("线路名称已存在", "Another route has this name")


class NothingToBuy(Problem):
    """What the orders need is on hand or ordered already, and no line was given."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-buy"
    title = Text("没有需要采购的商品", "Nothing is to be bought")
