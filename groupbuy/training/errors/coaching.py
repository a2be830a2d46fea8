"""Problems of coaching."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


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
        "请选择在职的教练（讲师或运营）。", "Choose an active coach: a trainer or an operator."
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


class TaskOfTheCoach(Problem):
    """A leader ticks off, or back, a task that only the coach may tick off."""

    status = HTTPStatus.CONFLICT
    code = "task-of-the-coach"
    title = Text("这项任务由教练完成", "This task is the coach's")
    detail = Text(
        "由您的教练勾选；如已完成，请告诉教练。",
        "Your coach ticks it off; tell them if it is done.",
    )


class MonthNotLocked(Problem):
    """Only a month whose settlement is locked can be divided: its sales no longer change."""

    status = HTTPStatus.CONFLICT
    code = "month-not-locked"
    title = Text("该月结算尚未锁定", "The month is not locked")
    detail = Text(
        "请等 {month} 的结算锁定后再分层；锁定后十分钟内也会自动分层。",
        "Wait until the settlement of {month} is locked; "
        "within ten minutes after that it is divided by itself.",
    )
