"""What live sessions and attendance take and give over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.kernel.sheets import Format
from groupbuy.training.rules.attendance import AttendanceStatus, DecisionKind
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.schemas.cohorts import MOST_LEADERS, DaysQuery, Told

STATES = [state.value for state in SessionState]
STATUSES = [status.value for status in AttendanceStatus]
DAY_S = 24 * 3600
MOST_SPANS = 200


class LiveSessionEditBody(Schema):
    """What may be changed about a live session; fields left out stay."""

    starts_at = Moment()
    ends_at = Moment()
    lesson_id = IdField("lsn", allow_none=True)
    trainer_id = IdField("stf", allow_none=True, metadata={"description": "a stand-in"})
    title_zh = Words(minimum=0, maximum=100)
    title_en = Words(minimum=0, maximum=100)
    place = Words(minimum=0, maximum=500, metadata={"description": "if not the cohort's"})
    replay_url = fields.String(
        validate=validate.And(
            validate.Length(max=1_000), validate.Regexp("^(https://[^\\s]+)?$", error="Not https.")
        ),
        metadata={"example": "https://media.example/replay.mp4"},
    )
    replay_s = Count(minimum=1, maximum=DAY_S, allow_none=True)


class LiveSessionBody(Schema):
    """A session beside a cohort's timetable."""

    cohort_id = IdField("cht", required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    lesson_id = IdField("lsn", load_default=None, allow_none=True)
    trainer_id = IdField("stf", load_default=None, allow_none=True)
    title_zh = Words(minimum=0, maximum=100, load_default="")
    title_en = Words(minimum=0, maximum=100, load_default="")
    place = Words(minimum=0, maximum=500, load_default="")


class LiveSessionSchema(Schema):
    """A live session as headquarters sees it."""

    id = IdField("lvs", required=True, attribute="session.id")
    cohort_id = IdField("cht", required=True, attribute="session.cohort_id")
    cohort = Told(required=True)
    lesson_id = IdField("lsn", required=True, allow_none=True, attribute="session.lesson_id")
    title = Told(required=True, metadata={"description": "its own, its lesson's or its cohort's"})
    title_zh = fields.String(required=True, attribute="session.title_zh")
    title_en = fields.String(required=True, attribute="session.title_en")
    trainer_id = IdField("stf", required=True)
    trainer = fields.String(required=True)
    starts_at = Moment(required=True, attribute="session.starts_at")
    ends_at = Moment(required=True, attribute="session.ends_at")
    place = fields.String(required=True)
    replay_url = fields.String(required=True, attribute="session.replay_url")
    replay_s = fields.Integer(required=True, allow_none=True, attribute="session.replay_s")
    state = fields.String(required=True, attribute="session.state", validate=validate.OneOf(STATES))
    reason = fields.String(required=True, attribute="session.reason")
    attended = fields.Integer(required=True)
    version = fields.Integer(required=True)


class LiveSessionQuery(PageQuery, DaysQuery):
    """Filters of headquarters' list of live sessions."""

    cohort = IdField("cht", load_default=None)
    trainer = IdField("stf", load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class OwnLiveSessionQuery(PageQuery, DaysQuery):
    """Which of my live sessions are shown."""


class OwnLiveSessionSchema(Schema):
    """A live session as a leader sees it, with their own attendance."""

    id = IdField("lvs", required=True, attribute="session.id")
    cohort_id = IdField("cht", required=True, attribute="session.cohort_id")
    cohort = Told(required=True, attribute="view.cohort")
    lesson_id = IdField("lsn", required=True, allow_none=True, attribute="session.lesson_id")
    title = Told(required=True, attribute="view.title")
    trainer = fields.String(required=True, attribute="view.trainer")
    starts_at = Moment(required=True, attribute="session.starts_at")
    ends_at = Moment(required=True, attribute="session.ends_at")
    place = fields.String(required=True, attribute="view.place")
    state = fields.String(required=True, attribute="session.state", validate=validate.OneOf(STATES))
    reason = fields.String(required=True, attribute="session.reason")
    check_in_opens_at = Moment(required=True)
    status = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([*STATUSES, None])
    )
    checked_in_at = Moment(required=True, allow_none=True)
    checked_out_at = Moment(required=True, allow_none=True)
    present_s = fields.Integer(required=True)
    replay_url = fields.String(required=True)
    replay_s = fields.Integer(required=True, allow_none=True, attribute="session.replay_s")
    watched_s = fields.Integer(required=True)
    make_up_until = Moment(required=True)


class CheckInBody(Schema):
    """The code that the trainer shows."""

    code = Words(required=True, maximum=20)


class CheckInCodeSchema(Schema):
    """What the trainer shows: a code, until when it is the one shown, when check-in is open."""

    code = fields.String(required=True, metadata={"example": "7KQ2MX"})
    shown_until = Moment(required=True)
    opens_at = Moment(required=True)
    closes_at = Moment(required=True)


class ReplayProgressBody(Schema):
    """What of a replay was watched: spans [from, to) in seconds."""

    spans = fields.List(
        fields.List(Count(maximum=DAY_S), validate=validate.Length(equal=2)),
        required=True,
        validate=validate.Length(min=1, max=MOST_SPANS),
        metadata={"example": [[0, 300], [250, 900]]},
    )


class SheetRowSchema(Schema):
    """A leader on an attendance sheet."""

    leader_id = IdField("ldr", required=True)
    name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    checked_in_at = Moment(required=True, allow_none=True)
    checked_out_at = Moment(required=True, allow_none=True)
    present_s = fields.Integer(required=True)
    corrected = fields.Boolean(required=True)
    excused = fields.Boolean(required=True)
    made_up_at = Moment(required=True, allow_none=True)


class AttendanceSheetSchema(Schema):
    """Everybody whom a session belongs to, by name."""

    session = fields.Nested(LiveSessionSchema, required=True, attribute="view")
    items = fields.List(fields.Nested(SheetRowSchema), required=True)
    counts = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "how many leaders have each status"},
    )


