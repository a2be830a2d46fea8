"""What headquarters builds programs of; texts in both languages."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import ContentState, LessonKind, VersionState

LONGEST_SUMMARY = 2_000
LONGEST_MINUTES = 1_440


def _code() -> fields.String:
    form = validate.Regexp(r"^[a-z0-9][a-z0-9_-]{0,49}$(?!\n)", error="a-z, 0-9, - and _")
    return fields.String(required=True, validate=form, metadata={"example": "first-steps"})


def _editable_code() -> fields.String:
    field = _code()
    field.required = False
    return field


class _Titled(Schema):
    title_zh = Words(required=True)
    title_en = Words(required=True)
    position = Count(load_default=0)


class _Summed(_Titled):
    summary_zh = Words(minimum=0, maximum=LONGEST_SUMMARY, load_default="")
    summary_en = Words(minimum=0, maximum=LONGEST_SUMMARY, load_default="")


class _TitledEdit(Schema):
    title_zh = Words()
    title_en = Words()
    position = Count()


class _SummedEdit(_TitledEdit):
    code = _editable_code()
    summary_zh = Words(minimum=0, maximum=LONGEST_SUMMARY)
    summary_en = Words(minimum=0, maximum=LONGEST_SUMMARY)


class TrainingProgramSchema(Schema):
    """A program as headquarters sees it."""

    id = IdField("prg", required=True)
    code = fields.String(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    summary_zh = fields.String(required=True)
    summary_en = fields.String(required=True)
    position = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(ContentState)))
    version = fields.Integer(required=True)


class TrainingProgramBody(_Summed):
    """A new program."""

    code = _code()


class TrainingProgramEditBody(_SummedEdit):
    """What may be changed about a program; fields left out stay."""


class TrainingProgramQuery(PageQuery):
    """Filters of programs."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(ContentState)))


class CourseSchema(TrainingProgramSchema):
    """A course as headquarters sees it."""

    id = IdField("crs", required=True)
    program_id = IdField("prg", required=True)
    mandatory = fields.Boolean(required=True)
    ordered = fields.Boolean(
        required=True, metadata={"description": "its lessons are taken one after another"}
    )


class CourseBody(_Summed):
    """A new course."""

    code = _code()
    program_id = IdField("prg", required=True)
    mandatory = fields.Boolean(load_default=True)
    ordered = fields.Boolean(load_default=False)


class CourseEditBody(_SummedEdit):
    """What may be changed about a course; fields left out stay."""

    mandatory = fields.Boolean()
    ordered = fields.Boolean()


class CourseQuery(TrainingProgramQuery):
    """Filters of courses."""

    program = IdField("prg", load_default=None)


class ModuleSchema(Schema):
    """A module as headquarters sees it."""

    id = IdField("mdl", required=True)
    course_id = IdField("crs", required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    position = fields.Integer(required=True)
    version = fields.Integer(required=True)


class ModuleBody(_Titled):
    """A new module."""

    course_id = IdField("crs", required=True)


class ModuleEditBody(_TitledEdit):
    """What may be changed about a module; fields left out stay."""

    course_id = IdField("crs", metadata={"description": "another course of the same program"})


class ModuleQuery(PageQuery):
    """Filters of modules."""

    course = IdField("crs", load_default=None)


class LessonVersionHeadSchema(Schema):
    """A version of a lesson, without what it says."""

    id = IdField("lsv", required=True)
    lesson_id = IdField("lsn", required=True)
    number = fields.Integer(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    move_on = fields.String(required=True, validate=validate.OneOf(list(MoveOn)))
    minutes = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(VersionState)))
    created_at = Moment(required=True)
    created_by = fields.String(required=True)
    published_at = Moment(required=True, allow_none=True)
    published_by = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class LessonVersionSchema(LessonVersionHeadSchema):
    """A version of a lesson."""

    content = fields.Dict(required=True, metadata={"description": "as its kind has it"})


