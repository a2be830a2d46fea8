"""What makes one kind of lesson differ from the others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.fields import Schema, Words
from groupbuy.training.rules.completion import MoveOn
from groupbuy.training.rules.content import LessonKind

Content = Mapping[str, Any]

LONGEST_TEXT = 60_000
_HTML = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*|/)?>|<!--|<!\[CDATA\[|<![A-Za-z]|<\?")


class Markdown(Words):
    """A text in Markdown (CommonMark) without raw HTML; links in angle brackets are none."""

    def __init__(self, *, maximum: int = LONGEST_TEXT, **options: Any) -> None:
        super().__init__(maximum=maximum, **options)
        self.error_messages["html"] = "Raw HTML is not allowed here, write Markdown."

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        plain = value.replace("\r\n", "\n") if isinstance(value, str) else value
        text = super()._deserialize(plain, attr, data, **kwargs)
        if _HTML.search(text):
            raise self.make_error("html")
        return text


class HttpsUrl(fields.Url):
    """Where a film is found."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            schemes={"https"},
            validate=validate.Length(max=2_000),
            metadata={"example": "https://video.example.com/welcome.mp4"},
            **options,
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of lesson: what its content holds, and how a leader tells that it was learnt.

    `move_ons` are what such a lesson may ask for, the usual first: only questions can be passed.
    `told` is the field of a progress message that fits it; without one, other parts of the school
    say what was done. `length_s` names the field of the content that says how long it lasts.
    """

    name: LessonKind
    content: type[Schema]
    move_ons: tuple[MoveOn, ...] = (MoveOn.COMPLETED, MoveOn.NOT_APPLICABLE)
    told: str | None = None
    length_s: str | None = None
