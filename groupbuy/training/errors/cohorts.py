"""Problems of cohorts and attendance."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class CohortFull(Problem):
    """The cohort has no place left."""

    status = HTTPStatus.CONFLICT
    code = "cohort-full"
    title = Text("班次已满", "The cohort is full")
    detail = Text(
        "名额为 {capacity} 人，请选择其他班次或联系总部。",
        "It has {capacity} places; choose another cohort, or ask headquarters.",
    )


class SessionCancelled(Problem):
    """The live session does not take place."""

    status = HTTPStatus.CONFLICT
    code = "session-cancelled"
    title = Text("该直播课已取消", "The session was cancelled")
    detail = Text("取消原因：{reason}", "Why: {reason}")


class SessionBegun(Problem):
    """What can be changed only before the session begins."""

    status = HTTPStatus.CONFLICT
    code = "session-begun"
    title = Text("直播课已经开始", "The session has begun")
    detail = Text(
        "时间与内容须在开始前修改，取消须在结束前进行；出勤情况请用更正处理。",
        "Change its time and lesson before it begins, cancel it before it ends; "
        "what is wrong with the attendance can be corrected.",
    )


class SessionAttended(Problem):
    """Somebody has checked in: the session is not moved any more."""

    status = HTTPStatus.CONFLICT
    code = "session-attended"
    title = Text("已有人签到", "Somebody has checked in")
    detail = Text("请取消该直播课，再另行添加。", "Cancel the session and add another one.")


class SessionNotBegun(Problem):
    """Presence is corrected only once the session has begun."""

    status = HTTPStatus.CONFLICT
    code = "session-not-begun"
    title = Text("直播课尚未开始", "The session has not begun")
    detail = Text(
        "开始后才能更正出勤；请假可以提前登记。",
        "Correct the attendance once it has begun; an excuse can be entered before.",
    )


class CheckInClosed(Problem):
    """Check-in is possible only from shortly before the session to its end."""

    status = HTTPStatus.CONFLICT
    code = "check-in-closed"
    title = Text("现在不能签到", "Check-in is not open")
    detail = Text(
        "签到时间为 {opens_at} 至 {closes_at}。", "It is open from {opens_at} to {closes_at}."
    )


class CheckInCodeWrong(Problem):
    """The code is not the one that the trainer shows."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "check-in-code-wrong"
    title = Text("签到码不正确", "The code is not right")
    detail = Text(
        "签到码每分钟更换，请输入讲师当前展示的签到码。",
        "It changes every minute: type the one that the trainer shows now.",
    )


class NotCheckedIn(Problem):
    """Nobody checks out who has not checked in."""

    status = HTTPStatus.CONFLICT
    code = "not-checked-in"
    title = Text("您还没有签到", "You have not checked in")
    detail = Text("请先签到。", "Check in first.")


class ReplayClosed(Problem):
    """A session is made up from its end, for so many hours, if it has a replay."""

    status = HTTPStatus.CONFLICT
    code = "replay-closed"
    title = Text("现在不能补课", "It cannot be made up now")
    detail = Text(
        "回放上传后、直播课结束 48 小时内可以补课；如有困难请联系讲师。",
        "It can be made up within 48 hours of its end, once its replay is there; "
        "talk to the trainer if you could not.",
    )


class ContentCodeTaken(Problem):
    """Another program, course of the program or lesson of the module has this code."""

    status = HTTPStatus.CONFLICT
    code = "content-code-taken"
    title = Text("编码已被使用", "The code is taken")
    detail = Text("请换一个编码。", "Choose another code.")


class ContentInUse(Problem):
    """It cannot be removed: something hangs on it, or it was published once."""

    status = HTTPStatus.CONFLICT
    code = "content-in-use"
    title = Text("仍在使用，不能删除", "It is in use and cannot be removed")
    detail = Text(
        "它还有下级内容、前置条件，或曾经发布过；曾发布的请停用。",
        "It has content or prerequisites hanging on it, or was published once: then retire it.",
    )


class PrerequisiteCircle(Problem):
    """Courses or lessons would wait for each other; `circle` names them in order."""

    status = HTTPStatus.CONFLICT
    code = "prerequisite-circle"
    title = Text("前置条件构成循环", "The prerequisites form a circle")
    detail = Text("互相等待：{names}。", "Each waits for the next: {names}.")


class PrerequisiteKnown(Problem):
    """The prerequisite is there already."""

    status = HTTPStatus.CONFLICT
    code = "prerequisite-known"
    title = Text("该前置条件已存在", "The prerequisite is there already")


class LessonDraftOpen(Problem):
    """The lesson has a draft already; `number` names it."""

    status = HTTPStatus.CONFLICT
    code = "lesson-draft-open"
    title = Text("该课已有草稿", "The lesson has a draft already")
    detail = Text(
        "请先发布或删除第 {number} 版草稿。",
        "Publish or delete the draft, version {number}, first.",
    )


class AlreadyWaived(Problem):
    """The leader is spared this lesson already."""

    status = HTTPStatus.CONFLICT
    code = "already-waived"
    title = Text("该团长已免修此课", "The lesson is waived already")