class LessonSchema(Schema):
    """A lesson as headquarters sees it."""

    id = IdField("lsn", required=True, attribute="lesson.id")
    module_id = IdField("mdl", required=True, attribute="lesson.module_id")
    code = fields.String(required=True, attribute="lesson.code")
    kind = fields.String(
        required=True, attribute="lesson.kind", validate=validate.OneOf(list(LessonKind))
    )
    position = fields.Integer(required=True, attribute="lesson.position")
    mandatory = fields.Boolean(required=True, attribute="lesson.mandatory")
    retired_at = Moment(required=True, allow_none=True, attribute="lesson.retired_at")
    published = fields.Nested(LessonVersionHeadSchema, required=True, allow_none=True)
    draft = fields.Nested(LessonVersionHeadSchema, required=True, allow_none=True)
    version = fields.Integer(required=True)


class LessonBody(Schema):
    """A new lesson; its first version says what it teaches."""

    module_id = IdField("mdl", required=True)
    code = _code()
    kind = fields.String(required=True, validate=validate.OneOf(list(LessonKind)))
    position = Count(load_default=0)
    mandatory = fields.Boolean(load_default=True)


class LessonEditBody(Schema):
    """What may be changed about a lesson; fields left out stay."""

    module_id = IdField("mdl", metadata={"description": "another module of the same program"})
    code = _editable_code()
    position = Count()
    mandatory = fields.Boolean()


class LessonQuery(PageQuery):
    """Filters of lessons."""

    program = IdField("prg", load_default=None)
    course = IdField("crs", load_default=None)
    module = IdField("mdl", load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(list(LessonKind)))
    retired = fields.Boolean(load_default=None)


class LessonVersionBody(Schema):
    """What a version says; what is left out is as in the published one, or in the draft."""

    title_zh = Words()
    title_en = Words()
    move_on = fields.String(validate=validate.OneOf(list(MoveOn)))
    minutes = Count(maximum=LONGEST_MINUTES)
    content = fields.Dict(
        keys=fields.String(),
        metadata={
            "description": "video: url, duration_s, text_zh, text_en; article: body_zh, body_en; "
            "live_session: agenda_zh, agenda_en, minutes, replay_url, replay_duration_s; "
            "assessment: introduction_zh, introduction_en; texts in Markdown without HTML",
            "example": {"body_zh": "# 欢迎", "body_en": "# Welcome"},
        },
    )


class LessonVersionQuery(PageQuery):
    """Filters of a lesson's versions."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(VersionState)))


class LessonPublicationBody(Schema):
    """Which state of the draft was checked: the `version` that the publisher read."""

    version = Count(required=True, minimum=1)


class PrerequisiteSchema(Schema):
    """What is to be done before a course or lesson opens."""

    id = IdField("prq", required=True)
    program_id = IdField("prg", required=True)
    course_id = IdField("crs", required=True, allow_none=True)
    lesson_id = IdField("lsn", required=True, allow_none=True)
    required_course_id = IdField("crs", required=True, allow_none=True)
    required_lesson_id = IdField("lsn", required=True, allow_none=True)


class PrerequisiteBody(Schema):
    """A course or a lesson, and the course or lesson that it needs."""

    course_id = IdField("crs", load_default=None, allow_none=True)
    lesson_id = IdField("lsn", load_default=None, allow_none=True)
    required_course_id = IdField("crs", load_default=None, allow_none=True)
    required_lesson_id = IdField("lsn", load_default=None, allow_none=True)

    @validates_schema
    def _one_each(self, data: dict[str, Any], **kwargs: Any) -> None:
        for prefix in ("", "required_"):
            given = [data.get(f"{prefix}{of}_id") for of in ("course", "lesson")]
            if sum(one is not None for one in given) != 1:
                raise ValidationError(
                    "A prerequisite is between one thing and one other.", f"{prefix}course_id"
                )


class PrerequisiteQuery(PageQuery):
    """Filters of prerequisites, by what has them."""

    program = IdField("prg", load_default=None)
    course = IdField("crs", load_default=None)
    lesson = IdField("lsn", load_default=None)
