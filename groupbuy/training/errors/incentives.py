"""Problems of points, badges and rankings."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class PointsReversed(Problem):
    """The points were taken back before, or the entry itself takes points back."""

    status = HTTPStatus.CONFLICT
    code = "points-reversed"
    title = Text("该积分已被冲销", "These points were taken back before")


class BadgeCodeTaken(Problem):
    """Another badge has this code."""

    status = HTTPStatus.CONFLICT
    code = "badge-code-taken"
    title = Text("徽章编码已被使用", "Another badge has this code")


class RankingRuns(Problem):
    """The week or month is not over: its ranking cannot be closed."""

    status = HTTPStatus.CONFLICT
    code = "ranking-runs"
    title = Text("该排行榜尚未结束", "The ranking is not over")
    detail = Text("请在 {after} 或之后再结算。", "Close it on {after} or later.")


class RankingClosed(Problem):
    """The ranking was closed before, with its amounts."""

    status = HTTPStatus.CONFLICT
    code = "ranking-closed"
    title = Text("该排行榜已结算", "The ranking was closed before")
    detail = Text(
        "奖励已提交调账，不会重复发放。", "Its rewards were proposed then; nothing is paid twice."
    )
