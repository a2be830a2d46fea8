"""`ordering`: put all into the right order; the answer is the list of all letters."""

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from groupbuy.kernel.texts import Text
from groupbuy.training.kinds.questions.interface import (
    Body,
    ChoiceBody,
    KeyField,
    Kind,
    key_at,
    keys_of,
    letter_of,
    wrong,
)


class OrderingBody(ChoiceBody):
    """What is to be put in order, and the right order of their keys."""

    right = fields.List(KeyField(), required=True)

    @validates_schema
    def _refuse_another(self, data: dict[str, Any], **rest: Any) -> None:
        if sorted(data["right"]) != sorted(keys_of(data)):
            raise ValidationError("Must be all options, each once.", "right")


class Ordering(Kind):
    """Put them in order; always shuffled, since authors write them down as they belong."""

    name = "ordering"
    body = OrderingBody
    always_shuffled = True

    def options(self, body: Body) -> list[str]:
        """Return the author's keys."""
        return keys_of(body)

    def read(self, body: Body, order: Sequence[str], given: Any) -> list[str]:
        """Read all letters, each once."""
        if not isinstance(given, list):
            raise wrong(ALL)
        answer = [key_at(order, letter) for letter in given]
        if sorted(answer) != sorted(order):
            raise wrong(ALL)
        return answer

    def written(self, order: Sequence[str], answer: Any) -> list[str]:
        """Return the letters in the order of the answer."""
        return [letter_of(order, key) for key in answer]


ALL = Text("须列出全部选项，每个一次。", "Must be all letters, each once.")

KIND = Ordering()
