"""Problems of the school."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class NotTaught(Problem):
    """The program, course or lesson is not published, or no longer taught."""

    status = HTTPStatus.CONFLICT
    code = "not-taught"
    title = Text("该内容未开放", "This is not taught")
    detail = Text(
        "该内容尚未发布或已停用，请联系总部。",
        "It is not published yet, or no longer; ask headquarters.",
    )


class NotEnrolled(Problem):
    """The leader does not learn the program that this belongs to."""

    status = HTTPStatus.CONFLICT
    code = "not-enrolled"
    title = Text("您还没有参加该学习计划", "Not enrolled")
    detail = Text("请先报名参加该学习计划。", "Enrol in the program first.")


# Coaching.


class CoachFull(Problem):
    """The coach has as many open plans as their limit allows, or would have more."""

    status = HTTPStatus.CONFLICT
    code = "coach-full"
    title = Text("该教练的名额已满", "The coach has no room")
    detail = Text(
        "该教练已有 {load} 份进行中的计划，上限为 {load_limit}。请另选教练或提高上限。",
        "The coach has {load} open plans and may have {load_limit}. "
        "Choose somebody else, or raise the limit.",
    )


class CoachAway(Problem):
    """Somebody who is not a coach, not one at the moment, or no longer on the staff."""

    status = HTTPStatus.CONFLICT
    code = "coach-away"
    title = Text("此人目前不担任教练", "This is not an active coach")
    detail = Text(
        "请选择在职的教练（培训师或运营）。", "Choose an active coach: a trainer or an operator."
    )


class CoachKnown(Problem):
    """This member of staff is a coach already."""

    status = HTTPStatus.CONFLICT
    code = "coach-known"
    title = Text("此人已是教练", "This is a coach already")


class PlanOpen(Problem):
    """The leader has an open coaching plan already."""

    status = HTTPStatus.CONFLICT
    code = "coaching-plan-open"
    title = Text("该团长已有进行中的辅导计划", "The leader has an open plan already")
    detail = Text(
        "请先完成或取消进行中的计划。", "Complete or cancel the open one before the next."
    )


class NoSegment(Problem):
    """The leader has no coaching segment in the month, or the month has none yet."""

    status = HTTPStatus.CONFLICT
    code = "no-segment"
    title = Text("该团长在该月没有分层", "The leader has no segment in this month")
    detail = Text(
        "请选择已分层的月份，或先为已锁定的月份计算分层。",
        "Choose a month that has segments, or have them calculated for a locked month.",
    )


class TemplateInUse(Problem):
    """Another template of the segment is in use."""

    status = HTTPStatus.CONFLICT
    code = "coaching-template-in-use"
    title = Text("该分层已有启用的模板", "The segment has a template in use")
    detail = Text("请先停用原模板。", "Take the other one out of use first.")


class NoteCorrected(Problem):
    """The note was corrected before; the correction can be corrected."""

    status = HTTPStatus.CONFLICT
    code = "note-corrected"
    title = Text("该记录已被更正", "The note was corrected before")
    detail = Text("请更正最新的一条记录。", "Correct the newest note instead.")


# Incentives.


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
