"""What a leader reads about the own coaching."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Day, IdField, Moment, MonthField, Schema
from groupbuy.training.rules.coaching import PlanState, TaskKind
from groupbuy.training.schemas.coaching import SEGMENTS, Told

_PLAN_STATES = validate.OneOf([state.value for state in PlanState])
_TASK_KINDS = validate.OneOf([kind.value for kind in TaskKind])


class OwnSegmentSchema(Schema):
    """Where I stood in a month, in words."""

    month = MonthField(required=True)
    segment = fields.String(required=True, validate=SEGMENTS)
    told = Told(required=True)


class OwnCoachingTaskSchema(Schema):
    """Something to do for me."""

    id = IdField("ctk", required=True)
    kind = fields.String(required=True, validate=_TASK_KINDS)
    title = Told(required=True)
    lesson_id = IdField("lsn", required=True, allow_none=True)
    due_on = Day(required=True)
    by_leader = fields.Boolean(required=True, metadata={"description": "I may tick it off"})
    done_at = Moment(required=True, allow_none=True)


class OwnCoachingNoteSchema(Schema):
    """What my coach wrote to me."""

    id = IdField("cno", required=True)
    body = fields.String(required=True)
    written_at = Moment(required=True)


class OwnCoachingPlanSchema(Schema):
    """What my coach and I do."""

    id = IdField("cpl", required=True, attribute="plan.id")
    coach_name = fields.String(required=True)
    state = fields.String(required=True, attribute="plan.state", validate=_PLAN_STATES)
    opened_at = Moment(required=True, attribute="plan.opened_at")
    tasks = fields.List(fields.Nested(OwnCoachingTaskSchema), required=True)
    notes = fields.List(fields.Nested(OwnCoachingNoteSchema), required=True)


class OwnCoachingSchema(Schema):
    """My months and my plans, the newest first."""

    segments = fields.List(fields.Nested(OwnSegmentSchema), required=True)
    plans = fields.List(fields.Nested(OwnCoachingPlanSchema), required=True)
