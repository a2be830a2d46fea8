"""What the school does when something of it is done."""

from datetime import datetime

from groupbuy.kernel.settings import settings
from groupbuy.kernel.signals import on
from groupbuy.training.models import Enrollment
from groupbuy.training.services.certificates import certify
from groupbuy.training.signals import program_completed


@on(program_completed)
def issue_certificates(enrollment: Enrollment, now: datetime) -> None:
    """Certify the leader in what the program earns."""
    certify(enrollment=enrollment, calendar=settings().calendar, now=now)
