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
from groupbuy.training.models.badges import Badge, BadgeAward, Ranking, RankingPlace, Reached
from groupbuy.training.models.certificates import Certificate, CertificateTerm, Certification
from groupbuy.training.models.coaching import (
    Coach,
    CoachingNote,
    CoachingPlan,
    CoachingTask,
    CoachingTemplate,
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
from groupbuy.training.models.points import (
    LeaderboardPreference,
    PointsEntry,
    PointsRule,
    PointsStanding,
    WeeklyTarget,
)
from groupbuy.training.models.progress import FunnelStep, LearningPlace, TrainingRecount
from groupbuy.training.models.records import Enrollment, LessonRecord
from groupbuy.training.models.segments import LeaderSegment, SegmentRun

__all__ = [
    "Assessment",
    "AssessmentItem",
    "AssessmentVersion",
    "Attempt",
    "AttemptGrant",
    "AttemptQuestion",
    "Attendance",
    "AttendanceDecision",
    "Badge",
    "BadgeAward",
    "CalendarFeed",
    "Certificate",
    "CertificateTerm",
    "Certification",
    "Coach",
    "CoachingNote",
    "CoachingPlan",
    "CoachingTask",
    "CoachingTemplate",
    "Cohort",
    "CohortMember",
    "Course",
    "Enrollment",
    "FunnelStep",
    "LeaderSegment",
    "LeaderboardPreference",
    "LearningPlace",
    "Lesson",
    "LessonRecord",
    "LessonVersion",
    "LiveSession",
    "Module",
    "PointsEntry",
    "PointsRule",
    "PointsStanding",
    "Prerequisite",
    "Program",
    "Question",
    "QuestionBank",
    "QuestionVersion",
    "Ranking",
    "RankingPlace",
    "Reached",
    "SegmentRun",
    "TrainingRecount",
    "WeeklyTarget",
]
