"""Field types that several schemas of payouts share."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.http import language
from groupbuy.kernel.texts import Text
from groupbuy.payouts.providers.registry import CHANNELS

MAX_FILE_CHARACTERS = 8_000_000
"""A file of base64: 6 MB, a bank's results of some 30,000 transfers."""
DIGEST = validate.Regexp("^[0-9a-f]{64}$(?!\n)")


def one_of(choices: Iterable[StrEnum]) -> validate.OneOf:
    """Allow the values of an enumeration."""
    return validate.OneOf([choice.value for choice in choices])


def shown_fen(meaning: str = "", **options: Any) -> fields.Integer:
    """Declare an amount that is shown."""
    description = f"fen: {meaning}" if meaning else "fen"
    return fields.Integer(required=True, metadata={"description": description}, **options)


class ChannelField(fields.String):
    """The name of a payout channel; whether it is set up here is the service's question."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.OneOf(list(CHANNELS)), **options)


class FileField(fields.String):
    """A file, base64."""

    def __init__(self, **options: Any) -> None:
        metadata = {"description": "the file, base64", "example": "bnVtYmVyCg=="}
        length = validate.Length(max=MAX_FILE_CHARACTERS)
        super().__init__(validate=length, metadata=metadata, **options)


class WordsField(fields.String):
    """A text for people, in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)
