"""What headquarters' pages of progress take and give over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, language
from groupbuy.kernel.sheets import Format
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.content import EnrollmentState, LessonKind
from groupbuy.training.rules.progress import STUCK_DAYS, ProgressSort, RecountState
from groupbuy.training.schemas.cohorts import StreakSchema, WeekSchema

ENROLLMENT_STATES = [state.value for state in EnrollmentState]
SORTS = [sort.value for sort in ProgressSort]
LESSON_KINDS = [kind.value for kind in LessonKind]
FORMATS = [format.value for format in Format]
DAYS = validate.Range(min=1, max=3_650)


class SchoolWords(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class NextLessonSchema(Schema):
    """The first mandatory lesson of the program that is not done."""

    id = IdField("lsn", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(LESSON_KINDS))
    title = SchoolWords(required=True)
    place = fields.Integer(required=True, metadata={"description": "from 1, in the program"})


class TrainingProgressSchema(Schema):
    """How far a leader has come in a program."""

    enrollment_id = IdField("enr", required=True, attribute="enrollment.id")
    leader_id = IdField("ldr", required=True, attribute="enrollment.leader_id")
    leader = fields.String(required=True, attribute="leader_name")
    program_id = IdField("prg", required=True, attribute="enrollment.program_id")
    program = SchoolWords(required=True, attribute="program_title")
    state = fields.String(
        required=True, attribute="enrollment.state", validate=validate.OneOf(ENROLLMENT_STATES)
    )
    percent = fields.Integer(
        required=True, metadata={"description": "rounded down; 100 only when all is done"}
    )
    done = fields.Integer(required=True, attribute="enrollment.done")
    required_lessons = fields.Integer(required=True, attribute="enrollment.required")
    enrolled_at = Moment(required=True, attribute="enrollment.enrolled_at")
    active_at = Moment(
        required=True, attribute="enrollment.active_at", metadata={"description": "last activity"}
    )
    completed_at = Moment(required=True, allow_none=True, attribute="enrollment.completed_at")
    next_lesson = fields.Nested(NextLessonSchema, required=True, allow_none=True)


class ProgressFilters(Schema):
    """Which leaders' progress is asked for."""

    program_id = IdField("prg", load_default=None)
    leader_id = IdField("ldr", load_default=None)
    cohort_id = IdField("cht", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(ENROLLMENT_STATES))
    stuck_days = fields.Integer(
        load_default=None,
        validate=DAYS,
        metadata={"description": "only who still learns and did nothing for so many days"},
    )


class ProgressQuery(PageQuery, ProgressFilters):
    """Which leaders' progress is asked for, and in which order."""

    sort = fields.String(
        load_default=ProgressSort.LAST_ACTIVITY,
        validate=validate.OneOf(SORTS),
        metadata={"description": "last_activity: who did nothing for longest first"},
    )


class ProgressFileQuery(ProgressFilters):
    """Which leaders' progress is asked for as a file."""

    format = fields.String(load_default=Format.CSV, validate=validate.OneOf(FORMATS))


class FunnelQuery(Schema):
    """Whose funnel is asked for."""

    program_id = IdField("prg", required=True)
    stuck_days = fields.Integer(
        load_default=STUCK_DAYS,
        validate=DAYS,
        metadata={"description": "after so many days without activity a leader is stuck"},
    )


class FunnelFileQuery(FunnelQuery):
    """Whose funnel is asked for as a file."""

    format = fields.String(load_default=Format.CSV, validate=validate.OneOf(FORMATS))


class StandingQuery(PageQuery):
    """Who of those who stand at a lesson is asked for."""

    program_id = IdField("prg", required=True)
    stuck_days = fields.Integer(load_default=None, validate=DAYS)


class FunnelStepSchema(Schema):
    """A lesson of a funnel, as of the last count but for who stands there now."""

    lesson_id = IdField("lsn", required=True, attribute="step.lesson_id")
    place = fields.Integer(required=True, attribute="step.place")
    kind = fields.String(required=True, validate=validate.OneOf(LESSON_KINDS))
    title = SchoolWords(required=True)
    mandatory = fields.Boolean(required=True, attribute="step.mandatory")
    enrolled = fields.Integer(required=True, attribute="step.enrolled")
    reached = fields.Integer(
        required=True,
        attribute="step.reached",
        metadata={"description": "have begun it, or it is their next lesson"},
    )
    begun = fields.Integer(required=True, attribute="step.begun")
    completed = fields.Integer(required=True, attribute="step.completed")
    passed = fields.Integer(required=True, attribute="step.passed")
    satisfied = fields.Integer(
        required=True,
        attribute="step.satisfied",
        metadata={"description": "have done all that it asks"},
    )
    median_days = fields.Integer(required=True, allow_none=True, attribute="step.median_days")
    standing = fields.Integer(required=True, metadata={"description": "it was their next lesson"})
    stuck = fields.Integer(
        required=True, metadata={"description": "of these, without activity for stuck_days"}
    )


class FunnelSchema(Schema):
    """A program, lesson by lesson."""

    program_id = IdField("prg", required=True)
    as_of = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "when it was counted; null: not yet, it is counted every night"},
    )
    stuck_days = fields.Integer(required=True)
    items = fields.List(fields.Nested(FunnelStepSchema), required=True)


class CohortGlanceQuery(PageQuery):
    """How many weeks of attendance are shown."""

    weeks = fields.Integer(load_default=4, validate=validate.Range(min=1, max=26))


class MemberGlanceSchema(Schema):
    """A member of a cohort: how far in its program, and how often there."""

    leader_id = IdField("ldr", required=True, attribute="of.leader_id")
    leader = fields.String(required=True, attribute="of.name")
    state = fields.String(
        required=True, attribute="enrollment.state", validate=validate.OneOf(ENROLLMENT_STATES)
    )
    percent = fields.Integer(required=True)
    done = fields.Integer(required=True, attribute="enrollment.done")
    required_lessons = fields.Integer(required=True, attribute="enrollment.required")
    active_at = Moment(required=True, attribute="enrollment.active_at")
    next_lesson = fields.Nested(NextLessonSchema, required=True, allow_none=True)
    target = fields.Integer(
        required=True, attribute="of.target", metadata={"description": "sessions of a full week"}
    )
    weeks = fields.List(fields.Nested(WeekSchema), required=True)
    streak = fields.Nested(StreakSchema, required=True)


class RecountSchema(Schema):
    """How far a count of all enrolments has come."""

    id = IdField("trc", required=True)
    state = fields.String(
        required=True, validate=validate.OneOf([state.value for state in RecountState])
    )
    begun_at = Moment(required=True)
    finished_at = Moment(required=True, allow_none=True)
    counted = fields.Integer(required=True)
    total = fields.Integer(required=True, attribute="expected")
