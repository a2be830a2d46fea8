"""`assessment`: questions to be answered; assessments have them, and say who passed."""

from groupbuy.kernel.fields import Schema
from groupbuy.training.kinds.interface import Kind, Markdown
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import LessonKind


class AssessmentContent(Schema):
    """What is said before the questions."""

    introduction_zh = Markdown(required=True)
    introduction_en = Markdown(required=True)


KIND = Kind(
    LessonKind.ASSESSMENT,
    AssessmentContent,
    move_ons=(
        MoveOn.PASSED,
        MoveOn.COMPLETED_AND_PASSED,
        MoveOn.COMPLETED_OR_PASSED,
        MoveOn.COMPLETED,
        MoveOn.NOT_APPLICABLE,
    ),
)
