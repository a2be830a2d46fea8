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


# Content and progress


class LessonLocked(Problem):
    """The lesson is not open yet; `missing` lists the courses and lessons to be done before."""

    status = HTTPStatus.CONFLICT
    code = "lesson-locked"
    title = Text("该课尚未解锁", "The lesson is locked")
    detail = Text("请先完成：{names}。", "Finish first: {names}.")


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
