"""Texts for people, in the language of the answer."""

from typing import Any

from marshmallow import fields

from groupbuy.kernel.http import language
from groupbuy.kernel.problems import spoken
from groupbuy.kernel.texts import Text


class InWords(fields.String):
    """A text in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        text = value.to(language()) if isinstance(value, Text) else value
        return super()._serialize(text, attr, obj, **kwargs)


class SpokenContent(fields.Dict):
    """An object whose texts are in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return spoken(value, language())
