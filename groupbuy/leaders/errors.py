"""Problems of leaders."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class ApplicationPending(Problem):
    """The shopper has an application that waits for a decision; there is one at a time."""

    status = HTTPStatus.CONFLICT
    code = "application-pending"
    title = Text("已有待审核的申请", "An application is waiting already")
    detail = Text(
        "请等待审核结果，或先撤回原申请。", "Wait for the decision, or withdraw that one first."
    )


class AlreadyLeader(Problem):
    """The shopper is a leader already, whether active or suspended."""

    status = HTTPStatus.CONFLICT
    code = "already-leader"
    title = Text("该顾客已是团长", "This shopper is a leader already")


class PickupPointClosed(Problem):
    """Goods cannot be sent to this pickup point now; choose another."""

    status = HTTPStatus.CONFLICT
    code = "pickup-point-closed"
    title = Text("自提点已停用", "The pickup point is closed")
    detail = Text("请选择其他自提点。", "Choose another pickup point.")
