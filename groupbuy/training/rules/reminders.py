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

DAY_BEFORE, HOUR_BEFORE = timedelta(hours=24), timedelta(hours=1)
"""How long before a live session its leaders are reminded."""

SESSION_DAY_BEFORE = (
    Text("直播课即将开始", "A live session is coming"),
    Text(
        "“{title}”将于{time}开始，主讲：{trainer}。请预留时间。",
        "“{title}” begins on {time} with {trainer}. Keep the time free.",
    ),
)
SESSION_HOUR_BEFORE = (
    Text("直播课一小时内开始", "A live session begins within the hour"),
    Text(
        "“{title}”将于{time}开始，主讲：{trainer}。别忘了签到。",
        "“{title}” begins on {time} with {trainer}. Do not forget to check in.",
    ),
)


def reminder_of_session(left: timedelta) -> timedelta | None:
    """Return which reminder is due that long before a session: that of an hour, of a day, none.

    Who hears of a session late is told once, not of both at the same moment.
    """
    if timedelta(0) < left <= HOUR_BEFORE:
        return HOUR_BEFORE
    return DAY_BEFORE if HOUR_BEFORE < left <= DAY_BEFORE else None


CERTIFICATE_DAYS = (60, 30, 7)
"""How many days before it expires the holder of a certificate is reminded."""

CERTIFICATE_EXPIRES = (
    Text("证书即将到期", "A certificate expires soon"),
    Text(
        "您的证书“{title}”（编号 {number}）将于 {day} 到期，还有 {days} 天。请及时续期。",
        "Your certificate “{title}” (number {number}) expires on {day}, in {days} days. "
        "Renew it in time.",
    ),
)


def stage_of_certificate(days_left: int) -> int | None:
    """Return which reminder is due so many days before a certificate expires: the latest."""
    due = [days for days in CERTIFICATE_DAYS if 0 <= days_left <= days]
    return min(due) if due else None


def stage_ends_after(stage: int) -> int:
    """Return how many days are left when the next reminder comes, or -1 for the expiry."""
    return max((days for days in CERTIFICATE_DAYS if days < stage), default=-1)
