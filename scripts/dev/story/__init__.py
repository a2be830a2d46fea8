"""The demo's story: what a small company did in the weeks before today, by the real services.

Mei, Tao and Yan sell fruit and groceries to their neighbours. One month is settled, confirmed and
paid; afterwards some of it was refunded and one order went to another leader. The next month, with
an order on hold, is past its cutoff and waits for finance to close it. This week's campaign is
open, and some orders wait at Mei's shop. Beside it ran a sale of eggs by price steps, of which Fei
did not fetch hers; rice waits for four neighbours, a flash sale for its hour, Xia for an answer.
In the school Mei was certified with its first class, and meets the present one three times a week;
Tao and Yan, the middle of the settled month, have a plan with their coach.
"""

from collections.abc import Callable
from datetime import timedelta

from flask import current_app

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import ManualClock, previous_month
from groupbuy.kernel.settings import settings
from scripts.dev.story.coaching import coach, reward
from scripts.dev.story.company import Company
from scripts.dev.story.counter import compare, complain, prepare_a_delivery, remind
from scripts.dev.story.money import answer, lock, pay, settle, tax
from scripts.dev.story.offers import announce_flash, gather, reduce_prices, sell_by_steps
from scripts.dev.story.school import learn, open_school, study
from scripts.dev.story.selling import complain_late, sell_a_week, suspect
from scripts.dev.story.shop import open_shop

SETTLED_WEEKS = (3, 13)
WAITING_WEEKS = (9, 17)
"""Days after a month's beginning on which its campaigns open; the later month's only after the
earlier one is settled."""


def tell(staff: dict[str, Actor], progress: Callable[[str], None]) -> None:
    """Tell the story in an empty database, then give the application its own clock back."""
    real = current_app.extensions[clock.EXTENSION]
    today = real.now()
    calendar, hold_days = settings().calendar, settings().hold_days
    waiting = previous_month(calendar.month_of(today))
    if today < calendar.cutoff(waiting, hold_days) + timedelta(hours=1):
        waiting = previous_month(waiting)
    settled = previous_month(waiting)
    company = Company(ManualClock(calendar.month_start(settled) - timedelta(days=10)), today, staff)
    current_app.extensions[clock.EXTENSION] = company.time
    try:
        progress("商品、团长与方案 goods, leaders and plans")
        open_shop(company)
        open_school(company)
        progress(f"{settled} 的订单 the orders of {settled}")
        _sell(company, settled, SETTLED_WEEKS)
        progress("商学院：第一个班 the school's first class")
        learn(company)
        progress(f"{settled} 的结算与打款 the settlement and payout of {settled}")
        settle(company, settled, calendar.cutoff(settled, hold_days))
        answer(company)
        tax(company)
        pay(company, settled)
        lock(company, settled)
        coach(company)
        complain_late(company, settled)
        progress(f"{waiting} 的订单 the orders of {waiting}")
        _sell(company, waiting, WAITING_WEEKS)
        suspect(company, waiting)
        progress("本周的团购 this week's group buys")
        sell_by_steps(company)
        remind(company)
        bought = sell_a_week(company, today - timedelta(days=2), finish=False)
        progress("促销、拼团与柜台 promotions, group buys and the counter")
        reduce_prices(company)
        gather(company)
        prepare_a_delivery(company)
        announce_flash(company)
        complain(company, bought["xia", "mei"])
        compare(company)
        progress("商学院：本周的课 the school this week")
        study(company)
        company.time.at = today
        reward(company)
    finally:
        current_app.extensions[clock.EXTENSION] = real


def _sell(company: Company, month: str, days: tuple[int, ...]) -> None:
    begins = settings().calendar.month_start(month)
    for day in days:
        sell_a_week(company, begins + timedelta(days=day), finish=True)
