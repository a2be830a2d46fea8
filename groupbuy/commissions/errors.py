"""Problems of commissions."""

from http import HTTPStatus

from groupbuy.kernel.problems import InvalidInput, Problem
from groupbuy.kernel.texts import Text


class PlanCodeTaken(Problem):
    """Another commission plan has this code."""

    status = HTTPStatus.CONFLICT
    code = "plan-code-taken"
    title = Text("佣金方案编码已存在", "Another commission plan has this code")


class PlanNotPublishable(InvalidInput):
    """A plan version fails the publication checks; `errors` lists each fault with its pointer."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "plan-not-publishable"
    title = Text("方案版本未通过发布检查", "The plan version fails the publication checks")


class PublisherIsAuthor(Problem):
    """Who wrote or changed a plan version may not publish it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "publisher-is-author"
    title = Text("需由他人发布", "A second person must publish it")
    detail = Text(
        "您起草或修改过这一版本，请由另一人复核并发布。",
        "You wrote or changed this version; somebody else must check and publish it.",
    )
