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
from groupbuy.training.models.attendance import Attendance, AttendanceDecision, CalendarFeed
from groupbuy.training.models.certificates import Certificate, CertificateTerm, Certification
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
    "Assessment",
    "AssessmentItem",
    "AssessmentVersion",
    "Attempt",
    "AttemptGrant",
    "AttemptQuestion",
    "Attendance",
    "AttendanceDecision",
    "CalendarFeed",
    "Certificate",
    "CertificateTerm",
    "Certification",
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
    "Question",
    "QuestionBank",
    "QuestionVersion",
    "TrainingRecount",
]
