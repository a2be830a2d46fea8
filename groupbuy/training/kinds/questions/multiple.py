"""`multiple`: every right option and no other; the answer is a list of letters, in any order.

All or nothing: who leaves one out, or adds one, has not answered.
"""

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.texts import Text
from groupbuy.training.kinds.questions.interface import (
    MOST_OPTIONS,
    Body,
    ChoiceBody,
    KeyField,
    Kind,
    key_at,
    keys_of,
    letter_of,
    wrong,
)


class MultipleBody(ChoiceBody):
    """Options, one or more of which are right."""

    right = fields.List(KeyField(), required=True, validate=validate.Length(1, MOST_OPTIONS))

    @validates_schema
    def _refuse_unknown(self, data: dict[str, Any], **rest: Any) -> None:
        right = data["right"]
        if len(set(right)) < len(right) or not set(right) <= set(keys_of(data)):
            raise ValidationError("Must be options, each once.", "right")


class Multiple(Kind):
    """Choose all that are right."""

    name = "multiple"
    body = MultipleBody

    def options(self, body: Body) -> list[str]:
        """Return the author's keys."""
        return keys_of(body)

    def read(self, body: Body, order: Sequence[str], given: Any) -> list[str]:
        """Read letters, each once; kept in the author's order."""
        if not isinstance(given, list) or not given:
            raise wrong(LETTERS)
        chosen = [key_at(order, letter) for letter in given]
        if len(set(chosen)) < len(chosen):
            raise wrong(LETTERS)
        return [key for key in keys_of(body) if key in chosen]

    def written(self, order: Sequence[str], answer: Any) -> list[str]:
        """Return the letters in the order of the paper."""
        return sorted(letter_of(order, key) for key in answer)

    def is_right(self, body: Body, answer: Any) -> bool:
        """Tell whether just the right ones were chosen."""
        return set(answer) == set(body["right"])


LETTERS = Text(
    "须为选项字母的列表，每个一次，至少一个。",
    "Must be a list of letters, each once, at least one.",
)

KIND = Multiple()
