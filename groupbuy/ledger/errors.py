"""Problems of the ledger."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class PostedDifferently(Problem):
    """The books already hold other entries under this kind and reference."""

    status = HTTPStatus.CONFLICT
    code = "posted-differently"
    title = Text("该凭证已按不同金额入账", "This was posted before with other entries")
    detail = Text(
        "{kind} {reference} 已入账，且分录不同；请用冲销更正。",
        "{kind} {reference} is in the books with other entries; correct it by a reversal.",
    )
