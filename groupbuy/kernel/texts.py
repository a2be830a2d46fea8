"""Texts for people, always in Chinese and English."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; `zh` is the default language of the system."""

    zh: str
    en: str

    def to(self, language: str) -> str:
        """Return the text in a language tag such as `zh-CN` or `en`."""
        return self.en if language.startswith("en") else self.zh

    def format(self, **values: Any) -> "Text":
        """Fill the same named values into both languages."""
        return Text(self.zh.format(**values), self.en.format(**values))


@lru_cache(maxsize=256)
def language_of(accepted: str) -> str:
    """Return the language of an answer by an Accept-Language header: Chinese unless English."""
    languages = parse_accept_header(accepted, LanguageAccept)
    return languages.best_match(["zh-CN", "zh", "en"], "zh-CN")
