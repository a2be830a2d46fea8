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


class StatementsUnanswered(Problem):
    """A month is locked when every statement of it is answered and no dispute is open."""

    status = HTTPStatus.CONFLICT
    code = "statements-unanswered"
    title = Text("仍有结算单未确认或有申诉", "Some statements are unanswered or disputed")
    detail = Text(
        "待确认 {issued} 份，申诉中 {disputed} 份。",
        "{issued} statements are not answered, {disputed} are disputed.",
    )


class DisputeTooLate(Problem):
    """A statement, or whose its orders are, can be disputed for fifteen days after its issue."""

    status = HTTPStatus.CONFLICT
    code = "dispute-too-late"
    title = Text("申诉期已过", "It is too late for a dispute")
    detail = Text("申诉截止于 {until}。", "It could be disputed until {until}.")


class DisputeOpen(Problem):
    """The leader disputes this already, and it is not decided yet."""

    status = HTTPStatus.CONFLICT
    code = "dispute-open"
    title = Text("已有未决申诉", "It is disputed already")
    detail = Text("请等待申诉 {dispute_id} 的处理结果。", "{dispute_id} is not decided yet.")


class DeciderIsClaimant(Problem):
    """Nobody decides on a dispute of their own."""

    status = HTTPStatus.CONFLICT
    code = "decider-is-claimant"
    title = Text("不能裁决本人的申诉", "Somebody else must decide on your own dispute")


class AdjusterIsProposer(Problem):
    """Who proposed or changed an adjustment may not decide on it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "adjuster-is-proposer"
    title = Text("调账需由他人审批", "A second person must decide on the adjustment")
    detail = Text(
        "您提出或修改过这笔调账，请由另一人复核。",
        "You proposed or changed this adjustment; somebody else must decide on it.",
    )


class AttachmentMissing(Problem):
    """An adjustment for fraud is not proposed without a file that shows it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "attachment-missing"
    title = Text("缺少附件", "An attachment is missing")
    detail = Text(
        "原因为 {reason_code} 的调账须附证据文件。",
        "An adjustment for {reason_code} needs a file that shows it.",
    )


class AttachmentsFull(Problem):
    """An adjustment has as many files as it can have."""

    status = HTTPStatus.CONFLICT
    code = "attachments-full"
    title = Text("附件数量已达上限", "It has as many attachments as it can have")
    detail = Text("最多 {most} 个附件。", "At most {most} attachments.")


class AlreadyReversed(Problem):
    """Another adjustment takes this one back already, or is proposed to."""

    status = HTTPStatus.CONFLICT
    code = "already-reversed"
    title = Text("该调账已被冲销", "The adjustment is reversed already")
    detail = Text("冲销调账为 {reversal_id}。", "{reversal_id} reverses it.")


class WriteOffTooMuch(Problem):
    """A write-off is at most what the leader still owes after the last settled month."""

    status = HTTPStatus.CONFLICT
    code = "write-off-too-much"
    title = Text("核销金额超过欠款", "There is not so much to write off")
    detail = Text(
        "欠款 {owed_fen} 分，其中已批准核销 {approved_fen} 分。",
        "{owed_fen} fen are owed, {approved_fen} fen of it are written off already.",
    )


class WriteOffTooEarly(Problem):
    """Only a balance that ended each of twelve months in a row negative is written off."""

    status = HTTPStatus.CONFLICT
    code = "write-off-too-early"
    title = Text("欠款时间未满 12 个月", "It has not been owed for twelve months")
    detail = Text(
        "自 {since} 起为负，最早在 {possible_from} 结算后可核销。",
        "It is negative since {since}: it can be written off once {possible_from} is settled.",
    )
