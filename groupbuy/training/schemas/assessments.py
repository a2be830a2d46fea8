"""Assessments over HTTP, for headquarters."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.training.rules.assessments import FULL, AttemptState, Grading, Review
from groupbuy.training.rules.content import VersionState

MOST_FIXED = 200
MOST_SECTIONS = 20
MOST_DRAWN = 100
LONGEST_PAUSE = 366 * 24 * 60
LONGEST_LIMIT = 24 * 60 * 60
STATES = [state.value for state in AttemptState]


class AssessmentBody(Schema):
    """A lesson's assessment, to be made."""

    lesson_id = IdField("lsn", required=True)


class AssessmentQuery(PageQuery):
    """Filters of assessments."""

    lesson = IdField("lsn", load_default=None)


class AssessmentSchema(Schema):
    """An assessment, and the numbers of its published version and its draft."""

    id = IdField("ast", required=True, attribute="assessment.id")
    lesson_id = IdField("lsn", required=True, attribute="assessment.lesson_id")
    published = fields.Integer(required=True, allow_none=True)
    draft = fields.Integer(required=True, allow_none=True)
    created_at = Moment(required=True, attribute="assessment.created_at")
    created_by = fields.String(required=True, attribute="assessment.created_by")


class SectionSchema(Schema):
    """So many questions of a bank, drawn for each attempt."""

    bank_id = IdField("qbk", required=True)
    draw = Count(required=True, minimum=1, maximum=MOST_DRAWN)


class AssessmentVersionBody(Schema):
    """How an assessment asks and grades; 0 is no limit, fields left out stay as they were."""

    sections = fields.List(fields.Nested(SectionSchema), validate=validate.Length(0, MOST_SECTIONS))
    question_ids = fields.List(
        IdField("qst"),
        validate=validate.Length(0, MOST_FIXED),
        metadata={"description": "asked of everybody"},
    )
    pass_bps = Count(maximum=FULL)
    max_attempts = Count(maximum=1_000)
    cooldown_minutes = Count(maximum=LONGEST_PAUSE)
    time_limit_s = Count(maximum=LONGEST_LIMIT)
    grading = fields.String(validate=validate.OneOf(list(Grading)))
    review = fields.String(validate=validate.OneOf(list(Review)))
    shuffle_questions = fields.Boolean()
    shuffle_options = fields.Boolean()


class AssessmentVersionSchema(Schema):
    """A version of an assessment."""

    id = IdField("asv", required=True)
    number = fields.Integer(required=True)
    sections = fields.List(fields.Nested(SectionSchema), required=True)
    question_ids = fields.List(IdField("qst"), required=True)
    pass_bps = fields.Integer(required=True)
    max_attempts = fields.Integer(required=True)
    cooldown_minutes = fields.Integer(required=True)
    time_limit_s = fields.Integer(required=True)
    grading = fields.String(required=True, validate=validate.OneOf(list(Grading)))
    review = fields.String(required=True, validate=validate.OneOf(list(Review)))
    shuffle_questions = fields.Boolean(required=True)
    shuffle_options = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(VersionState)))
    created_at = Moment(required=True)
    created_by = fields.String(required=True)
    published_at = Moment(required=True, allow_none=True)
    published_by = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class AssessmentPublicationBody(Schema):
    """Which state of the draft was checked: the `version` that the publisher read."""

    version = Count(required=True, minimum=1)


class ItemAnalysisQuery(Schema):
    """Which attempts are looked at."""

    version = fields.Integer(
        load_default=None,
        validate=validate.Range(min=1, max=1_000_000),
        metadata={"description": "of one version of it only"},
    )


class ChoiceSchema(Schema):
    """An answer in the author's keys, and how often it was given."""

    answer = fields.String(required=True)
    times = fields.Integer(required=True)