class AttendanceFileQuery(Schema):
    """In which format a sheet is wanted."""

    format = fields.String(
        load_default=Format.XLSX, validate=validate.OneOf([format.value for format in Format])
    )


class AttendanceDecisionBody(Schema):
    """What is decided about a leader; a correction says how long they were there."""

    leader_id = IdField("ldr", required=True)
    kind = fields.String(
        required=True, validate=validate.OneOf([kind.value for kind in DecisionKind])
    )
    present_s = Count(load_default=None, allow_none=True, maximum=DAY_S)
    late = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class AttendanceDecisionsBody(Schema):
    """Decisions about attendances of a session, all for one reason."""

    items = fields.List(
        fields.Nested(AttendanceDecisionBody),
        required=True,
        validate=validate.Length(min=1, max=MOST_LEADERS),
    )
    reason = Words(required=True, maximum=500)


class AttendanceDecisionSchema(Schema):
    """A decision about an attendance."""

    id = IdField("atd", required=True)
    leader_id = IdField("ldr", required=True)
    kind = fields.String(
        required=True, validate=validate.OneOf([kind.value for kind in DecisionKind])
    )
    present_s = fields.Integer(required=True, allow_none=True)
    late = fields.Boolean(required=True)
    reason = fields.String(required=True)
    decided_at = Moment(required=True)
    decided_by = fields.String(required=True)


class AttendanceDecisionQuery(PageQuery):
    """Filters of what was decided."""

    leader = IdField("ldr", load_default=None)


class CalendarSchema(Schema):
    """The secret address of one's own calendar; whoever has it sees the sessions."""

    url = fields.String(required=True)
    webcal_url = fields.String(
        required=True, metadata={"description": "the same, for telephones to subscribe to"}
    )
