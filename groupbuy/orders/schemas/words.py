"""Texts for people, in the language of the answer."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from groupbuy.kernel.http import language
from groupbuy.kernel.texts import Text


class InWords(fields.String):
    """A text for people, in the language of the answer; `{zh, en}` where it was stored."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        if isinstance(value, Mapping):
            value = Text(**value)
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)
