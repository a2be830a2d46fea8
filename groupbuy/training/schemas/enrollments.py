"""What headquarters says and reads about who learns what."""

from collections.abc import Sequence

from marshmallow import ValidationError, fields, validate

from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words
from groupbuy.training.rules.content import EnrollmentState
from groupbuy.training.schemas.learning import PERCENT

MOST_LEADERS = 500


def _each_once(leader_ids: Sequence[str]) -> None:
    if len(set(leader_ids)) < len(leader_ids):
        raise ValidationError("Name each leader once.")


def _leader_ids() -> fields.List[str]:
    return fields.List(
        IdField("ldr"),
        required=True,
        validate=[validate.Length(min=1, max=MOST_LEADERS), _each_once],
    )


class EnrollmentSchema(Schema):
    """A leader learns a program; counted whenever a lesson is done, and every night."""

    id = IdField("enr", required=True)
    leader_id = IdField("ldr", required=True)
    program_id = IdField("prg", required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(EnrollmentState)))
    enrolled_at = Moment(required=True)
    enrolled_by = fields.String(required=True)
    completed_at = Moment(required=True, allow_none=True)
    withdrawn_at = Moment(required=True, allow_none=True)
    active_at = Moment(required=True, metadata={"description": "the last activity"})
    required = fields.Integer(required=True, metadata={"description": "mandatory lessons"})
    done = fields.Integer(required=True)
    percent = fields.Integer(required=True, metadata=PERCENT)


class EnrollmentsSchema(Schema):
    """Several enrolments."""

    items = fields.List(fields.Nested(EnrollmentSchema), required=True)


class EnrollmentQuery(PageQuery):
    """Filters of enrolments."""

    program = IdField("prg", load_default=None)
    leader = IdField("ldr", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(list(EnrollmentState)))


class EnrollmentBody(Schema):
    """Who is to learn a program."""

    program_id = IdField("prg", required=True)
    leader_ids = _leader_ids()


class EnrollmentWithdrawalBody(EnrollmentBody):
    """Who is to learn a program no longer, and why."""

    reason = Words(required=True, maximum=500)


class WaiverSchema(Schema):
    """A lesson that a leader is spared."""

    leader_id = IdField("ldr", required=True)
    lesson_id = IdField("lsn", required=True)
    program_id = IdField("prg", required=True)
    waived_at = Moment(required=True)
    waived_by = fields.String(required=True)
    reason = fields.String(required=True)
    completed_at = Moment(required=True, allow_none=True)
    passed_at = Moment(required=True, allow_none=True)


class WaiverQuery(PageQuery):
    """Filters of waivers."""

    leader = IdField("ldr", load_default=None)
    lesson = IdField("lsn", load_default=None)
    program = IdField("prg", load_default=None)


class WaiverBody(Schema):
    """Which leader is spared which lesson, and why."""

    leader_id = IdField("ldr", required=True)
    lesson_id = IdField("lsn", required=True)
    reason = Words(required=True, maximum=500)
