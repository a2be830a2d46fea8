"""The last step of a calculation: what depends on the whole month, and each leader's statement."""

from collections.abc import Callable, Iterable
from typing import Any

from groupbuy.settlement import queries
from groupbuy.settlement.models import LeaderSales, SettlementPeriod
from groupbuy.settlement.services import extras
from groupbuy.settlement.services.month import Finished, Month
from groupbuy.settlement.services.sales import LeaderResult


def finished(
    *,
    period: SettlementPeriod,
    sales: Iterable[LeaderSales | LeaderResult],
    write: Callable[[list[dict[str, Any]]], None],
) -> Finished:
    """Add to the sales of a month all that is not a leader's own sale, and return its statements.

    `write` stores the corrections as soon as they are known: shared sessions are summed from them.
    """
    month = Month(period, queries.holding(period.cutoff_at), queries.plan_terms())
    month.sell(sales)
    month.correct()
    write(month.correction_rows())
    extras.recruit(month=month)
    extras.serve(month=month)
    extras.reward(month=month)
    extras.guarantee(month=month)
    extras.share(month=month)
    extras.adjust(month=month)
    return month.written()
