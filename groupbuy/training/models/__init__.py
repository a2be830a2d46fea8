"""Tables of the school."""

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
    "Course",
    "Enrollment",
    "FunnelStep",
    "LearningPlace",
    "Lesson",
    "LessonRecord",
    "LessonVersion",
    "Module",
    "Prerequisite",
    "Program",
    "TrainingRecount",
]
