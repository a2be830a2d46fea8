"""What coaching takes and gives over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import (
    Count,
    Day,
    IdField,
    Moment,
    MonthField,
    PageQuery,
    Schema,
    Words,
    language,
)
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.coaching import PlanState, TaskKind
from groupbuy.training.rules.segments import Segment

SEGMENTS = validate.OneOf([segment.value for segment in Segment])
_PLAN_STATES = validate.OneOf([state.value for state in PlanState])
_TASK_KINDS = validate.OneOf([kind.value for kind in TaskKind])
MOST_TASKS = 50


class Told(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class CoachingSegmentSchema(Schema):
    """Where a leader stood in a month."""

    month = MonthField(required=True)
    leader_id = IdField("ldr", required=True)
    rank = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null for a new leader"}
    )
    ranked = fields.Integer(required=True, metadata={"description": "how many were ranked"})
    net_fen = fields.Integer(required=True)
    segment = fields.String(required=True, validate=SEGMENTS)


class CoachingSegmentQuery(PageQuery):
    """Filters of places; the last month that has any if left out."""

    month = MonthField(load_default=None)
    segment = fields.String(load_default=None, validate=SEGMENTS)
    leader = IdField("ldr", load_default=None)


class SegmentRunSchema(Schema):
    """That a month's leaders were divided, and under which terms."""

    month = MonthField(required=True)
    ranked = fields.Integer(required=True)
    head_bps = fields.Integer(required=True)
    upper_bps = fields.Integer(required=True)
    new_days = fields.Integer(required=True)
    calculated_at = Moment(required=True)
    calculated_by = fields.String(required=True)


class CoachBody(Schema):
    """A member of staff who is to coach."""

    staff_id = IdField("stf", required=True)
    load_limit = Count(required=True, maximum=1_000)


class CoachEditBody(Schema):
    """What is to change about a coach; what is left out stays."""

    load_limit = Count(maximum=1_000)
    active = fields.Boolean()


class CoachQuery(PageQuery):
    """Filters of coaches."""

    active = fields.Boolean(load_default=None)


class CoachSchema(Schema):
    """A coach, and how many open plans there are."""

    staff_id = IdField("stf", required=True, attribute="coach.staff_id")
    name = fields.String(required=True)
    open_plans = fields.Integer(required=True, attribute="load")
    load_limit = fields.Integer(required=True, attribute="coach.load_limit")
    active = fields.Boolean(required=True, attribute="coach.active")
    version = fields.Integer(required=True)


class CoachingTaskBody(Schema):
    """Something to do; `due_days` from the day it is given."""

    kind = fields.String(required=True, validate=_TASK_KINDS)
    title_zh = Words(required=True)
    title_en = Words(required=True)
    lesson_id = IdField("lsn", load_default=None, allow_none=True)
    due_days = Count(required=True, maximum=366)
    by_leader = fields.Boolean(load_default=False)

    @validates_schema(skip_on_field_errors=True)
    def _lesson_of_a_lesson(self, data: dict[str, Any], **kwargs: Any) -> None:
        if (data["kind"] == TaskKind.LESSON) != (data["lesson_id"] is not None):
            raise ValidationError("A lesson, and only a lesson, names one.", "lesson_id")


class CoachingTemplateBody(Schema):
    """What plans for a segment begin with."""

    segment = fields.String(required=True, validate=SEGMENTS)
    title_zh = Words(required=True)
    title_en = Words(required=True)
    tasks = fields.List(
        fields.Nested(CoachingTaskBody), required=True, validate=validate.Length(max=MOST_TASKS)
    )


class CoachingTemplateEditBody(Schema):
    """What is to change of a template; what is left out stays."""

    title_zh = Words()
    title_en = Words()
    tasks = fields.List(fields.Nested(CoachingTaskBody), validate=validate.Length(max=MOST_TASKS))
    active = fields.Boolean()


class CoachingTemplateQuery(PageQuery):
    """Filters of templates."""

    segment = fields.String(load_default=None, validate=SEGMENTS)
    active = fields.Boolean(load_default=None)


class CoachingTemplateTaskSchema(Schema):
    """A task of a template."""

    kind = fields.String(required=True, validate=_TASK_KINDS)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    lesson_id = IdField("lsn", required=True, allow_none=True)
    due_days = fields.Integer(required=True)
    by_leader = fields.Boolean(required=True)


