"""`true_false`: the answer is true or false."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from groupbuy.kernel.texts import Text
from groupbuy.training.kinds.questions.interface import Body, Kind, QuestionBody, wrong


class TrueFalseBody(QuestionBody):
    """A statement."""

    right = fields.Boolean(required=True, truthy={True}, falsy={False})


class TrueFalse(Kind):
    """Is it so?"""

    name = "true_false"
    body = TrueFalseBody

    def read(self, body: Body, order: Sequence[str], given: Any) -> bool:
        """Read a JSON boolean."""
        if not isinstance(given, bool):
            raise wrong(Text("须为 true 或 false。", "Must be true or false."))
        return given


KIND = TrueFalse()
