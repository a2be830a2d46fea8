"""Problems of fulfilment."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class NothingToShip(Problem):
    """No paid order waits for this pickup point (and campaign)."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-ship"
    title = Text("没有待发货的订单", "No paid order waits to be shipped there")


class PickupCodeUnknown(Problem):
    """No parcel that waits at this pickup point has the code."""

    status = HTTPStatus.NOT_FOUND
    code = "pickup-code-unknown"
    title = Text("取货码无效", "No waiting parcel has this code")


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
