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


class QualificationMissing(Problem):
    """The leader is not qualified for it; `titles` names the certificates that are missing.

    `qualifications` lists their codes. One that has expired is renewed at the school.
    """

    status = HTTPStatus.CONFLICT
    code = "qualification-missing"
    title = Text("缺少所需认证", "A certificate is missing")
    detail = Text("需要持有有效证书：{titles}。", "This needs a valid certificate: {titles}.")


class UnknownQualification(Problem):
    """No published certification qualifies for this: `qualification` is not one of their codes."""

    status = HTTPStatus.CONFLICT
    code = "unknown-qualification"
    title = Text("没有这种认证", "There is no such qualification")
    detail = Text(
        "没有已发布的认证使用代码 {qualification}，请先在商学院发布。",
        "No published certification has the code {qualification}; publish it at the school first.",
    )
