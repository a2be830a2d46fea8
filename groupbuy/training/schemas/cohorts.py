"""What cohorts and their timetables take and give over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Count, Day, IdField, Moment, PageQuery, Schema, Words, language
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.cohorts import CohortState

STATES = [state.value for state in CohortState]
MOST_SLOTS, MOST_DAYS, MOST_LEADERS = 21, 200, 500
_FLAG: dict[str, Any] = {"truthy": {True}, "falsy": {False}}


class Told(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class PatternSlotBody(Schema):
    """A session of every week, in local time; weekday 1 is Monday."""

    weekday = Count(required=True, minimum=1, maximum=7)
    time = fields.Time(required=True, format="%H:%M", metadata={"example": "19:30"})
    minutes = Count(required=True, minimum=10, maximum=480)
    lesson_id = IdField("lsn", load_default=None, allow_none=True)


class PatternSlotSchema(Schema):
    """A session of every week, in local time; weekday 1 is Monday."""

    weekday = fields.Integer(required=True)
    time = fields.String(required=True, metadata={"example": "19:30"})
    minutes = fields.Integer(required=True)
    lesson_id = fields.String(required=True, allow_none=True)


class CohortEditBody(Schema):
    """What may be changed about a cohort; fields left out stay, lists are replaced."""

    trainer_id = IdField("stf")
    title_zh = Words(maximum=100)
    title_en = Words(maximum=100)
    first_day = Day()
    last_day = Day()
    capacity = Count(minimum=1, maximum=MOST_LEADERS)
    open = fields.Boolean(**_FLAG, metadata={"description": "leaders may join by themselves"})
    pattern = fields.List(fields.Nested(PatternSlotBody), validate=validate.Length(max=MOST_SLOTS))
    skipped_days = fields.List(Day(), validate=validate.Length(max=MOST_DAYS))
    lessons_in_order = fields.Boolean(
        **_FLAG, metadata={"description": "give the program's live lessons to sessions in order"}
    )
    place = Words(minimum=0, maximum=500, metadata={"description": "a room, or a link to join"})
    grace_minutes = Count(maximum=120, metadata={"description": "later than this is late"})


class CohortBody(CohortEditBody):
    """A new cohort; its sessions come by POST …/timetable."""

    program_id = IdField("prg", required=True)
    trainer_id = IdField("stf", required=True)
    title_zh = Words(required=True, maximum=100)
    title_en = Words(required=True, maximum=100)
    first_day = Day(required=True)
    last_day = Day(required=True)
    capacity = Count(required=True, minimum=1, maximum=MOST_LEADERS)


class CohortSchema(Schema):
    """A cohort as headquarters sees it."""

    id = IdField("cht", required=True, attribute="cohort.id")
    program_id = IdField("prg", required=True, attribute="cohort.program_id")
    program = Told(required=True)
    trainer_id = IdField("stf", required=True, attribute="cohort.trainer_id")
    trainer = fields.String(required=True)
    title_zh = fields.String(required=True, attribute="cohort.title_zh")
    title_en = fields.String(required=True, attribute="cohort.title_en")
    first_day = Day(required=True, attribute="cohort.first_day")
    last_day = Day(required=True, attribute="cohort.last_day")
    capacity = fields.Integer(required=True, attribute="cohort.capacity")
    members = fields.Integer(required=True)
    open = fields.Boolean(required=True, attribute="cohort.open")
    pattern = fields.List(
        fields.Nested(PatternSlotSchema), required=True, attribute="cohort.pattern"
    )
    skipped_days = fields.List(fields.String(), required=True, attribute="cohort.skipped_days")
    lessons_in_order = fields.Boolean(required=True, attribute="cohort.lessons_in_order")
    place = fields.String(required=True, attribute="cohort.place")
    grace_minutes = fields.Integer(required=True, attribute="cohort.grace_minutes")
    state = fields.String(required=True, attribute="cohort.state", validate=validate.OneOf(STATES))
    reason = fields.String(
        required=True,
        attribute="cohort.reason",
        metadata={"description": "why it was cancelled"},
    )
    created_at = Moment(required=True, attribute="cohort.created_at")
    version = fields.Integer(required=True)


class CohortQuery(PageQuery):
    """Filters of headquarters' list of cohorts."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    program = IdField("prg", load_default=None)
    trainer = IdField("stf", load_default=None)


class CohortCancellationBody(Schema):
    """Why a cohort or a session is cancelled; its members read it."""

    reason = Words(required=True, maximum=500)