class CoachingTemplateSchema(Schema):
    """What plans for a segment begin with."""

    id = IdField("cpt", required=True)
    segment = fields.String(required=True, validate=SEGMENTS)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    tasks = fields.List(fields.Nested(CoachingTemplateTaskSchema), required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class CoachingPlanBody(Schema):
    """A plan for a leader; without tasks it begins with those of the segment's template."""

    leader_id = IdField("ldr", required=True)
    coach_id = IdField("stf", required=True)
    month = MonthField(load_default=None)
    tasks = fields.List(
        fields.Nested(CoachingTaskBody),
        load_default=None,
        validate=validate.Length(max=MOST_TASKS),
    )


class CoachingAssignmentBody(Schema):
    """Whose leaders get a plan; the last month that has segments if it is left out."""

    segment = fields.String(required=True, validate=SEGMENTS)
    month = MonthField(load_default=None)


class CoachingAssignmentSchema(Schema):
    """What an assignment came to."""

    month = MonthField(required=True)
    segment = fields.String(required=True, validate=SEGMENTS)
    assigned = fields.Integer(required=True)
    left_over = fields.Integer(
        required=True, metadata={"description": "leaders for whom no coach had room"}
    )


class CoachChangeBody(Schema):
    """Who coaches from now on."""

    coach_id = IdField("stf", required=True)


class CoachingCancelBody(Schema):
    """Why a plan is cancelled."""

    reason = Words(required=True, maximum=500)


class CoachingPlanQuery(PageQuery):
    """Filters of plans."""

    state = fields.String(load_default=None, validate=_PLAN_STATES)
    coach = IdField("stf", load_default=None)
    leader = IdField("ldr", load_default=None)
    month = MonthField(load_default=None)
    segment = fields.String(load_default=None, validate=SEGMENTS)


class CoachingTaskSchema(Schema):
    """A task of a plan."""

    id = IdField("ctk", required=True)
    kind = fields.String(required=True, validate=_TASK_KINDS)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    lesson_id = IdField("lsn", required=True, allow_none=True)
    due_on = Day(required=True)
    by_leader = fields.Boolean(required=True)
    done_at = Moment(required=True, allow_none=True)
    done_by = fields.String(required=True, allow_none=True)


class MonthAroundSchema(Schema):
    """A settled month before or after a plan was opened."""

    month = MonthField(required=True)
    after = fields.Boolean(required=True)
    net_fen = fields.Integer(required=True)
    segment = fields.String(required=True, allow_none=True, validate=SEGMENTS)


class CoachingPlanRowSchema(Schema):
    """A plan in a list."""

    id = IdField("cpl", required=True, attribute="plan.id")
    leader_id = IdField("ldr", required=True, attribute="plan.leader_id")
    leader_name = fields.String(required=True)
    coach_id = IdField("stf", required=True, attribute="plan.coach_id")
    coach_name = fields.String(required=True)
    month = MonthField(required=True, attribute="plan.month")
    segment = fields.String(required=True, attribute="plan.segment", validate=SEGMENTS)
    state = fields.String(required=True, attribute="plan.state", validate=_PLAN_STATES)
    tasks = fields.Integer(required=True)
    done = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    opened_at = Moment(required=True, attribute="plan.opened_at")
    opened_by = fields.String(required=True, attribute="plan.opened_by")
    closed_at = Moment(required=True, allow_none=True, attribute="plan.closed_at")
    closed_by = fields.String(required=True, allow_none=True, attribute="plan.closed_by")
    reason = fields.String(required=True, attribute="plan.reason")
    version = fields.Integer(required=True)


class CoachingPlanSchema(Schema):
    """A plan with its tasks, and what followed it."""

    plan = fields.Nested(CoachingPlanRowSchema, required=True)
    tasks = fields.List(fields.Nested(CoachingTaskSchema), required=True)
    months = fields.List(
        fields.Nested(MonthAroundSchema),
        required=True,
        metadata={"description": "settled months before and after it was opened"},
    )
    caution = Told(required=True)
    version = fields.Integer(required=True)


class CoachingNoteBody(Schema):
    """A note; `shared` is read by the leader too. It can be corrected, not changed."""

    body = Words(required=True, maximum=2_000)
    shared = fields.Boolean(load_default=False)
    corrects_id = IdField("cno", load_default=None, allow_none=True)


class CoachingNoteQuery(PageQuery):
    """Filters of notes."""

    shared = fields.Boolean(load_default=None)


class CoachingNoteSchema(Schema):
    """A note about a plan."""

    id = IdField("cno", required=True)
    body = fields.String(required=True)
    shared = fields.Boolean(required=True)
    corrects_id = IdField("cno", required=True, allow_none=True)
    written_at = Moment(required=True)
    written_by = fields.String(required=True)


class ComparisonSchema(Schema):
    """A group before and after; the amounts of too small a group are null."""

    size = fields.Integer(required=True)
    compared = fields.Integer(
        required=True, metadata={"description": "with a settled month on both sides"}
    )
    before_fen = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "average of the monthly net sales of each"},
    )
    after_fen = fields.Integer(required=True, allow_none=True)
    before_median_fen = fields.Integer(required=True, allow_none=True)
    after_median_fen = fields.Integer(required=True, allow_none=True)
    months = fields.Integer(required=True, metadata={"description": "months with data"})
    months_left_out = fields.Integer(
        required=True, metadata={"description": "months without data: not settled, or no leader"}
    )


class CoachingOutcomeSchema(Schema):
    """The plans of a coach for leaders of a segment, and what followed them."""

    coach_id = IdField("stf", required=True)
    coach_name = fields.String(required=True)
    segment = fields.String(required=True, validate=SEGMENTS)
    higher = fields.Integer(required=True, metadata={"description": "in a higher segment later"})
    same = fields.Integer(required=True)
    lower = fields.Integer(required=True)
    sales = fields.Nested(ComparisonSchema, required=True)


class CoachingOutcomesSchema(Schema):
    """What plans were followed by, and what that does not say."""

    items = fields.List(fields.Nested(CoachingOutcomeSchema), required=True)
    caution = Told(required=True)


class CoachingOutcomeQuery(Schema):
    """Whose plans, and how many months before and after."""

    coach = IdField("stf", load_default=None)
    months = fields.Integer(load_default=3, validate=validate.Range(min=1, max=12))
