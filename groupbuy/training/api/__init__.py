"""The school over HTTP: a file and an `Api` for each topic."""

from groupbuy.training.api.attendance import api as attendance
from groupbuy.training.api.calendars import api as calendars
from groupbuy.training.api.cohorts import api as cohorts
from groupbuy.training.api.live import api as live
from groupbuy.training.api.own_cohorts import api as own_cohorts

__all__ = ["attendance", "calendars", "cohorts", "live", "own_cohorts"]
