"""What a kind of question is made of.

A body is what its author wrote: the question and its explanation in both languages, the options
with keys that never change, and `right`, the key to it. It never leaves headquarters. A paper
shows what `shown` and `options` give, with the options lettered by their place on that paper:
the author's own keys and their order would tell.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from groupbuy.kernel.fields import Schema, Words
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.assessments import FULL

Body = Mapping[str, Any]
LONGEST_TEXT = 2_000
MOST_OPTIONS = 10
KEY = validate.Regexp(r"^[a-z0-9_]{1,20}$(?!\n)", error="1 to 20 of a-z, 0-9 and _.")


class KeyField(fields.String):
    """The author's own name of an option."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=KEY, **options)


class OptionBody(Schema):
    """Something to choose or to put in order."""

    key = KeyField(required=True, metadata={"description": "stays when the texts change"})
    zh = Words(required=True, maximum=500)
    en = Words(required=True, maximum=500)


class QuestionBody(Schema):
    """What a question of every kind says; explanations are shown with the right answer."""

    prompt_zh = Words(required=True, maximum=LONGEST_TEXT)
    prompt_en = Words(required=True, maximum=LONGEST_TEXT)
    explanation_zh = Words(load_default="", minimum=0, maximum=LONGEST_TEXT)
    explanation_en = Words(load_default="", minimum=0, maximum=LONGEST_TEXT)


class ChoiceBody(QuestionBody):
    """A question with options."""

    options = fields.List(
        fields.Nested(OptionBody), required=True, validate=validate.Length(2, MOST_OPTIONS)
    )

    @validates_schema
    def _refuse_doubled_keys(self, data: dict[str, Any], **rest: Any) -> None:
        if len(set(keys_of(data))) < len(data["options"]):
            raise ValidationError("Two options have the same key.", "options")


@dataclass(frozen=True, slots=True)
class Option:
    """An option on a paper: the letter of its place, and what it says."""

    key: str
    text: Text


class Kind(ABC):
    """What makes one kind of question differ from the others."""

    name: str
    body: type[Schema]
    always_shuffled = False
    """Whether the options are shuffled even where the assessment says otherwise."""

    def options(self, body: Body) -> list[str]:
        """Return the author's keys of what is chosen from, none if there is nothing."""
        return []

    def shown(self, body: Body) -> dict[str, Any]:
        """Return what a paper says of a question beyond its prompt and options."""
        return {}

    @abstractmethod
    def read(self, body: Body, order: Sequence[str], given: Any) -> Any:
        """Turn an answer as given on a paper into the author's keys.

        Raises:
            InvalidInput: it is no answer to such a question.
        """

    def written(self, order: Sequence[str], answer: Any) -> Any:
        """Turn an answer in the author's keys into the letters of a paper."""
        return answer

    def is_right(self, body: Body, answer: Any) -> bool:
        """Tell whether an answer, in the author's keys, is the right one."""
        return bool(answer == body["right"])

    def mark(self, body: Body, answer: Any) -> int:
        """Return how right an answer is, in basis points: all or nothing.

        `answer` is None where there is none.
        """
        return FULL if answer is not None and self.is_right(body, answer) else 0


def keys_of(body: Body) -> list[str]:
    """Return the author's keys in the author's order."""
    return [option["key"] for option in body["options"]]


def letters(count: int) -> str:
    """Return the letters of a paper's options."""
    return ascii_lowercase[:count]


def on_paper(body: Body, order: Sequence[str]) -> list[Option]:
    """Return the options as a paper shows them."""
    texts = {option["key"]: Text(option["zh"], option["en"]) for option in body.get("options", ())}
    return [
        Option(letter, texts[key]) for letter, key in zip(letters(len(order)), order, strict=True)
    ]


def key_at(order: Sequence[str], letter: Any) -> str:
    """Return the author's key of a letter, or raise InvalidInput."""
    places = letters(len(order))
    if not isinstance(letter, str) or len(letter) != 1 or letter not in places:
        raise wrong(Text("没有这个选项。", "There is no such option."))
    return order[places.index(letter)]


def letter_of(order: Sequence[str], key: str) -> str:
    """Return the letter that an author's key has on a paper."""
    return letters(len(order))[list(order).index(key)]


def wrong(text: Text) -> InvalidInput:
    """Return the problem of an answer that does not fit its question."""
    return InvalidInput.at("/answer", text)
