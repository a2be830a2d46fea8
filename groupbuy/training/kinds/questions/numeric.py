"""`numeric`: a short number, exact or within a tolerance.

Numbers are integers in units of 10^-decimals: with 2 decimals, 1250 means 12.50. So right answer,
tolerance and answer need no floats.
"""

from collections.abc import Sequence
from typing import Any

from groupbuy.kernel.fields import Count, Words
from groupbuy.kernel.texts import Text
from groupbuy.training.kinds.questions.interface import Body, Kind, QuestionBody, wrong

LARGEST = 10**15
MOST_DECIMALS = 6


class NumericBody(QuestionBody):
    """A number to be found; right answer and tolerance in units of 10^-decimals."""

    decimals = Count(load_default=0, maximum=MOST_DECIMALS)
    right = Count(required=True, minimum=-LARGEST, maximum=LARGEST)
    tolerance = Count(load_default=0, maximum=LARGEST)
    unit_zh = Words(load_default="", minimum=0, maximum=20)
    unit_en = Words(load_default="", minimum=0, maximum=20)


class Numeric(Kind):
    """How much is it?"""

    name = "numeric"
    body = NumericBody

    def shown(self, body: Body) -> dict[str, Any]:
        """Return how many decimals the integer of the answer has, and the unit."""
        return {"decimals": body["decimals"], "unit": Text(body["unit_zh"], body["unit_en"])}

    def read(self, body: Body, order: Sequence[str], given: Any) -> int:
        """Read a JSON integer in units of 10^-decimals."""
        if not isinstance(given, int) or isinstance(given, bool) or abs(given) > LARGEST:
            raise wrong(
                Text("须为整数（按小数位换算）。", "Must be an integer, scaled by decimals.")
            )
        return given

    def is_right(self, body: Body, answer: Any) -> bool:
        """Tell whether it is as near as the tolerance asks."""
        return bool(abs(answer - body["right"]) <= body["tolerance"])


KIND = Numeric()
