"""Problems of attribution."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class ShareCodeUnknown(Problem):
    """No group buy has this share code."""

    status = HTTPStatus.NOT_FOUND
    code = "share-code-unknown"
    title = Text("分享码无效", "Unknown share code")
    detail = Text("请向团长索取新的分享。", "Ask the leader for a new share.")
