"""The words of the search: Chinese by pairs of characters, everything else by words.

Both what is searched and what is asked goes through `_pieces`, so both fold the same way. The
result is written as PostgreSQL's own literals of `tsvector` and `tsquery`, as the configuration
`simple` would have them: its parser depends on the locale and knows no Chinese words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum

_WIDE = (
    "々〇"  # marks that stand for a character
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese
    "\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af"  # Japanese and Korean, also without spaces
)
_PIECE = re.compile(rf"([{_WIDE}]+)|(\d+|[^\W\d_{_WIDE}]+)")

LONGEST_WORD = 60
"""Characters of a word that count; PostgreSQL takes no lexeme above 2 KiB."""


class Weight(StrEnum):
    """How much a find counts: the title most, the description least."""

    TITLE = "A"
    NAMES = "B"
    OPTIONS = "C"
    TEXT = "D"


class Sort(StrEnum):
    """In which order shoppers may ask for products."""

    NEWEST = "newest"
    PRICE = "price"
    PRICE_FALLING = "-price"
    RELEVANCE = "relevance"


def search_vector(parts: Iterable[tuple[Weight, str]]) -> str:
    """Return the `tsvector` of weighted texts.

    A run of Chinese gives each pair of neighbours and its last character alone, so that any one
    character is the beginning of a lexeme.
    """
    places: dict[str, list[str]] = {}
    number = 0
    for weight, text in parts:
        for lexeme in _lexemes(text):
            number += 1
            places.setdefault(lexeme, []).append(f"{number}{weight}")
    return " ".join(f"'{lexeme}':{','.join(at)}" for lexeme, at in places.items())


def search_query(words: str, *, within: str = "") -> str | None:
    """Return the `tsquery` that finds all of the words, the last as a beginning; None for no word.

    `within` names the weights that are looked at, all if empty.
    """
    found = list(dict.fromkeys(_asked(words)))
    terms = [
        f"'{lexeme}'{':' * bool(begins or within)}{'*' * begins}{within}"
        for lexeme, begins in found
    ]
    return " & ".join(terms) or None


def _asked(words: str) -> Iterator[tuple[str, bool]]:
    """Yield what to look for, and whether as a beginning: the last word, a character alone."""
    pieces = list(_pieces(words))
    for number, (piece, is_run) in enumerate(pieces, 1):
        if not is_run:
            yield piece, number == len(pieces)
        elif len(piece) == 1:
            yield piece, True
        else:
            yield from ((piece[at : at + 2], False) for at in range(len(piece) - 1))


def _lexemes(text: str) -> Iterator[str]:
    for piece, is_run in _pieces(text):
        if is_run:
            yield from (piece[at : at + 2] for at in range(len(piece)))
        else:
            yield piece


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each word or number, and each run of a script that has no spaces, which is True."""
    for piece in _PIECE.finditer(_folded(text)):
        run, word = piece.groups()
        yield (run, True) if run else (word[:LONGEST_WORD], False)


def _folded(text: str) -> str:
    """Return a text in small letters without accents, full-width forms made plain (NFKC)."""
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(mark for mark in apart if not unicodedata.combining(mark))
    return unicodedata.normalize("NFKC", plain.casefold())
