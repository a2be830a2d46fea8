"""Problems of what is taught and of progress."""

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


class LessonLocked(Problem):
    """The lesson is not open yet; `missing` lists the courses and lessons to be done before."""

    status = HTTPStatus.CONFLICT
    code = "lesson-locked"
    title = Text("该课尚未解锁", "The lesson is locked")
    detail = Text("请先完成：{names}。", "Finish first: {names}.")
