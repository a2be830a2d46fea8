"""What the school does by the clock."""

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every
from groupbuy.kernel.settings import settings
from groupbuy.training.queries import segments
from groupbuy.training.rules.segments import SegmentTerms
from groupbuy.training.services import badges, segmenting


@every("*/10 * * * *", "training.divide_leaders")
def divide_leaders() -> None:
    """Divide the leaders of the last locked month into coaching segments, once."""
    wanted = settings()
    with transaction():
        month = segments.month_to_divide()
        if month is not None:
            terms = SegmentTerms(
                wanted.coaching_head_bps, wanted.coaching_upper_bps, wanted.coaching_new_days
            )
            segmenting.divide(month=month, terms=terms, actor=SYSTEM, now=clock.now())


@every("20 19 * * *", "training.award_badges")
def award_badges() -> None:
    """Award the badges that are due to anybody: what was missed by day."""
    with transaction():
        badges.award_due(now=clock.now())
