"""Texts for people, always in Chinese and English."""

from dataclasses import dataclass
from typing import Any

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
