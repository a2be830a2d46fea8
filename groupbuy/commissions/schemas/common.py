"""What several schemas of commissions are made of."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.http import Fen, language
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text


def one_of(choices: Iterable[StrEnum]) -> validate.OneOf:
    """Accept the values of an enumeration, or of some of its members."""
    return validate.OneOf([choice.value for choice in choices])


def amount(meaning: str = "", **options: Any) -> fields.Integer:
    """Declare an amount that is shown: it may be negative."""
    description = f"fen: {meaning}" if meaning else "fen"
    return fields.Integer(required=True, metadata={"description": description}, **options)


class WordsField(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class TierField(fields.List[int]):
    """A tier [from_fen, rate_bps]: from this volume on, inclusive, this rate."""

    def __init__(self, **options: Any) -> None:
        description = {"description": "[from_fen, rate_bps]", "example": [1_000_000, 700]}
        super().__init__(
            Fen(), validate=[validate.Length(equal=2), _rate], metadata=description, **options
        )


def _rate(tier: list[int]) -> None:
    """Check the second number of a tier."""
    validate.Range(min=0, max=BPS)(tier[-1] if tier else 0)
