"""What leaders read of the school, and tell it about their learning."""

from collections.abc import Sequence

from marshmallow import ValidationError, fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import EnrollmentState, LessonKind, LessonState
from groupbuy.training.rules.watching import LONGEST_S, MOST_SPANS
from groupbuy.training.schemas.words import InWords, SpokenContent

PERCENT = {"description": "rounded down: 100 only when all is done", "example": 66}
SPANS = {"description": "[from, to) in seconds of the video", "example": [[0, 30], [45, 60]]}


def _is_span(span: Sequence[int]) -> None:
    if len(span) != 2 or span[0] >= span[1]:
        raise ValidationError("A span is [from, to) in whole seconds.")


class NeededSchema(Schema):
    """A course or lesson that is to be done first."""

    id = fields.String(required=True, metadata={"example": f"lsn_{'0198f3c2a7b47d1e' * 2}"})
    title = InWords(required=True)


class StepSchema(Schema):
    """A lesson of a program, and where I stand with it."""

    id = IdField("lsn", required=True)
    kind = fields.String(
        required=True, attribute="lesson.kind", validate=validate.OneOf(list(LessonKind))
    )
    title = InWords(required=True)
    minutes = fields.Integer(required=True)
    mandatory = fields.Boolean(required=True, attribute="counts")
    move_on = fields.String(required=True, validate=validate.OneOf(list(MoveOn)))
    state = fields.String(required=True, validate=validate.OneOf(list(LessonState)))
    missing = fields.List(
        fields.Nested(NeededSchema),
        required=True,
        metadata={"description": "what a locked lesson waits for"},
    )
    completed_at = Moment(required=True, allow_none=True)
    passed_at = Moment(required=True, allow_none=True)
    waived_at = Moment(required=True, allow_none=True)
    score_bps = fields.Integer(required=True, allow_none=True)


class OutlineModuleSchema(Schema):
    """A heading with its lessons."""

    id = IdField("mdl", required=True)
    title = InWords(required=True)
    lessons = fields.List(fields.Nested(StepSchema), required=True)


class OutlineCourseSchema(Schema):
    """A course of a program, with its lessons."""

    id = IdField("crs", required=True)
    title = InWords(required=True)
    summary = InWords(required=True)
    mandatory = fields.Boolean(required=True)
    ordered = fields.Boolean(required=True)
    modules = fields.List(fields.Nested(OutlineModuleSchema), required=True)


class TaughtProgramSchema(Schema):
    """A program as leaders see it; `enrollment` is null for who is not enrolled."""

    id = IdField("prg", required=True)
    title = InWords(required=True)
    summary = InWords(required=True)
    enrollment = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(list(EnrollmentState))
    )
    enrolled_at = Moment(required=True, allow_none=True)
    completed_at = Moment(required=True, allow_none=True)
    required = fields.Integer(required=True, metadata={"description": "lessons that it asks for"})
    done = fields.Integer(required=True)
    percent = fields.Integer(required=True, metadata=PERCENT)


class TaughtProgramQuery(PageQuery):
    """The programs that are taught."""


class ProgramOutlineSchema(TaughtProgramSchema):
    """A program with all its lessons."""

    courses = fields.List(fields.Nested(OutlineCourseSchema), required=True)


class LearntProgramSchema(TaughtProgramSchema):
    """A program that I learn: what comes next, and what is not open yet and why."""

    next = fields.Nested(StepSchema, required=True, allow_none=True)
    locked = fields.List(fields.Nested(StepSchema), required=True)


class LearningSchema(Schema):
    """All programs that I learn, those that are done last."""

    programs = fields.List(fields.Nested(LearntProgramSchema), required=True)


class LearntLessonSchema(Schema):
    """A lesson in the version that I learn; `content` depends on its kind."""

    id = IdField("lsn", required=True)
    program_id = IdField("prg", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(LessonKind)))
    number = fields.Integer(required=True, metadata={"description": "of the version"})
    title = InWords(required=True)
    minutes = fields.Integer(required=True)
    move_on = fields.String(required=True, validate=validate.OneOf(list(MoveOn)))
    content = SpokenContent(
        required=True,
        metadata={
            "description": "video: url, duration_s, text; article: body; live session: agenda, "
            "minutes, replay_url, replay_duration_s; assessment: introduction. Texts are "
            "CommonMark without HTML; show any other tag as it stands, and link to https only",
            "example": {"body": "# Welcome\nDo one thing well first."},
        },
    )
    state = fields.String(required=True, validate=validate.OneOf(list(LessonState)))
    watched = fields.List(fields.List(fields.Integer()), required=True, metadata=SPANS)
    watched_s = fields.Integer(required=True)
    completed_at = Moment(required=True, allow_none=True)
    passed_at = Moment(required=True, allow_none=True)
    waived_at = Moment(required=True, allow_none=True)
    score_bps = fields.Integer(required=True, allow_none=True)


class ProgressBody(Schema):
    """What was seen of a video, or that an article was read; false and an empty list begin it."""

    watched = fields.List(
        fields.List(Count(maximum=LONGEST_S), validate=_is_span),
        validate=validate.Length(max=MOST_SPANS),
        metadata={**SPANS, "description": f"{SPANS['description']}; what is beyond it counts not"},
    )
    read = fields.Boolean(truthy={True}, falsy={False})


class LessonProgressSchema(Schema):
    """Where I stand with a lesson after what I told."""

    lesson_id = IdField("lsn", required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(LessonState)))
    watched = fields.List(fields.List(fields.Integer()), required=True, metadata=SPANS)
    watched_s = fields.Integer(required=True, metadata={"description": "each second once"})
    length_s = fields.Integer(required=True, allow_none=True)
    completed_at = Moment(required=True, allow_none=True)
    passed_at = Moment(required=True, allow_none=True)
    waived_at = Moment(required=True, allow_none=True)
