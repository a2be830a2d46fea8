"""Assessments over HTTP, for leaders: nothing in here tells what is right before its time."""

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema
from groupbuy.training.kinds.questions.registry import KINDS
from groupbuy.training.rules.assessments import Grading, Review
from groupbuy.training.schemas.assessments import STATES
from groupbuy.training.schemas.words import InWords

LETTERS = "a letter, a list of letters, a boolean or an integer, by kind; null is no answer"


class ExaminationSchema(Schema):
    """What a lesson's assessment asks, and what became of it so far; null is no limit."""

    assessment_id = IdField("ast", required=True, attribute="version.assessment_id")
    lesson_id = IdField("lsn", required=True)
    questions = fields.Integer(required=True)
    pass_bps = fields.Integer(required=True, attribute="version.pass_bps")
    time_limit_s = fields.Integer(
        required=True, attribute="version.time_limit_s", metadata={"description": "0: no limit"}
    )
    cooldown_minutes = fields.Integer(required=True, attribute="version.cooldown_minutes")
    grading = fields.String(
        required=True, attribute="version.grading", validate=validate.OneOf(list(Grading))
    )
    review = fields.String(
        required=True, attribute="version.review", validate=validate.OneOf(list(Review))
    )
    attempts_begun = fields.Integer(required=True)
    attempts_left = fields.Integer(required=True, allow_none=True)
    again_at = Moment(
        required=True, allow_none=True, metadata={"description": "when the pause is over"}
    )
    open_attempt_id = IdField("atm", required=True, allow_none=True)
    grade_bps = fields.Integer(required=True, allow_none=True)
    passed = fields.Boolean(required=True)


class PaperOptionSchema(Schema):
    """An option: the letter of its place on this paper, and what it says."""

    key = fields.String(required=True)
    text = InWords(required=True)


class PaperQuestionSchema(Schema):
    """A question on a paper; the last three are null until the review is open."""

    question_id = IdField("qst", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    marks = fields.Integer(required=True)
    prompt = InWords(required=True)
    options = fields.List(fields.Nested(PaperOptionSchema), required=True)
    decimals = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "numeric: the answer is an integer in units of 10^-decimals"},
    )
    unit = InWords(required=True, allow_none=True)
    answer = fields.Raw(required=True, allow_none=True, metadata={"description": LETTERS})
    answered_at = Moment(required=True, allow_none=True)
    mark_bps = fields.Integer(required=True, allow_none=True)
    right = fields.Raw(required=True, allow_none=True, metadata={"description": LETTERS})
    explanation = InWords(required=True, allow_none=True)


class OwnAttemptSchema(Schema):
    """A leader's own attempt; `seconds_left` by the server's clock, null without limit."""

    id = IdField("atm", required=True, attribute="attempt.id")
    assessment_id = IdField("ast", required=True, attribute="attempt.assessment_id")
    lesson_id = IdField("lsn", required=True)
    number = fields.Integer(required=True, attribute="attempt.number")
    state = fields.String(required=True, attribute="attempt.state", validate=validate.OneOf(STATES))
    started_at = Moment(required=True, attribute="attempt.started_at")
    expires_at = Moment(required=True, allow_none=True, attribute="attempt.expires_at")
    seconds_left = fields.Integer(required=True, allow_none=True)
    ended_at = Moment(required=True, allow_none=True, attribute="attempt.ended_at")
    score_bps = fields.Integer(required=True, allow_none=True, attribute="attempt.score_bps")
    pass_bps = fields.Integer(required=True)
    passed = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "by this attempt alone"}
    )
    reason = fields.String(
        required=True, attribute="attempt.reason", metadata={"description": "why it is voided"}
    )


class OwnPaperSchema(OwnAttemptSchema):
    """A leader's own attempt with its paper."""

    review_open = fields.Boolean(
        required=True, metadata={"description": "whether it tells what was right"}
    )
    questions = fields.List(fields.Nested(PaperQuestionSchema), required=True)


class OwnAttemptQuery(PageQuery):
    """Filters of a leader's own attempts."""

    assessment = IdField("ast", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AnswerBody(Schema):
    """An answer in the letters of the paper; null takes it back."""

    answer = fields.Raw(required=True, allow_none=True, metadata={"description": LETTERS})


class KeptAnswerSchema(Schema):
    """An answer as it is kept."""

    question_id = IdField("qst", required=True)
    answer = fields.Raw(required=True, allow_none=True, metadata={"description": LETTERS})
    answered_at = Moment(required=True, allow_none=True)
    seconds_left = fields.Integer(required=True, allow_none=True)
