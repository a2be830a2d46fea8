"""Tables of the school."""

from groupbuy.training.models.badges import Badge, BadgeAward, Ranking, RankingPlace, Reached
from groupbuy.training.models.coaching import (
    Coach,
    CoachingNote,
    CoachingPlan,
    CoachingTask,
    CoachingTemplate,
)
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
from groupbuy.training.models.records import Enrollment, LessonRecord
from groupbuy.training.models.segments import LeaderSegment, SegmentRun

__all__ = [
    "Badge",
    "BadgeAward",
    "Coach",
    "CoachingNote",
    "CoachingPlan",
    "CoachingTask",
    "CoachingTemplate",
    "Course",
    "Enrollment",
    "LeaderSegment",
    "LeaderboardPreference",
    "Lesson",
    "LessonRecord",
    "LessonVersion",
    "Module",
    "PointsEntry",
    "PointsRule",
    "PointsStanding",
    "Prerequisite",
    "Program",
    "Ranking",
    "RankingPlace",
    "Reached",
    "SegmentRun",
    "WeeklyTarget",
]
