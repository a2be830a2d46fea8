"""Problems of settlement."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class CutoffNotReached(Problem):
    """The month's books are still open: refunds may come that belong to it."""

    status = HTTPStatus.CONFLICT
    code = "cutoff-not-reached"
    title = Text("尚未到结算截止点", "The cutoff is not reached")
    detail = Text("{month} 最早可于 {at} 关账。", "{month} can be closed at {at}, not before.")


class EarlierMonthUnsettled(Problem):
    """An earlier month has something to settle and is not approved; months go in order."""

    status = HTTPStatus.CONFLICT
    code = "earlier-month-unsettled"
    title = Text("更早的月份尚未结算", "An earlier month is not settled")
    detail = Text("请先结算 {unsettled}。", "Settle {unsettled} first.")


class LaterMonthBegun(Problem):
    """A later month is closed already: what this one would carry over is taken into account."""

    status = HTTPStatus.CONFLICT
    code = "later-month-begun"
    title = Text("更晚的月份已开始结算", "A later month is being settled already")
    detail = Text("{begun} 已开始结算。", "{begun} has begun; this month had nothing to settle.")


class ApproverIsPreparer(Problem):
    """Who calculated or submitted a period may not approve it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "approver-is-preparer"
    title = Text("需由他人批准", "A second person must approve it")
    detail = Text(
        "您计算或提交了本期结算，请由另一人复核并批准。",
        "You calculated or submitted this period; somebody else must review and approve it.",
    )


class FiguresChanged(Problem):
    """The digest is not that of the present figures: they are not what was reviewed."""

    status = HTTPStatus.CONFLICT
    code = "figures-changed"
    title = Text("结算数据已变化", "The figures are not those you reviewed")
    detail = Text("请重新查看后再批准。", "Look at them again, then approve.")
