"""Facts that the school announces."""

from groupbuy.kernel.signals import fact

lesson_satisfied = fact(
    "training.lesson_satisfied",
    "sender: LessonRecord; now: datetime. What the lesson asks was done for the first time.",
)
program_completed = fact(
    "training.program_completed",
    "sender: Enrollment; now: datetime, which is enrollment.completed_at. Every mandatory lesson "
    "of the program is done.",
)
attempt_graded = fact(
    "training.attempt_graded",
    "sender: Attempt; now: datetime, which is attempt.graded_at; lesson_id: str; passed: bool, by "
    "this attempt alone; grade_bps: int, of all attempts. An attempt at an assessment is over.",
)
session_attended = fact(
    "training.session_attended",
    "sender: Attendance; now: datetime, which is attendance.counted_at. A leader's attendance of a "
    "live session counted for the first time after its end; a later correction is not announced.",
)
