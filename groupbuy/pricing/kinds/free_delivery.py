"""`free_delivery` (包邮): from an amount of eligible goods on, delivery costs nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from groupbuy.kernel.fields import Fen, Schema
from groupbuy.kernel.texts import Text
from groupbuy.pricing.kinds.steps import AMOUNT, measure
from groupbuy.pricing.rules.promotions import Gain, Step
from groupbuy.pricing.rules.quotes import QuotedLine, yuan

STEP: Step = Step.DELIVERY


class FreeDeliveryTerms(Schema):
    """From how much on; 0 is always."""

    from_fen = Fen(required=True, minimum=0)


TERMS: type[Schema] = FreeDeliveryTerms


def gain(terms: Mapping[str, Any], lines: Sequence[QuotedLine]) -> Gain | None:
    """Waive the fee when the lines cost enough after every discount."""
    from_fen = terms["from_fen"]
    if measure(AMOUNT, lines) < from_fen:
        return None
    text = Text(f"满{yuan(from_fen)}免配送费", f"free delivery from {yuan(from_fen)}")
    return Gain(text, waives_delivery=True)


def gift_ids(terms: Mapping[str, Any]) -> Sequence[str]:
    """Return nothing: it gives no goods."""
    return ()