class CohortMembersBody(Schema):
    """Leaders to be put into a cohort."""

    leader_ids = fields.List(
        IdField("ldr"), required=True, validate=validate.Length(min=1, max=MOST_LEADERS)
    )


class CohortMemberSchema(Schema):
    """A leader who is in a cohort, or was."""

    leader_id = IdField("ldr", required=True, attribute="member.leader_id")
    name = fields.String(required=True)
    joined_at = Moment(required=True, attribute="member.joined_at")
    joined_by = fields.String(required=True, attribute="member.joined_by")
    left_at = Moment(required=True, allow_none=True, attribute="member.left_at")
    left_by = fields.String(required=True, allow_none=True, attribute="member.left_by")


class CohortMembersSchema(Schema):
    """The leaders that were asked for: in the cohort now, or already before."""

    items = fields.List(fields.Nested(CohortMemberSchema), required=True)


class CohortMemberQuery(PageQuery):
    """Who is in a cohort, or with `left` who left it."""

    left = fields.Boolean(load_default=False)


class TimetableSlotSchema(Schema):
    """A time of a timetable."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    lesson_id = IdField("lsn", required=True, allow_none=True)


class TimetableSchema(Schema):
    """What a timetable changes; `kept` counts sessions that stay as they are."""

    added = fields.List(fields.Nested(TimetableSlotSchema), required=True)
    changed = fields.List(
        fields.Nested(TimetableSlotSchema),
        required=True,
        metadata={"description": "the new time and lesson of sessions that there are"},
    )
    removed = fields.List(fields.Nested(TimetableSlotSchema), required=True)
    kept = fields.Integer(required=True)


class OwnCohortSchema(Schema):
    """A cohort as a leader sees it."""

    id = IdField("cht", required=True, attribute="cohort.id")
    program_id = IdField("prg", required=True, attribute="cohort.program_id")
    program = Told(required=True)
    title = Told(required=True, attribute="cohort.title")
    trainer = fields.String(required=True)
    first_day = Day(required=True, attribute="cohort.first_day")
    last_day = Day(required=True, attribute="cohort.last_day")
    pattern = fields.List(
        fields.Nested(PatternSlotSchema), required=True, attribute="cohort.pattern"
    )
    state = fields.String(required=True, attribute="cohort.state", validate=validate.OneOf(STATES))
    reason = fields.String(required=True, attribute="cohort.reason")
    places_left = fields.Integer(required=True)
    joined_at = Moment(required=True, allow_none=True)
    can_join = fields.Boolean(required=True)


class OwnCohortQuery(PageQuery):
    """With `mine` true the cohorts I am in, false those that I may join."""

    mine = fields.Boolean(load_default=None)


MOST_WEEKS_DAYS = 371


class DaysQuery(Schema):
    """Local days [from, until)."""

    since = Day(load_default=None, data_key="from")
    until = Day(load_default=None, metadata={"description": "a day, not included"})

    @validates_schema(skip_on_field_errors=True)
    def check_days(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse days in the wrong order, and more than a year."""
        since, until = data["since"], data["until"]
        if since and until and not 0 < (until - since).days <= MOST_WEEKS_DAYS:
            raise ValidationError("Must be after `from`, by a year at most.", "until")


class CohortWeeksQuery(PageQuery, DaysQuery):
    """Which weeks of which members are shown: by default the last eight."""


class WeekSchema(Schema):
    """A week from Monday to Sunday: what was asked, and what was done."""

    week = Day(required=True, metadata={"description": "its Monday"})
    scheduled = fields.Integer(required=True)
    excused = fields.Integer(required=True)
    attended = fields.Integer(required=True)
    required = fields.Integer(required=True)
    compliant = fields.Boolean(required=True)
    score_bps = fields.Integer(required=True)
    ended = fields.Boolean(required=True)


class StreakSchema(Schema):
    """Compliant weeks in a row: up to now, and the most ever."""

    current = fields.Integer(required=True)
    best = fields.Integer(required=True)


class OwnWeeksSchema(Schema):
    """My weeks, the earliest first, and my streak; a full week asks for `target` sessions."""

    target = fields.Integer(required=True)
    weeks = fields.List(fields.Nested(WeekSchema), required=True)
    streak = fields.Nested(StreakSchema, required=True)


class LeaderWeeksSchema(OwnWeeksSchema):
    """A leader's weeks and streak."""

    leader_id = IdField("ldr", required=True)
    name = fields.String(required=True)
