"""What the school does when something happened in it."""

from datetime import datetime

from groupbuy.kernel.settings import settings
from groupbuy.kernel.signals import on
from groupbuy.training.models import Enrollment
from groupbuy.training.services.reminding import congratulate
from groupbuy.training.signals import program_completed


@on(program_completed)
def tell_of_completion(enrollment: Enrollment, now: datetime) -> None:
    """Tell the leader that a program is completed."""
    congratulate(enrollment=enrollment, zone=settings().calendar.zone, now=now)
