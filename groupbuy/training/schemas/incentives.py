"""What points, leaderboards and rankings take and give over HTTP."""

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import Count, Day, Fen, IdField, Moment, PageQuery, Schema, Words
from groupbuy.settlement.rules.adjustments import AdjustmentState
from groupbuy.training.rules.incentives import RULES, Cause, Span
from groupbuy.training.schemas.coaching import SEGMENTS, Told

_CAUSES = validate.OneOf([cause.value for cause in Cause])
_SPANS = validate.OneOf([span.value for span in Span])
_ENDING = validate.OneOf([span.value for span in Span if span is not Span.ALL])
_ADJUSTMENT_STATES = validate.OneOf([state.value for state in AdjustmentState])
MOST_POINTS = 1_000_000
MOST_PLACES = 100


def _not_nothing(value: int) -> None:
    if value == 0:
        raise ValidationError("Must not be 0.")


def _monday(day: date) -> None:
    if day.weekday():
        raise ValidationError("Must be a Monday.")


class SignedPoints(Count):
    """Points that may be negative, but never 0."""

    def __init__(self) -> None:
        super().__init__(minimum=-MOST_POINTS, maximum=MOST_POINTS, required=True)
        self.validators.append(_not_nothing)


class PointsRuleSchema(Schema):
    """What a cause is worth; version 0 is as the system came."""

    cause = fields.String(required=True, validate=validate.OneOf([c.value for c in RULES]))
    what_for = Told(required=True)
    points = fields.Integer(required=True)
    edited_by = fields.String(required=True, allow_none=True)
    edited_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class PointsRulesSchema(Schema):
    """What every cause is worth."""

    items = fields.List(fields.Nested(PointsRuleSchema), required=True)


class PointsRuleBody(Schema):
    """What a cause is worth from now on."""

    points = Count(required=True, maximum=MOST_POINTS)


class PointsBody(Schema):
    """Points given by hand, or taken with a negative number."""

    leader_id = IdField("ldr", required=True)
    points = SignedPoints()
    reason = Words(required=True, maximum=500)


class PointsReversalBody(Schema):
    """Why points are taken back."""

    reason = Words(required=True, maximum=500)


class PointsQuery(PageQuery):
    """Filters of entries."""

    leader = IdField("ldr", load_default=None)
    cause = fields.String(load_default=None, validate=_CAUSES)


class PointsEntrySchema(Schema):
    """Points that a leader got or lost."""

    id = IdField("pte", required=True)
    leader_id = IdField("ldr", required=True)
    points = fields.Integer(required=True)
    cause = fields.String(required=True, validate=_CAUSES)
    cause_id = fields.String(required=True)
    reverses_id = IdField("pte", required=True, allow_none=True)
    reason = fields.String(required=True)
    at = Moment(required=True)
    by = fields.String(required=True)


class OwnPointsEntrySchema(Schema):
    """Points that I got or lost."""

    id = IdField("pte", required=True)
    points = fields.Integer(required=True)
    cause = fields.String(required=True, validate=_CAUSES)
    what_for = Told(required=True)
    reason = fields.String(required=True)
    at = Moment(required=True)


