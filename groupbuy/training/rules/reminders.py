"""When the school reminds its leaders, and what it says."""

from datetime import timedelta

from groupbuy.kernel.texts import Text

IDLE_AFTER = timedelta(days=14)
"""After so long without activity a leader is reminded, and each time that it passes again."""

IDLE_TURNS = 6
"""After so many reminders that moved nothing we leave a leader alone."""


def idle_turn(idle: timedelta) -> int | None:
    """Return the number of the reminder that is due after a time without activity, from 1."""
    turn = idle // IDLE_AFTER
    return turn if 1 <= turn <= IDLE_TURNS else None


INACTIVE = (
    Text("继续您的学习吧", "Go on where you stopped"),
    Text(
        "您已有 {weeks} 周没有学习了。每天十分钟，下一课已经为您准备好。",
        "You have not learnt anything for {weeks} weeks. Ten minutes a day are enough; "
        "your next lesson is waiting.",
    ),
)

COMPLETED = (
    Text("恭喜完成学习计划", "You have completed a program"),
    Text(
        "您已完成“{program}”的全部必修课。",
        "You have done every mandatory lesson of “{program}”.",
    ),
)
