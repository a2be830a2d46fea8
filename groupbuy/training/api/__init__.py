"""The school over HTTP: a file and an `Api` for each topic."""

from groupbuy.training.api.assessments import api as assessments
from groupbuy.training.api.attempts import api as attempts
from groupbuy.training.api.attendance import api as attendance
from groupbuy.training.api.badges import api as badges
from groupbuy.training.api.calendars import api as calendars
from groupbuy.training.api.certificates import api as certificates
from groupbuy.training.api.certifications import api as certifications
from groupbuy.training.api.coaches import api as coaches
from groupbuy.training.api.coaching import api as coaching
from groupbuy.training.api.cohorts import api as cohorts
from groupbuy.training.api.content import api as content
from groupbuy.training.api.effects import api as effects
from groupbuy.training.api.enrollments import api as enrollments
from groupbuy.training.api.learning import api as learning
from groupbuy.training.api.lessons import api as lessons
from groupbuy.training.api.live import api as live
from groupbuy.training.api.own_cohorts import api as own_cohorts
from groupbuy.training.api.points import api as points
from groupbuy.training.api.progress import api as progress
from groupbuy.training.api.questions import api as questions
from groupbuy.training.api.targets import api as targets
from groupbuy.training.api.verification import api as verification
from groupbuy.training.api.verification import pages as verification_pages

__all__ = [
    "assessments",
    "attempts",
    "attendance",
    "badges",
    "calendars",
    "certificates",
    "certifications",
    "coaches",
    "coaching",
    "cohorts",
    "content",
    "effects",
    "enrollments",
    "learning",
    "lessons",
    "live",
    "own_cohorts",
    "points",
    "progress",
    "questions",
    "targets",
    "verification",
    "verification_pages",
]
