"""What kinds with steps share: which step a basket reaches, by amount or by count."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.fields import Schema
from groupbuy.kernel.texts import Text
from groupbuy.pricing.rules.quotes import QuotedLine, yuan

AMOUNT, COUNT = "amount", "count"
MOST_STEPS = 10


class Stepped(Schema):
    """Steps by what the eligible lines cost, or by how many units they are."""

    by = fields.String(required=True, validate=validate.OneOf([AMOUNT, COUNT]))

    @validates_schema
    def steps_rise(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse steps out of order, or two of the same height."""
        steps = data.get("steps", ())
        heights = [h for one in steps if (h := height(data["by"], one)) is not None]
        if len(heights) < len(steps):
            raise ValidationError("Give from_fen by amount, from_units by count.", "steps")
        if any(low >= high for low, high in pairwise(heights)):
            raise ValidationError("Each step must be higher than the one before.", "steps")


def height(by: str, one: Mapping[str, Any]) -> int | None:
    """Return what a step asks for: fen or units, whichever the steps go by."""
    own, other = ("from_fen", "from_units") if by == AMOUNT else ("from_units", "from_fen")
    found: int | None = one.get(own)
    return None if one.get(other) is not None else found


def measure(by: str, lines: Sequence[QuotedLine]) -> int:
    """Return what the lines come to: fen as they cost now, or units."""
    if by == AMOUNT:
        return sum(line.amount_fen for line in lines)
    return sum(line.quantity for line in lines)


def highest(terms: Mapping[str, Any], lines: Sequence[QuotedLine]) -> Mapping[str, Any] | None:
    """Return the highest step that the lines reach, lower-inclusive (满)."""
    come_to = measure(terms["by"], lines)
    reached = [one for one in terms["steps"] if come_to >= (height(terms["by"], one) or 0)]
    return reached[-1] if reached else None


def in_words(by: str, one: Mapping[str, Any]) -> Text:
    """Say what a step asks for."""
    if by == AMOUNT:
        return Text(f"满{yuan(one['from_fen'])}", f"from {yuan(one['from_fen'])}")
    return Text(f"满{one['from_units']}件", f"from {one['from_units']} units")