class ItemFiguresSchema(Schema):
    """How a question did; `discrimination_bps` is null where too few were asked."""

    question_id = IdField("qst", required=True)
    question_version_id = IdField("qsv", required=True)
    code = fields.String(required=True)
    kind = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "of the question's version"})
    prompt_zh = fields.String(required=True)
    prompt_en = fields.String(required=True)
    asked = fields.Integer(required=True, metadata={"description": "attempts that count"})
    answered = fields.Integer(required=True)
    difficulty_bps = fields.Integer(required=True, metadata={"description": "the mean mark"})
    discrimination_bps = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "mean mark of the best 27 % less that of the worst 27 %"},
    )
    too_few = fields.Boolean(required=True)
    choices = fields.List(fields.Nested(ChoiceSchema), required=True)


class ItemAnalysisSchema(Schema):
    """Every question that an assessment has asked."""

    items = fields.List(fields.Nested(ItemFiguresSchema), required=True)


class AttemptQuery(PageQuery):
    """Filters of attempts."""

    assessment = IdField("ast", load_default=None)
    leader = IdField("ldr", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AttemptSummarySchema(Schema):
    """An attempt without its paper."""

    id = IdField("atm", required=True, attribute="attempt.id")
    leader_id = IdField("ldr", required=True, attribute="attempt.leader_id")
    assessment_id = IdField("ast", required=True, attribute="attempt.assessment_id")
    lesson_id = IdField("lsn", required=True)
    number = fields.Integer(required=True, attribute="attempt.number")
    state = fields.String(required=True, attribute="attempt.state", validate=validate.OneOf(STATES))
    started_at = Moment(required=True, attribute="attempt.started_at")
    expires_at = Moment(required=True, allow_none=True, attribute="attempt.expires_at")
    ended_at = Moment(required=True, allow_none=True, attribute="attempt.ended_at")
    score_bps = fields.Integer(required=True, allow_none=True, attribute="attempt.score_bps")
    pass_bps = fields.Integer(required=True)
    passed = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "by this attempt alone"}
    )
    voided_at = Moment(required=True, allow_none=True, attribute="attempt.voided_at")
    reason = fields.String(
        required=True, attribute="attempt.reason", metadata={"description": "why it is voided"}
    )


class AskedSchema(Schema):
    """A question that was asked, as its author wrote it, and its answer in the author's keys."""

    question_id = IdField("qst", required=True, attribute="row.question_id")
    question_version_id = IdField("qsv", required=True, attribute="row.question_version_id")
    kind = fields.String(required=True, attribute="kind.name")
    marks = fields.Integer(required=True, attribute="row.marks")
    options = fields.List(
        fields.String(),
        required=True,
        attribute="row.options",
        metadata={"description": "the author's keys in the order of the paper"},
    )
    body = fields.Dict(required=True)
    answer = fields.Raw(required=True, allow_none=True, attribute="given")
    answered_at = Moment(required=True, allow_none=True, attribute="row.answered_at")
    mark_bps = fields.Integer(required=True, allow_none=True, attribute="row.mark_bps")


class AttemptSheetSchema(AttemptSummarySchema):
    """An attempt with its paper, as headquarters sees it."""

    assessment_version_id = IdField("asv", required=True, attribute="attempt.assessment_version_id")
    graded_at = Moment(required=True, allow_none=True, attribute="attempt.graded_at")
    voided_by = fields.String(required=True, allow_none=True, attribute="attempt.voided_by")
    questions = fields.List(fields.Nested(AskedSchema), required=True)


class VoidanceBody(Schema):
    """Why an attempt counts for nothing; the leader reads it."""

    reason = Words(required=True, maximum=500)


class AttemptGrantBody(Schema):
    """Further attempts for a leader, and why."""

    leader_id = IdField("ldr", required=True)
    assessment_id = IdField("ast", required=True)
    attempts = Count(required=True, minimum=1, maximum=100)
    reason = Words(required=True, maximum=500)


class AttemptGrantSchema(AttemptGrantBody):
    """Further attempts that a leader was given."""

    id = IdField("atg", required=True)
    granted_by = fields.String(required=True)
    granted_at = Moment(required=True)


class AttemptGrantQuery(PageQuery):
    """Filters of further attempts."""

    assessment = IdField("ast", load_default=None)
    leader = IdField("ldr", load_default=None)
