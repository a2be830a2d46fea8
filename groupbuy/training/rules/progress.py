"""What headquarters sees of the leaders' progress: orders of its list, states of a recount."""

from enum import StrEnum

from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text

STUCK_DAYS = 14
"""After so many days without activity a leader counts as stuck, unless said otherwise."""


class ProgressSort(StrEnum):
    """The order of headquarters' list."""

    LAST_ACTIVITY = "last_activity"
    LAST_ACTIVITY_DOWN = "-last_activity"
    PERCENT = "percent"
    PERCENT_DOWN = "-percent"
    ENROLLED_DOWN = "-enrolled"


class RecountState(StrEnum):
    """Whether a count of everything is under way."""

    RUNNING = "running"
    FINISHED = "finished"


RECOUNT_MOVES: dict[tuple[RecountState, str], RecountState] = {
    (RecountState.RUNNING, "finish"): RecountState.FINISHED,
}

STATES: dict[str, Text] = {
    "active": Text("学习中", "Learning"),
    "completed": Text("已完成", "Completed"),
    "withdrawn": Text("已退出", "Left"),
}

PROGRESS_COLUMNS = (
    Column("leader", Text("团长", "Leader")),
    Column("leader_id", Text("团长编号", "Leader id")),
    Column("program", Text("学习计划", "Program")),
    Column("state", Text("状态", "State")),
    Column("percent", Text("进度（%）", "Progress (%)"), Kind.INT),
    Column("done", Text("已完成必修", "Done"), Kind.INT),
    Column("required", Text("必修总数", "Required"), Kind.INT),
    Column("active_at", Text("最近学习", "Last activity"), Kind.INSTANT),
    Column("enrolled_at", Text("报名时间", "Enrolled"), Kind.INSTANT),
    Column("completed_at", Text("完成时间", "Completed"), Kind.INSTANT),
    Column("next_lesson", Text("下一课", "Next lesson")),
)

FUNNEL_COLUMNS = (
    Column("place", Text("序号", "No."), Kind.INT),
    Column("title", Text("课程", "Lesson")),
    Column("lesson_id", Text("课程编号", "Lesson id")),
    Column("mandatory", Text("必修", "Mandatory")),
    Column("enrolled", Text("学员", "Enrolled"), Kind.INT),
    Column("reached", Text("已到达", "Reached"), Kind.INT),
    Column("begun", Text("已开始", "Begun"), Kind.INT),
    Column("completed", Text("已学完", "Completed"), Kind.INT),
    Column("passed", Text("已通过", "Passed"), Kind.INT),
    Column("satisfied", Text("已达标", "Done"), Kind.INT),
    Column("standing", Text("停在此课", "Stand here"), Kind.INT),
    Column("stuck", Text("停滞", "Stuck here"), Kind.INT),
    Column("median_days", Text("用时中位数（天）", "Median days"), Kind.INT),
    Column("as_of", Text("统计时间", "Counted at"), Kind.INSTANT),
)