class OwnPointsSchema(Schema):
    """What my points sum to, and the entries, the newest first."""

    points = fields.Integer(required=True)
    items = fields.List(fields.Nested(OwnPointsEntrySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class LeaderboardQuery(PageQuery):
    """Which leaderboard: of the week or month of a day (today if left out), or of all time."""

    span = fields.String(load_default=Span.WEEK.value, validate=_SPANS)
    on = Day(load_default=None)
    program = IdField("prg", load_default=None)
    cohort = IdField("cht", load_default=None)


class BoardPlaceSchema(Schema):
    """A place on a leaderboard."""

    rank = fields.Integer(required=True)
    leader_id = IdField("ldr", required=True)
    name = fields.String(required=True)
    points = fields.Integer(required=True)


class OwnLeaderboardSchema(Schema):
    """A leaderboard, and my own place; null while I have no points or take no part."""

    items = fields.List(fields.Nested(BoardPlaceSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    own = fields.Nested(BoardPlaceSchema, required=True, allow_none=True)
    hidden = fields.Boolean(required=True)


class LeaderboardPreferenceBody(Schema):
    """Whether I take no part in leaderboards, and so in their rewards."""

    hidden = fields.Boolean(required=True)


class LeaderboardPreferenceSchema(LeaderboardPreferenceBody):
    """Whether I take no part in leaderboards, and so in their rewards."""


class RankingBody(Schema):
    """Which ranking is closed, and with how much for each rank from the first on."""

    span = fields.String(required=True, validate=_ENDING)
    on = Day(required=True)
    title = Words(required=True, maximum=100)
    amounts_fen = fields.List(
        Fen(), required=True, validate=validate.Length(min=1, max=MOST_PLACES)
    )
    program_id = IdField("prg", load_default=None, allow_none=True)


class RankingQuery(PageQuery):
    """Filters of closed rankings."""

    span = fields.String(load_default=None, validate=_ENDING)


class RankingRowSchema(Schema):
    """A closed ranking in a list."""

    id = IdField("rkg", required=True)
    span = fields.String(required=True, validate=_ENDING)
    starts_on = Day(required=True)
    program_id = IdField("prg", required=True, allow_none=True)
    title = fields.String(required=True)
    amounts_fen = fields.List(fields.Integer(), required=True, attribute="amounts")
    closed_at = Moment(required=True)
    closed_by = fields.String(required=True)


class RankingPlaceSchema(Schema):
    """A place of a closed ranking, and what became of its reward."""

    rank = fields.Integer(required=True, attribute="place.rank")
    leader_id = IdField("ldr", required=True, attribute="place.leader_id")
    name = fields.String(required=True)
    points = fields.Integer(required=True, attribute="place.points")
    amount_fen = fields.Integer(required=True, attribute="place.amount_fen")
    adjustment_id = IdField("adj", required=True, allow_none=True, attribute="place.adjustment_id")
    adjustment_state = fields.String(required=True, allow_none=True, validate=_ADJUSTMENT_STATES)


class RankingSchema(Schema):
    """A closed ranking with its places."""

    ranking = fields.Nested(RankingRowSchema, required=True)
    places = fields.List(fields.Nested(RankingPlaceSchema), required=True)


class WeeklyTargetBody(Schema):
    """What to reach in each week from one Monday up to, not including, another."""

    from_on = Day(required=True, validate=_monday)
    until_on = Day(load_default=None, allow_none=True, validate=_monday)
    segment = fields.String(load_default=None, allow_none=True, validate=SEGMENTS)
    program_id = IdField("prg", load_default=None, allow_none=True)
    cohort_id = IdField("cht", load_default=None, allow_none=True)
    lessons = Count(load_default=0, maximum=1_000)
    sessions = Count(load_default=0, maximum=1_000)
    points = Count(load_default=0, maximum=MOST_POINTS)

    @validates_schema(skip_on_field_errors=True)
    def _one_audience(self, data: dict[str, Any], **kwargs: Any) -> None:
        audience = ("segment", "program_id", "cohort_id")
        if sum(1 for name in audience if data[name] is not None) > 1:
            raise ValidationError("For a segment, a program or a cohort: only one of them.")


class WeeklyTargetEditBody(Schema):
    """What is to change of a target; what is left out stays."""

    until_on = Day(allow_none=True, validate=_monday)
    lessons = Count(maximum=1_000)
    sessions = Count(maximum=1_000)
    points = Count(maximum=MOST_POINTS)


class WeeklyTargetQuery(PageQuery):
    """Filters of targets: those of the week of a day."""

    on = Day(load_default=None)


class WeeklyTargetSchema(Schema):
    """What to reach in a week."""

    id = IdField("wtg", required=True)
    from_on = Day(required=True)
    until_on = Day(required=True, allow_none=True)
    segment = fields.String(required=True, allow_none=True, validate=SEGMENTS)
    program_id = IdField("prg", required=True, allow_none=True)
    cohort_id = IdField("cht", required=True, allow_none=True)
    lessons = fields.Integer(required=True)
    sessions = fields.Integer(required=True)
    points = fields.Integer(required=True)
    set_by = fields.String(required=True)
    set_at = Moment(required=True)
    version = fields.Integer(required=True)


class TargetLeadersQuery(PageQuery):
    """The week of a day (today if left out), and who: those who met it, or those who did not."""

    on = Day(load_default=None)
    met = fields.Boolean(load_default=None)


class TargetLeaderSchema(Schema):
    """How far a leader came in a week."""

    leader_id = IdField("ldr", required=True)
    name = fields.String(required=True)
    lessons = fields.Integer(required=True)
    sessions = fields.Integer(required=True)
    points = fields.Integer(required=True)
    met = fields.Boolean(required=True)


class TargetLeadersSchema(Schema):
    """How far leaders came in a week, and how many met the target."""

    week_on = Day(required=True)
    leaders = fields.Integer(required=True)
    met = fields.Integer(required=True)
    items = fields.List(fields.Nested(TargetLeaderSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TargetAsksSchema(Schema):
    """So many of each in a week."""

    lessons = fields.Integer(required=True)
    sessions = fields.Integer(required=True)
    points = fields.Integer(required=True)


class OwnTargetSchema(Schema):
    """What I should reach this week, and how far I am."""

    id = IdField("wtg", required=True, attribute="target.id")
    target = fields.Nested(TargetAsksSchema, required=True)
    done = fields.Nested(TargetAsksSchema, required=True)
    met = fields.Boolean(required=True)


class OwnTargetsSchema(Schema):
    """My targets of this week."""

    items = fields.List(fields.Nested(OwnTargetSchema), required=True)
