"""`single`: one option is right; the answer is its letter."""

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, validates_schema

from groupbuy.training.kinds.questions.interface import (
    Body,
    ChoiceBody,
    KeyField,
    Kind,
    key_at,
    keys_of,
    letter_of,
)


class SingleBody(ChoiceBody):
    """Options, one of which is right."""

    right = KeyField(required=True)

    @validates_schema
    def _refuse_unknown(self, data: dict[str, Any], **rest: Any) -> None:
        if data["right"] not in keys_of(data):
            raise ValidationError("There is no such option.", "right")


class Single(Kind):
    """Choose one."""

    name = "single"
    body = SingleBody

    def options(self, body: Body) -> list[str]:
        """Return the author's keys."""
        return keys_of(body)

    def read(self, body: Body, order: Sequence[str], given: Any) -> str:
        """Read a letter."""
        return key_at(order, given)

    def written(self, order: Sequence[str], answer: Any) -> str:
        """Return the letter."""
        return letter_of(order, answer)


KIND = Single()
