"""The school over HTTP: a file and an `Api` for each topic."""

from groupbuy.training.api.attendance import api as attendance
from groupbuy.training.api.calendars import api as calendars
from groupbuy.training.api.cohorts import api as cohorts
from groupbuy.training.api.content import api as content
from groupbuy.training.api.learning import api as learning
from groupbuy.training.api.lessons import api as lessons
from groupbuy.training.api.live import api as live
from groupbuy.training.api.own_cohorts import api as own_cohorts
from groupbuy.training.api.progress import api as progress

__all__ = [
    "attendance",
    "calendars",
    "cohorts",
    "content",
    "learning",
    "lessons",
    "live",
    "own_cohorts",
    "progress",
]
