"""Tables of the school."""

from groupbuy.training.models.attendance import (
    Attendance,
    AttendanceDecision,
    CalendarFeed,
)
from groupbuy.training.models.cohorts import Cohort, CohortMember, LiveSession
from groupbuy.training.models.content import (
    Course,
    Lesson,
    LessonVersion,
    Module,
    Prerequisite,
    Program,
)
from groupbuy.training.models.progress import FunnelStep, LearningPlace, TrainingRecount
from groupbuy.training.models.records import Enrollment, LessonRecord

__all__ = [
    "Attendance",
    "AttendanceDecision",
    "CalendarFeed",
    "Cohort",
    "CohortMember",
    "Course",
    "Enrollment",
    "FunnelStep",
    "LearningPlace",
    "Lesson",
    "LessonRecord",
    "LessonVersion",
    "LiveSession",
    "Module",
    "Prerequisite",
    "Program",
    "TrainingRecount",
]
