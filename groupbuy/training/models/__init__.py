"""Tables of the school."""

from groupbuy.training.models.certificates import Certificate, CertificateTerm, Certification
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
    "Certificate",
    "CertificateTerm",
    "Certification",
    "Course",
    "Enrollment",
    "Lesson",
    "LessonRecord",
    "LessonVersion",
    "Module",
    "Prerequisite",
    "Program",
]
