"""`reduction` (满减): the highest step reached takes its amount off, once."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.fields import Count, Fen, Schema
from groupbuy.kernel.money import allocate
from groupbuy.kernel.texts import Text
from groupbuy.pricing.kinds.steps import MOST_STEPS, Stepped, highest, in_words
from groupbuy.pricing.rules.promotions import Gain, Step
from groupbuy.pricing.rules.quotes import QuotedLine, yuan

STEP: Step = Step.REDUCTION


class ReductionStepSchema(Schema):
    """One step: from so much on, so much off."""

    from_fen = Fen(minimum=1)
    from_units = Count(minimum=1)
    off_fen = Fen(required=True, minimum=1)


class ReductionTerms(Stepped):
    """Steps such as 50 off 200, 150 off 500."""

    steps = fields.List(
        fields.Nested(ReductionStepSchema),
        required=True,
        validate=validate.Length(min=1, max=MOST_STEPS),
    )


TERMS: type[Schema] = ReductionTerms


def gain(terms: Mapping[str, Any], lines: Sequence[QuotedLine]) -> Gain | None:
    """Spread the reached step's amount over the lines by what each costs now."""
    reached = highest(terms, lines)
    if reached is None:
        return None
    amounts = [line.amount_fen for line in lines]
    parts = allocate(min(reached["off_fen"], sum(amounts)), amounts)
    off_fen = {line.offer.sku_id: part for line, part in zip(lines, parts, strict=True)}
    asked, off = in_words(terms["by"], reached), yuan(reached["off_fen"])
    return Gain(Text(f"{asked.zh}减{off}", f"{off} off {asked.en}"), off_fen=off_fen)


def gift_ids(terms: Mapping[str, Any]) -> Sequence[str]:
    """Return nothing: it gives no goods."""
    return ()
