"""Problems of assessments."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class BankCodeTaken(Problem):
    """Another question bank has the code."""

    status = HTTPStatus.CONFLICT
    code = "bank-code-taken"
    title = Text("题库编码已被使用", "Another question bank has this code")


class QuestionCodeTaken(Problem):
    """Another question of the bank has the code."""

    status = HTTPStatus.CONFLICT
    code = "question-code-taken"
    title = Text("题目编码已被使用", "Another question of the bank has this code")


class LessonTakesNoAssessment(Problem):
    """The lesson is not an assessment, or it has one already."""

    status = HTTPStatus.CONFLICT
    code = "lesson-takes-no-assessment"
    title = Text("该课时不能关联考核", "The lesson takes no assessment")
    detail = Text(
        "课时类型须为考核，且尚未关联其他考核。",
        "It must be a lesson of kind assessment that has none yet.",
    )


class AssessmentDraftExists(Problem):
    """The assessment has a draft already: edit or discard that."""

    status = HTTPStatus.CONFLICT
    code = "assessment-draft-exists"
    title = Text("已有草稿版本", "There is a draft already")
    detail = Text("请修改或丢弃现有草稿。", "Edit the draft that there is, or discard it.")


class AssessmentNotPublishable(Problem):
    """The draft cannot be asked of anybody as it is; `errors` lists each fault with a pointer."""

    status = HTTPStatus.CONFLICT
    code = "assessment-not-publishable"
    title = Text("考核还不能发布", "The assessment cannot be published yet")


class NoAttemptsLeft(Problem):
    """The leader has begun every attempt that the assessment allows."""

    status = HTTPStatus.CONFLICT
    code = "no-attempts-left"
    title = Text("考核次数已用完", "No attempts are left")
    detail = Text(
        "允许的次数已用完；如需再考，请联系您的讲师。",
        "Every attempt is used; ask your trainer for another.",
    )


class AttemptTooSoon(Problem):
    """The pause after the last attempt is not over; `again_at` says when it is."""

    status = HTTPStatus.CONFLICT
    code = "attempt-too-soon"
    title = Text("还需等待才能再次考核", "Too soon for another attempt")
    detail = Text("请在 {again_at} 之后再试。", "Try again from {again_at} on.")


class AttemptOver(Problem):
    """The attempt was submitted, its time is over, or headquarters voided it."""

    status = HTTPStatus.CONFLICT
    code = "attempt-over"
    title = Text("本次考核已结束", "The attempt is over")
    detail = Text(
        "已交卷、已超时或已作废，不能再作答。",
        "It was submitted, its time is over, or it was voided: nothing can be answered any more.",
    )
