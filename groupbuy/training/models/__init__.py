"""Tables of the school."""

from groupbuy.training.models.assessments import (
    Assessment,
    AssessmentItem,
    AssessmentVersion,
    Question,
    QuestionBank,
    QuestionVersion,
)
from groupbuy.training.models.attempts import Attempt, AttemptGrant, AttemptQuestion
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
    "Assessment",
    "AssessmentItem",
    "AssessmentVersion",
    "Attempt",
    "AttemptGrant",
    "AttemptQuestion",
    "Course",
    "Enrollment",
    "Lesson",
    "LessonRecord",
    "LessonVersion",
    "Module",
    "Prerequisite",
    "Program",
    "Question",
    "QuestionBank",
    "QuestionVersion",
]
