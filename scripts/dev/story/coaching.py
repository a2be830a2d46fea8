"""What follows a month's end: leaders in segments, plans for them, badges and a weekly target."""

from datetime import timedelta
from typing import Any

from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import settings
from groupbuy.training import jobs
from groupbuy.training.queries import coaching as plans
from groupbuy.training.queries import starting as content
from groupbuy.training.rules.coaching import TaskKind
from groupbuy.training.rules.incentives import BadgeKind
from groupbuy.training.rules.segments import Segment
from groupbuy.training.services import badges, coaches, coaching, coaching_tasks, targets
from scripts.dev.story.company import Company

COACHED = Segment.MIDDLE
LOAD_LIMIT = 5

TEMPLATES: dict[Segment, tuple[str, str, list[tuple[TaskKind, str, str, int, bool]]]] = {
    Segment.HEAD: (
        "把做法讲给别人听",
        "Tell others how you do it",
        [
            (TaskKind.CALL, "请教一次：哪一条消息最管用", "Ask which message works best", 7, False),
            (
                TaskKind.OTHER,
                "在直播课上讲十分钟",
                "Speak for ten minutes in a live session",
                21,
                True,
            ),
        ],
    ),
    Segment.MIDDLE: (
        "下次只改一件事",
        "One thing to change",
        [
            (
                TaskKind.CALL,
                "一起看上个月的结算单",
                "Read last month's statement together",
                5,
                False,
            ),
            (
                TaskKind.LESSON,
                "学完“估得准，货不浪费”",
                "Finish the lesson on forecasting",
                10,
                True,
            ),
            (
                TaskKind.HOST,
                "主持一场团，截团后填实际数",
                "Host a group buy, note the figures",
                14,
                True,
            ),
        ],
    ),
    Segment.TAIL: (
        "先把群暖起来",
        "Warm the group up first",
        [
            (
                TaskKind.CALL,
                "问清难处：时间、货，还是群",
                "Ask what is hard: time, goods, group",
                3,
                False,
            ),
            (TaskKind.OTHER, "当面请五位邻居", "Invite five neighbours in person", 10, True),
            (TaskKind.HOST, "只团一样货，做一场", "Host one group buy with one article", 14, True),
        ],
    ),
    Segment.NEW: (
        "头一个月",
        "The first month",
        [
            (TaskKind.CALL, "认识一下，约好上课的时间", "Get to know each other", 3, False),
            (
                TaskKind.OTHER,
                "写好群公告，请三位邻居看",
                "Write the notice, show it around",
                7,
                True,
            ),
        ],
    ),
}
LESSON = ("selling", "forecast")

BADGES = (
    ("five_lessons", "学完五课", "Five lessons", BadgeKind.LESSONS, 5),
    ("first_certificate", "第一张证书", "The first certificate", BadgeKind.CERTIFICATES, 1),
    ("four_weeks", "连续四周", "Four weeks in a row", BadgeKind.STREAK_WEEKS, 4),
)


def coach(company: Company) -> None:
    """Divide the leaders of the locked month; the trainer takes those of the middle on."""
    trainer = company.staff["trainer"]
    day = settings().calendar.day_of(company.now)
    jobs.divide_leaders()
    with transaction():
        coaches.add_coach(
            staff_id=trainer.id, load_limit=LOAD_LIMIT, actor=trainer, now=company.now
        )
        for segment, (title_zh, title_en, tasks) in TEMPLATES.items():
            coaches.add_template(
                segment=segment,
                title_zh=title_zh,
                title_en=title_en,
                tasks=[_task(*one) for one in tasks],
                actor=trainer,
                now=company.now,
            )
        coaching.assign(month=None, segment=COACHED, today=day, actor=trainer, now=company.now)
        for plan in plans.own_plans(company.leaders["tao"]):
            coaching_tasks.add_note(
                plan_id=plan.plan.id,
                body="电话里说好：下一场只改截团前的提醒。 Agreed: change the reminder only.",
                shared=True,
                actor=trainer,
                now=company.now,
            )


def reward(company: Company) -> None:
    """Define badges and this week's target, and count what the night would count."""
    trainer = company.staff["trainer"]
    today = settings().calendar.day_of(company.today)
    with transaction():
        for code, title_zh, title_en, kind, needed in BADGES:
            badges.define(
                code=code,
                title_zh=title_zh,
                title_en=title_en,
                kind=kind,
                needed=needed,
                actor=trainer,
                now=company.now,
            )
        targets.set_target(
            from_on=today - timedelta(days=today.weekday()),
            until_on=None,
            segment=None,
            program_id=content.known_program(LESSON[0]).id,
            cohort_id=None,
            lessons=1,
            sessions=2,
            points=0,
            actor=trainer,
            now=company.now,
        )
    jobs.turn_cohorts()
    jobs.count_all()


def _task(kind: TaskKind, title_zh: str, title_en: str, days: int, own: bool) -> dict[str, Any]:
    program, lesson = LESSON
    known = content.lessons_of(content.known_program(program).id)
    return {
        "kind": kind.value,
        "title_zh": title_zh,
        "title_en": title_en,
        "lesson_id": known[lesson].id if kind == TaskKind.LESSON else None,
        "due_days": days,
        "by_leader": own,
    }
