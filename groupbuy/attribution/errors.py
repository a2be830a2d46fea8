"""Problems of attribution."""

from http import HTTPStatus

from groupbuy.kernel.problems import InvalidInput, Problem
from groupbuy.kernel.texts import Text


class ShareCodeUnknown(Problem):
    """No group buy has this share code."""

    status = HTTPStatus.NOT_FOUND
    code = "share-code-unknown"
    title = Text("分享码无效", "Unknown share code")
    detail = Text("请向团长索取新的分享。", "Ask the leader for a new share.")


class PolicyNotPublishable(InvalidInput):
    """A policy fails the publication checks; `errors` lists each fault with its pointer."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "policy-not-publishable"
    title = Text("归属政策未通过发布检查", "The policy fails the publication checks")


class PolicyPublisherIsAuthor(Problem):
    """Who wrote or changed a policy may not publish it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "policy-publisher-is-author"
    title = Text("需由他人发布归属政策", "A second person must publish the policy")
    detail = Text(
        "您起草或修改过这一政策，请由另一人复核并发布。",
        "You wrote or changed this policy; somebody else must check and publish it.",
    )


class AlreadyTheirs(Problem):
    """The order is this leader's already, or the house's already: nothing would change."""

    status = HTTPStatus.CONFLICT
    code = "order-already-theirs"
    title = Text("订单归属未变", "The order is theirs already")
