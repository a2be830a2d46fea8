"""Tables of the school."""

from groupbuy.training.models.content import (
    Course,
    Lesson,
    LessonVersion,
    Module,
    Prerequisite,
    Program,
)
from groupbuy.training.models.records import Enrollment, LessonRecord

__all__ = [
    "Course",
    "Enrollment",
    "Lesson",
    "LessonRecord",
    "LessonVersion",
    "Module",
    "Prerequisite",
    "Program",
]
