"""What training against sales takes and gives over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.http import IdField, MonthField, Schema
from groupbuy.kernel.sheets import Format
from groupbuy.training.rules.effects import MOST_MONTHS, Since, months_between
from groupbuy.training.schemas.coaching import ComparisonSchema, Told


class TrainingEffectQuery(Schema):
    """Which program, which months of beginning, and how many months before and after."""

    since = fields.String(
        load_default=Since.ENROLLED.value,
        validate=validate.OneOf([since.value for since in Since]),
    )
    first = MonthField(required=True)
    last = MonthField(required=True)
    months = fields.Integer(load_default=3, validate=validate.Range(min=1, max=12))
    program = IdField("prg", load_default=None)
    cohort = IdField("cht", load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def _in_order(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not 0 <= months_between(data["first"], data["last"]) < MOST_MONTHS:
            raise ValidationError(f"Must be of the {MOST_MONTHS} months from `first` on.", "last")


class TrainingEffectFileQuery(TrainingEffectQuery):
    """The same, and what to write it as."""

    format = fields.String(
        load_default=Format.CSV.value, validate=validate.OneOf([f.value for f in Format])
    )


class TrainingEffectSchema(Schema):
    """The leaders of a program and a month, before and after; month null: all of the program."""

    program_id = IdField("prg", required=True)
    title = Told(required=True)
    month = MonthField(required=True, allow_none=True)
    sales = fields.Nested(ComparisonSchema, required=True)


class TrainingEffectsSchema(Schema):
    """Training against sales, and what the numbers do not say."""

    items = fields.List(fields.Nested(TrainingEffectSchema), required=True)
    least = fields.Integer(
        required=True, metadata={"description": "averages of fewer leaders are not shown"}
    )
    caution = Told(required=True)
