"""`gift` (赠品): the highest step reached gives goods at price 0, from the house's stock."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.fields import Count, Fen, IdField, Schema
from groupbuy.kernel.texts import Text
from groupbuy.pricing.kinds.steps import MOST_STEPS, Stepped, height, highest, in_words, measure
from groupbuy.pricing.rules.promotions import Gain, Step
from groupbuy.pricing.rules.quotes import QuotedLine

STEP: Step = Step.GIFTS


class GivenSchema(Schema):
    """A SKU that is given, and how many of it."""

    sku_id = IdField("sku", required=True)
    quantity = Count(required=True, minimum=1, maximum=99)


class GiftStepSchema(Schema):
    """One step: from so much on, these goods."""

    from_fen = Fen(minimum=1)
    from_units = Count(minimum=1)
    gifts = fields.List(
        fields.Nested(GivenSchema), required=True, validate=validate.Length(min=1, max=10)
    )


class GiftTerms(Stepped):
    """Steps such as buy 3 get 1, buy 6 get 2; `repeats` gives the only step again and again."""

    steps = fields.List(
        fields.Nested(GiftStepSchema),
        required=True,
        validate=validate.Length(min=1, max=MOST_STEPS),
    )
    repeats = fields.Boolean(load_default=False, truthy={True}, falsy={False})


TERMS: type[Schema] = GiftTerms


def gain(terms: Mapping[str, Any], lines: Sequence[QuotedLine]) -> Gain | None:
    """Give what the highest step says; a repeating one as often as it is reached."""
    reached = highest(terms, lines)
    if reached is None:
        return None
    times = 1
    if terms["repeats"]:
        times = measure(terms["by"], lines) // (height(terms["by"], reached) or 1)
    gifts: dict[str, int] = {}
    for given in reached["gifts"]:
        gifts[given["sku_id"]] = gifts.get(given["sku_id"], 0) + given["quantity"] * times
    asked = in_words(terms["by"], reached)
    return Gain(Text(f"{asked.zh}赠", f"a gift {asked.en}"), gifts=gifts)


def gift_ids(terms: Mapping[str, Any]) -> Sequence[str]:
    """Return every SKU that a step may give."""
    return [given["sku_id"] for one in terms["steps"] for given in one["gifts"]]
