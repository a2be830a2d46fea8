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
